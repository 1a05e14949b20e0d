"""`python -m services.dispatch.auditor [--once]`."""

import sys

from services.dispatch.auditor.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
