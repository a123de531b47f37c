"""python -m core <command>."""

import sys

from core.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
