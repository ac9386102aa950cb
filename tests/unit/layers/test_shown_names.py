"""Names that no terminal obeys: of files, of images, in commands and in reasons, in every text we print."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from labsupport.layers.command import layers_command
from labsupport.layers.names import harmless, printable
from labsupport.oci.writing import File, Recipe, archive, layer, whiteout

NAMES = st.binary(min_size=1, max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
TEXTS = st.one_of(NAMES, st.text(max_size=12))


def is_calm(text: str) -> bool:
    """One line of what a terminal only shows, and any encoding of Unicode can write."""
    text.encode()
    return text.isprintable()


@given(TEXTS)
def test_whatever_the_name(name: str) -> None:
    assert is_calm(printable(name)) and is_calm(harmless(name))
    assert "\n" not in printable(name) and "\x1b" not in printable(name)


@given(TEXTS, TEXTS)
@example("\n", r"\n")
@example("\udcff", "\\xff")
@example("\x80", "\udc80")
def test_two_names_never_look_the_same(one: str, other: str) -> None:
    assert one == other or printable(one) != printable(other)


def test_what_people_write_stays_as_it_is() -> None:
    for name in ("etc/passwd", "Grüße", "日本語", "a b", "😀", "naïve-é.txt", "$HOME"):
        assert printable(name) == name
    assert harmless(r'printf "$A\n$B\n"') == r'printf "$A\n$B\n"'


HOSTILE = [b"\xff\xfe", b"new\nline", b"\x1b[2Jgone", b"\xe2\x80\xaeevil", b"back\\slash", b"\x9b31m", b"ok"]


def decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def raw_layer(names: list[bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as made:
        for name in names:
            info = tarfile.TarInfo(decoded(name))
            info.size = 5
            made.addfile(info, io.BytesIO(b"12345"))
    return out.getvalue()


def test_an_archive_with_hostile_names(tmp_path: Path) -> None:
    gone = layer([whiteout("ok"), File("x")])
    recipe = Recipe(
        "evil\x1b[31m:1\n",
        [raw_layer(HOSTILE), raw_layer(HOSTILE[:-1]), gone],
        [("RUN echo \x1b]0;title\x07 \n\u202e", False), ("COPY \udcff /", False), ("RUN rm", False)],
    )
    path = tmp_path / "evil.tar"
    path.write_bytes(archive([recipe]))
    text = layers_command(None, archive=path, files=True)
    assert all(is_calm(line) for line in text.split("\n")), text
    for shown in (r"/\xff\xfe", r"/new\nline", r"/\e[2Jgone", r"/\u202eevil", r"/back\\slash", r"/\x9b31m"):
        assert shown in text, shown
    hidden = [line.split()[2] for line in text.splitlines() if " by layer " in line]
    assert len(hidden) == len(HOSTILE) and hidden == [printable(f"/{name}") for name in sorted(map(decoded, HOSTILE))]
