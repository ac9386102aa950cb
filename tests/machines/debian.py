"""Build a Debian to try the course on: its own kernel, systemd as process 1, cgroup v2, a user `ada` who may use sudo.

A raw ext4 disk, a kernel, an initial ramdisk and an ssh key, in one folder. debootstrap(8) takes the packages from the
mirror that apt uses here; certificates, proxies and pip's settings are those of this machine, because the guest stands
behind the same school's or company's wall. ~/course is a clone of the checkout with its `.venv` made: in software
emulation that alone would take half an hour. Needs root and the programs in PROGRAMS; takes about four minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITES = ("bookworm", "trixie")  # Debian 12 and 13
PROGRAMS = {
    "debootstrap": "debootstrap", "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils",
    "mke2fs": "e2fsprogs", "ssh": "openssh-client",
}  # fmt: skip
PACKAGES = (
    "linux-image-amd64", "initramfs-tools", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd",
    "openssh-server", "sudo", "python3", "python3-venv", "git", "ca-certificates", "procps", "iproute2", "iptables",
    "uidmap", "apparmor", "kmod", "udev",
)  # fmt: skip
PASSED_ON = re.compile(r"(PIP_|UV_|SSL_CERT_|REQUESTS_CA|CURL_CA|GIT_SSL_CAINFO|\w+_proxy$)", re.IGNORECASE)
NETWORK = "[Match]\nName=e*\n[Network]\nDHCP=yes\n"
QEMUS_RESOLVER = "nameserver 10.0.2.3\n"  # QEMU's user network, "slirp"
DISK = "12G"  # a sparse file: it takes what is in it


def lacking() -> list[str]:
    """The Debian packages whose programs are missing here."""
    return sorted(package for program, package in PROGRAMS.items() if not shutil.which(program))


def is_built(home: Path, suite: str) -> bool:
    return (
        all((home / f"{suite}.{kind}").exists() for kind in ("ext4", "vmlinuz", "initrd")) and (home / "key").exists()
    )


def build(home: Path, suite: str, checkout: Path) -> None:
    """Make home/SUITE.ext4, .vmlinuz and .initrd, and home/key if there is none."""
    home.mkdir(parents=True, exist_ok=True)
    key = home / "key"
    if not key.exists():
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    root = home / f"{suite}.root"
    shutil.rmtree(root, ignore_errors=True)
    mirror = _mirror()
    _run("debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), suite, str(root), mirror)
    _settings_of_this_machine(root, f"deb {mirror} {suite} main\n")
    _a_machine(root, suite, key.with_suffix(".pub"))
    environments(root, checkout)
    for name in ("vmlinuz", "initrd"):
        shutil.copy(next((root / "boot").glob(f"{name}*-*")), home / f"{suite}.{name}")
    # under another name until it is whole: an interrupted build must not look built
    part = home / f"{suite}.part"
    part.unlink(missing_ok=True)
    _run("mke2fs", "-q", "-t", "ext4", "-d", str(root), str(part), DISK)
    shutil.rmtree(root)
    part.rename(home / f"{suite}.ext4")


def _mirror() -> str:
    lines = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").splitlines()
    return next(line for line in lines if "security" not in line)


def _settings_of_this_machine(root: Path, source: str) -> None:
    apt = root / "etc/apt"
    for sources in apt.glob("sources.list*"):
        shutil.rmtree(sources) if sources.is_dir() else sources.unlink()
    (apt / "sources.list").write_text(source)
    here = Path("/etc")
    found = [
        *here.glob("apt/apt.conf.d/9*"), *here.glob("apt/auth.conf.d/*"), here / "pip.conf",
        here / "ssl/certs/ca-certificates.crt", *Path("/usr/local/share/ca-certificates").glob("*.crt"),
    ]  # fmt: skip
    for file in filter(Path.is_file, found):
        _copy(file, root / file.relative_to("/"))
    if (own := Path.home() / ".config/pip/pip.conf").is_file():
        _copy(own, root / "etc/pip.conf")
    passed_on = [f"{name}={value}\n" for name, value in os.environ.items() if PASSED_ON.match(name)]
    (root / "etc/environment").write_text("".join(line for line in passed_on if "FIND_LINKS" not in line))
    names = [line for line in Path("/etc/hosts").read_text().splitlines() if not re.search("localhost|ip6-", line)]
    with (root / "etc/hosts").open("a") as hosts:
        hosts.write("\n".join(["", *names, ""]))


def _a_machine(root: Path, suite: str, public_key: Path) -> None:
    (root / "etc/hostname").write_text(f"{suite}\n")
    with (root / "etc/hosts").open("a") as hosts:
        hosts.write(f"127.0.1.1 {suite}\n")
    (root / "etc/systemd/network/10-e.network").write_text(NETWORK)
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    (root / "etc/sudoers.d/ada").write_text("ada ALL=(ALL) NOPASSWD: ALL\n")
    _run("chroot", str(root), "systemctl", "enable", "systemd-networkd", "ssh")
    _run("chroot", str(root), "useradd", "-m", "-s", "/bin/bash", "ada")
    for home in ("root", "home/ada"):
        _copy(public_key, root / home / ".ssh/authorized_keys")
        (root / home / ".ssh").chmod(0o700)
    _run("chroot", str(root), "chown", "-R", "ada:ada", "/home/ada")


def environments(root: Path, checkout: Path) -> None:
    """Clone the checkout into ~/course of root and of ada, and make its `.venv` there, at this machine's speed."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    _run("mount", "-t", "proc", "proc", str(root / "proc"))
    try:
        _run("git", "clone", "-q", "--no-hardlinks", str(checkout), str(root / "course"))
        make = "from labsupport import environment as e; e.ensure(e.checkout(), e.COURSE_LOCK)"
        line = f"set -a; . /etc/environment; cp -r /course . && cd course && python3 -c '{make}'"
        for user in ("root", "ada"):
            _run("chroot", str(root), "su", "-", user, "-c", line)
    finally:
        _run("umount", str(root / "proc"))
    shutil.rmtree(root / "course")
    (root / "etc/resolv.conf").write_text(QEMUS_RESOLVER)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def _run(*command: str) -> str:
    return run(command)


def run(command: Sequence[str]) -> str:
    """A command's stdout; it ends the program with the command's own words where it fails."""
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(
            f"$ {' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}exit status {done.returncode}"
        )
    return done.stdout
