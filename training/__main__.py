"""Entry of `python -m training`."""

import sys

from training.commands import main

if __name__ == "__main__":
    sys.exit(main())
