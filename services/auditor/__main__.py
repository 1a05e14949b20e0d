"""`python -m services.auditor [--once]`."""

import sys

from services.auditor.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
