"""A learner's notebook, run again by nbval in a fresh sandbox: do its exercises hold?

    merge     the learner's cells with the course's checks put back; what is wrong with it before anything runs. Pure
    verdicts  a pytest plugin: nbval runs a check's cell, and the check itself looks from outside of the kernel
    files     the exercise folders that come along: what was edited outside of the cells
    place     a sandbox for it, and one run of nbval; another with those files where it does not hold without
    results   the rows as text and as JUnit XML

nbval alone compares what cells print. A learner's names, ports and order are their own, so here an exercise is compared
by its verdict with the course's (all points), and every other cell by whether it raises.
"""

from labsupport.verify.merge import NotVerifiable
from labsupport.verify.place import verify
from labsupport.verify.results import Result, Row

__all__ = ["NotVerifiable", "Result", "Row", "verify"]
