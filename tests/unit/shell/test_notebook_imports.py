"""What `labsupport.notebook` brings along, and what it does not."""

import subprocess
import sys

import pytest


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_labs_functions_come_from_here():
    assert python("from labsupport.notebook import check, hint, predict, quiz; print(check.__module__)") == (
        "labsupport.notebook.lab\n"
    )


def test_the_magics_do_not_bring_the_labs_along():
    code = "import sys; from labsupport.notebook import magics; print('labsupport.notebook.lab' in sys.modules)"
    assert python(code) == "False\n"


def test_running_a_command_does_not_bring_ipython_along():
    code = "import sys; from labsupport import shell; shell.run('true'); print('IPython' in sys.modules)"
    assert python(code) == "False\n"


def test_other_names_are_attribute_errors():
    import labsupport.notebook

    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = labsupport.notebook.no_such_thing
