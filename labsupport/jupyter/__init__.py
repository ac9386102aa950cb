"""JupyterLab as the course opens it: settings and folders of our own, a lesson and a terminal side by side.

The learner's ~/.jupyter, ~/.ipython and their JupyterLab are neither read nor written.
"""
