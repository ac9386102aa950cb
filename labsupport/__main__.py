"""`python3 -m labsupport`: check the Python version before anything is imported that an old Python can't read."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - this is what tells an old Python's user
    sys.exit(
        "labsupport needs Python 3.10 or newer; {} is {}.{}.{}. Try: python3.11 -m labsupport ...".format(
            sys.executable, *sys.version_info[:3]
        )
    )

if __name__ == "__main__":
    from labsupport.bootstrap import main

    sys.exit(main(sys.argv[1:]))
