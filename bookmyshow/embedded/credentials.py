"""The checkout's secrets: generated once and stored in ``.data/secrets.env`` with mode 0600."""

import fcntl
import secrets

from .paths import DATA, RUN, write_atomically

NAMES = ("SECRET_KEY", "JWT_SECRET", "TICKET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")
FILE = DATA / "secrets.env"


def load_secrets() -> dict[str, str]:
    """Return a secret for every name in NAMES. Generate and store those that are missing.

    Also returns TICKET_KEY_FALLBACKS if earlier tickets were signed with another key.
    """
    with open(RUN / "secrets.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found: dict[str, str] = {}
        if FILE.exists():
            lines = FILE.read_text(encoding="utf-8").splitlines()
            found = dict(line.split("=", 1) for line in lines if "=" in line)
        missing = [name for name in NAMES if not found.get(name)]
        if "TICKET_KEY" in missing and (earlier := found.get("SECRET_KEY")):
            # Before TICKET_KEY existed, SECRET_KEY signed this checkout's tickets.
            found["TICKET_KEY_FALLBACKS"] = earlier
        if missing:
            found |= {name: secrets.token_urlsafe(48) for name in missing}
            write_atomically(FILE, "".join(f"{name}={value}\n" for name, value in found.items()))
        return found
