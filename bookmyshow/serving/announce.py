"""Print where the site is, and what there is to know about it, once it answers (a script)."""

import sys
import time
import urllib.error
import urllib.request

WAIT_SECONDS = 120.0


def answers(address: str) -> bool:
    """Tell whether the address answers as a working site does."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def main() -> None:
    """Wait for the site; say so if it does not come."""
    address, summary = sys.argv[1:]
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if answers(address):
            lines = [f"BookMyShow is ready: {address}", *summary.strip().splitlines()]
            lines += ["Mail: .data/mail/ (unless EMAIL_URL is set)", "Stop: Ctrl-C"]
            print("\n".join(["", *(f"    {line}" for line in lines), ""]), flush=True)
            return
        time.sleep(0.2)
    print(f"\n    {address} does not answer: see the log above.\n", flush=True)


if __name__ == "__main__":
    main()
