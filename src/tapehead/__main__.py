"""`python -m tapehead` and the command `tapehead`."""

import sys


def main() -> int:
    """Run the command line; return its exit code."""
    from tapehead.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
