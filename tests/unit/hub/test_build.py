import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from labsupport.errors import HubError
from labsupport.hub import dockerfile, images
from labsupport.hub.build import Context, Entry, Image, build, digest_of

CONTEXT = {
    "hello.txt": Entry(b"hello\n"),
    "site/index.html": Entry(b"<h1>"),
    "site/cgi-bin/now": Entry(b"#!/bin/sh\n", 0o755),
    "links/bin/sh": Entry(link="/bin/busybox", mode=0o777),
    "links/tmp": Entry(mode=0o1777, folder=True),
}


def made(text: str, base: Image | None = None, context: Context = CONTEXT) -> Image:
    return build(dockerfile.parse(text), context, base, "amd64")


def members(layer: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return {member.name: member for member in archive}


def test_the_same_input_gives_the_same_digest() -> None:
    text = "FROM scratch\nCOPY site /www\nCMD now"
    assert made(text).digest == made(text, context=dict(reversed(CONTEXT.items()))).digest


def test_manifest_config_and_blobs_agree() -> None:
    image = made("FROM scratch\nCOPY hello.txt /\nCOPY site/ /www")
    manifest = json.loads(image.manifest)
    for descriptor in (manifest["config"], *manifest["layers"]):
        blob = image.blobs[descriptor["digest"]]
        assert digest_of(blob) == descriptor["digest"] and len(blob) == descriptor["size"]
    assert [digest_of(gzip.decompress(layer)) for layer in image.layers] == image.config["rootfs"]["diff_ids"]
    made_layers = [row for row in image.config["history"] if not row.get("empty_layer")]
    assert len(made_layers) == len(image.layers) == 2


@pytest.mark.parametrize(
    ("copy", "paths"),
    [
        ("hello.txt /", ["hello.txt"]),
        ("hello.txt /etc/greeting", ["etc", "etc/greeting"]),
        ("hello.txt /etc/", ["etc", "etc/hello.txt"]),
        ("site /www", ["www", "www/cgi-bin", "www/cgi-bin/now", "www/index.html"]),
        ("site/cgi-bin hello.txt /opt/", ["opt", "opt/hello.txt", "opt/now"]),
        ('["hello.txt", "/a file"]', ["a file"]),
        ("links/ /", ["bin", "bin/sh", "tmp"]),
    ],
)
def test_copy_puts_files_where_the_dockerfile_reference_says(copy: str, paths: list[str]) -> None:
    assert sorted(members(made(f"FROM scratch\nCOPY {copy}").layers[0])) == paths


def test_modes_links_and_owners() -> None:
    found = members(made("FROM scratch\nCOPY links/ /\nCOPY site /www").layers[0])
    assert found["tmp"].mode == 0o1777 and found["tmp"].isdir()
    assert found["bin/sh"].linkname == "/bin/busybox" and found["bin/sh"].issym()
    assert {member.uid for member in found.values()} == {0}


def test_a_folder_of_a_lower_layer_is_not_written_again() -> None:
    base = made("FROM scratch\nCOPY hello.txt /etc/")
    assert list(members(made("FROM base\nCOPY site/index.html /etc/", base).layers[1])) == ["etc/index.html"]


def test_the_base_is_shared_and_its_settings_are_kept() -> None:
    base = made('FROM scratch\nCOPY hello.txt /\nENV A=1 B=2\nLABEL x=1\nCMD ["sh"]')
    image = made("FROM base\nCOPY site /www\nENV B=3\nEXPOSE 80 53/udp\nLABEL y=2\nWORKDIR /www\nUSER nobody", base)
    assert image.layers[:1] == base.layers
    config = image.config["config"]
    assert config["Env"][1:] == ["A=1", "B=3"] and config["Labels"] == {"x": "1", "y": "2"}
    assert config["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}} and config["Cmd"] == ["sh"]
    assert (config["WorkingDir"], config["User"]) == ("/www", "nobody")


def test_a_new_entrypoint_forgets_the_base_images_command() -> None:
    image = made('FROM base\nENTRYPOINT ["now"]', made('FROM scratch\nCOPY hello.txt /\nCMD ["sh"]'))
    assert "Cmd" not in image.config["config"]


def test_copy_of_what_is_not_there() -> None:
    with pytest.raises(HubError, match="no such file"):
        made("FROM scratch\nCOPY nothing /")


def test_every_course_image_builds_after_its_base(packages: Path) -> None:
    built: dict[str, Image] = {}
    for source in images.sources():
        built[source.reference] = images.make(source, packages, built[source.base] if built else None)
    assert {"busybox:latest", "hello-world:latest", "web:latest", "lua:5.1", "lua:5.4"} <= set(built)
    assert built["lua:5.1"].layers[:-1] == built["lua:5.4"].layers[:-1] == built["debian-tiny:latest"].layers
    busybox = members(built["busybox:latest"].layers[0])
    assert busybox["usr/bin/["].linkname == "/bin/busybox" and busybox["bin/busybox"].mode == 0o755
    assert "usr/share/doc/busybox-static/copyright" in busybox
    libraries = members(built["debian-tiny:latest"].layers[1])
    # links are followed: the library lies under the name programs ask for, and Debian's usr/lib as lib
    assert libraries["lib/x86_64-linux-gnu/libreadline.so.8"].size == len("readline")
    assert libraries["etc/os-release"].isreg()


def test_the_checkouts_umask_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "greeter"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY text run /\n")
    (folder / "text").write_text("hello")
    (folder / "run").write_text("#!/bin/sh\n")
    keys, digests = set(), set()
    for mode in (0o600, 0o664):
        for path in folder.iterdir():
            path.chmod(mode)
        (source,) = images.sources(tmp_path)
        keys.add(images.key([source]))
        digests.add(images.make(source, None, None).digest)
    assert len(keys) == len(digests) == 1
    (folder / "text").write_text("hello!")
    assert images.key(images.sources(tmp_path)) not in keys


def test_images_that_are_from_each_other(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM {base}\n")
    with pytest.raises(HubError, match="circle"):
        images.sources(tmp_path)


def test_a_package_without_the_file_is_named(packages: Path) -> None:
    (packages / "usr/bin/lua5.4").unlink()
    source = next(source for source in images.sources() if source.reference == "lua:5.4")
    with pytest.raises(HubError, match=r"lua5\.4 has no file"):
        images.context(source, packages)


def test_a_package_that_was_renamed_brings_the_same_image_with_its_own_copyright(packages: Path) -> None:
    """Debian 13 has libreadline8t64, where packages.txt and Debian 12 say libreadline8."""
    documents = packages / "usr/share/doc"
    (documents / "libreadline8").rename(documents / "libreadline8t64")
    tiny = next(source for source in images.sources() if source.reference == "debian-tiny:latest")
    found = images.context(tiny, packages)
    assert any(path.endswith("libreadline.so.8") for path in found)
    assert "packages/usr/share/doc/libreadline8t64/copyright" in found
