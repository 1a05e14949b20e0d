"""Health check of a container: `python -S probe.py PORT` exits with 0 when the process there is ready.

A script of its own, on the standard library alone: it runs every few seconds in every container.
"""

import http.client
import sys

SECONDS = 4


def main() -> int:
    """0 ready, 1 not."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
