"""`python -m tapehead` and the command `tapehead`."""

import gc
import sys


def main() -> int:
    """Run the command line; return its exit code."""
    # Loading Numba makes 60,000 objects that stay; looking through them again and again is a tenth of the start.
    gc.set_threshold(100_000, 50, 100)
    from tapehead.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
