"""The checkout's secrets: made once, kept in ``.data/secrets.env`` with mode 0600."""

import fcntl
import secrets

from .paths import DATA, RUN, write_atomically

NAMES = ("SECRET_KEY", "JWT_SECRET", "TICKET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")
FILE = DATA / "secrets.env"


def load_secrets() -> dict[str, str]:
    """Return every name of NAMES with its secret; those that are missing are generated and kept.

    TICKET_KEY_FALLBACKS is there where earlier tickets were signed with another key.
    """
    with open(RUN / "secrets.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found: dict[str, str] = {}
        if FILE.exists():
            lines = FILE.read_text(encoding="utf-8").splitlines()
            found = dict(line.split("=", 1) for line in lines if "=" in line)
        missing = [name for name in NAMES if not found.get(name)]
        if "TICKET_KEY" in missing and (earlier := found.get("SECRET_KEY")):
            # What signed the tickets of a checkout that had no key of their own for them.
            found["TICKET_KEY_FALLBACKS"] = earlier
        if missing:
            found |= {name: secrets.token_urlsafe(48) for name in missing}
            write_atomically(FILE, "".join(f"{name}={value}\n" for name, value in found.items()))
        return found
