"""Generated inputs are judged by what comes out, not by how busy the machine is."""

from hypothesis import settings

settings.register_profile("course", deadline=None)
settings.load_profile("course")
