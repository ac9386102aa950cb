import pytest

from labsupport.errors import HubError
from labsupport.hub import dockerfile


def test_comments_blank_lines_and_continuations() -> None:
    found = dockerfile.parse('# why\n\nfrom busybox\nENV A=1 \\\n    B="two words"\nCMD ["serve", "-p", "80"]\n')
    assert [instruction.name for instruction in found] == ["FROM", "ENV", "CMD"]
    assert found[1].pairs() == {"A": "1", "B": "two words"}
    assert found[2].argv() == ["serve", "-p", "80"]


def test_shell_form_goes_through_a_shell() -> None:
    assert dockerfile.parse("FROM a\nCMD echo hi && ls")[1].argv() == ["/bin/sh", "-c", "echo hi && ls"]


@pytest.mark.parametrize(("line", "base"), [("scratch", "scratch"), ("busybox", "busybox:latest"), ("a:1", "a:1")])
def test_base(line: str, base: str) -> None:
    assert dockerfile.base(dockerfile.parse(f"FROM {line}")) == base


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN apt-get install everything",
        "FROM a\nADD https://example.org/x /",
        "FROM a\nCOPY --from=b /x /",
        "FROM a\nFROM b",
        "COPY x /",
        "FROM a\nENV A",
        "FROM a\nENV A=1 \\",
        "",
    ],
)
def test_what_the_builder_cannot_carry_out_is_refused(text: str) -> None:
    with pytest.raises(HubError):
        for instruction in dockerfile.parse(text):
            if instruction.name == "ENV":
                instruction.pairs()
