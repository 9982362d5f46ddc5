"""``python -m bookmyshow.embedded COMMAND…``: run a command with what its environment lacks.

Where neither the environment nor ``.env`` gives DATABASE_URL or REDIS_URL, a server is started (or
the one that another such command uses is joined); SECRET_KEY, JWT_SECRET and TICKET_KEY come from
``.data/`` likewise.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import environ

from bookmyshow.serving.launch import die_with

from .command import FORWARDED, ignore_signals, run
from .credentials import load_secrets
from .membership import Membership
from .paths import ROOT, EmbeddedError, make_folders

SERVERS = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
# For make, which can't hand SIGKILL on. The pid is given, for the parent may be gone already.
END_WITH_PARENT = "--end-with-parent="
USAGE = f"python -m bookmyshow.embedded [{END_WITH_PARENT}PID] COMMAND [ARGUMENT…]"
SECRETS = ("SECRET_KEY", "JWT_SECRET")
# Only beside a SECRET_KEY of ours: tickets were signed with it before they had a key of their own.
TICKET_SECRETS = ("TICKET_KEY", "TICKET_KEY_FALLBACKS")


def given_names() -> set[str]:
    """Return the names that the environment or the project's ``.env`` gives a value."""

    class Preview(environ.Env):
        # What read_env fills; a copy, for the command reads the file itself.
        ENVIRON = dict(os.environ)

    if (ROOT / ".env").exists():
        Preview.read_env(ROOT / ".env")
    return {name for name, value in Preview.ENVIRON.items() if value}


def run_embedded(command: list[str]) -> int:
    """Run the command beside its servers and return its exit code. Raises EmbeddedError."""
    given = given_names()
    missing = [name for name in (*SERVERS, *SECRETS) if name not in given]
    # The tools installed beside this Python (pytest, gunicorn …) are found without activating it.
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    environment = {**os.environ, "PATH": os.pathsep.join(path)}
    with contextlib.ExitStack() as stack:
        if missing:
            make_folders()
        memberships = {
            name: stack.enter_context(Membership(service))
            for name, service in SERVERS.items()
            if name in missing
        }
        environment |= {name: membership.url() for name, membership in memberships.items()}
        if secret_names := [name for name in SECRETS if name in missing]:
            secrets = load_secrets()
            if "SECRET_KEY" in secret_names and "TICKET_KEY" not in given:
                secret_names += [name for name in TICKET_SECRETS if name in secrets]
            environment |= {name: secrets[name] for name in secret_names}
        return run(command, environment, [m.descriptor for m in memberships.values()])


def leave(signum: int, _frame: FrameType | None) -> None:
    """Leave through the context managers, which stop the servers."""
    ignore_signals()
    raise SystemExit(128 + signum)


def main() -> int:
    """Run the command line's command."""
    for signum in FORWARDED:
        signal.signal(signum, leave)
    command = sys.argv[1:]
    if command and command[0].startswith(END_WITH_PARENT):
        die_with(int(command.pop(0).removeprefix(END_WITH_PARENT)), signal.SIGTERM)
    if not command or command[0] in ("-h", "--help"):
        print(f"usage: {USAGE}", file=sys.stderr)
        return 0 if command else 2
    try:
        return run_embedded(command)
    except EmbeddedError as error:
        print(f"embedded: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
