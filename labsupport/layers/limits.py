"""Limits an image must be within, for a build that should fail otherwise: bytes no container sees, size, secrets.

What is a secret is told by names: of files in any layer, deleted ones too, and of variables in the history. So a clean
answer is no proof; a file's contents are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labsupport.layers.files import FileHistory
from labsupport.layers.model import Image
from labsupport.layers.names import printable
from labsupport.layers.units import percent, size

_NAMES = re.compile(
    r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.pypirc|\.netrc|\.pgpass|\.git-credentials|\.env|\.vault-token"
    r"|\.dockercfg|\.docker/config\.json|\.aws/credentials|\.kube/config|kubeconfig|terraform\.tfstate"
    r"|service-account[^/]*\.json|[^/]+\.(?:p12|pfx|key)|(?:[^/]*[._-])?(?:priv)?key\.pem|privkey[^/]*\.pem)$"
)
# keys of packages and certificates that anyone may have
_PUBLIC = re.compile(r"^(?:usr/share/(?:keyrings|ca-certificates|doc)|etc/(?:ssl/certs|apt|pki/rpm-gpg))/|\.pub$")
_VARIABLE = re.compile(
    r"\b([A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY(?:_ID)?|PRIVATE_?KEY))=(?!\s|$|\"\"|'')",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(%|[KMGT]?i?B)?", re.IGNORECASE)
_FACTORS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Amount:
    """Bytes, or with is_share a share in percent."""

    value: float
    is_share: bool = False

    @classmethod
    def of(cls, text: str) -> Amount:
        """`5MB`, `1.5GiB`, `2000` (bytes), `10%`. Raises ValueError."""
        found = _AMOUNT.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is no amount: 5MB, 1.5GiB, 2000 or 10%")
        number, unit = float(found[1]), (found[2] or "B").lower()
        if unit == "%":
            return cls(number, True)
        return cls(number * (1024 if "i" in unit else 1000) ** _FACTORS[unit.rstrip("b").rstrip("i")])

    def __str__(self) -> str:
        return f"{self.value:g} %" if self.is_share else size(self.value)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an image must be within; None and False for what is not asked."""

    waste: Amount | None = None
    size: Amount | None = None
    no_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit, whether the image is within it, and what was seen."""

    image: str
    limit: str
    holds: bool
    seen: str


def check_limits(image: Image, history: FileHistory, limits: Limits) -> list[Finding]:
    """Every limit that is asked for, in the order of `Limits`."""
    found = []
    if limits.waste is not None:
        lost, stored = sum(history.waste().values()), history.stored
        measure = 100 * lost / stored if limits.waste.is_share and stored else lost
        seen = f"{size(lost)} ({percent(lost, stored)}) no container sees"
        if hidden := history.hidden()[:3]:
            seen += ": " + ", ".join(f"/{printable(each.path)} {size(each.size)}" for each in hidden)
        found.append(Finding(image.name, f"waste of at most {limits.waste}", measure <= limits.waste.value, seen))
    if limits.size is not None:
        limit = f"size of at most {limits.size}"
        found.append(
            Finding(image.name, limit, history.stored <= limits.size.value, f"{size(history.stored)} of files")
        )
    if limits.no_secrets:
        secrets = [*_files(history), *_variables(image)]
        seen = "; ".join(secrets[:20]) + (f"; {len(secrets) - 20} more" if len(secrets) > 20 else "")
        found.append(Finding(image.name, "no secrets, by their names", not secrets, seen or "none"))
    return found


def _files(history: FileHistory) -> Iterator[str]:
    for version in history.versions():
        path = version.path
        if version.content is not None and version.size and _NAMES.search(path) and not _PUBLIC.search(path):
            where = f"layer {version.content.layer + 1}"
            gone = "" if version.content.fate == "visible" else f", {version.content.fate} and still in it"
            yield f"/{printable(path)} ({where}{gone})"


def _variables(image: Image) -> Iterator[str]:
    """Names only: the value would stand in the log of the build."""
    seen = set()
    for step in image.steps:
        for name in _VARIABLE.findall(step.created_by):
            if name not in seen:
                seen.add(name)
                yield f"{name} in row {step.number + 1} of the history"
