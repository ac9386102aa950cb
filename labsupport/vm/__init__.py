"""A real virtual machine beside the containers: QEMU with a Debian kernel and the files of a container image.

`boot()` starts one and returns a `Machine`; where QEMU or a kernel cannot be had it returns a recorded run with the
same methods, and says so. Nothing is installed: the packages are unpacked in the course's cache.
"""

from labsupport.vm.booting import boot, possible
from labsupport.vm.machine import Machine
from labsupport.vm.recording import Recorded

__all__ = ["Machine", "Recorded", "boot", "possible"]
