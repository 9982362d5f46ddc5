"""Script of `make run`: wait until the site answers, then print its address and a summary.

Arguments: the address, and the summary (the demo log-ins).
"""

import os
import sys
import time
import urllib.error
import urllib.request

WAIT_SECONDS = 120.0


def answers(address: str) -> bool:
    """Whether the address answers with a status below 500."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def main() -> None:
    """Print the summary when the site answers, or an error after WAIT_SECONDS."""
    address, summary = sys.argv[1:]
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if answers(address):
            lines = [f"BookMyShow is ready: {address}", *summary.strip().splitlines()]
            lines += ["Mail: .data/mail/ (unless EMAIL_URL is set)"]
            if os.environ.get("LOG_LEVEL") == "WARNING":
                lines += ["Only warnings are logged here: LOG_LEVEL=INFO make run logs all"]
            lines += ["Stop: Ctrl-C"]
            print("\n".join(["", *(f"    {line}" for line in lines), ""]), flush=True)
            return
        time.sleep(0.2)
    print(f"\n    {address} does not answer: see the log above.\n", flush=True)


if __name__ == "__main__":
    main()
