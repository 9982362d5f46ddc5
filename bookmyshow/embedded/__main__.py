"""``python -m bookmyshow.embedded COMMAND…``: run a command with the servers and secrets it lacks.

For each of DATABASE_URL and REDIS_URL that neither the environment nor ``.env`` sets, this starts
the server, or uses the one that another such command has started. SECRET_KEY and JWT_SECRET come
from ``.data/secrets.env`` if they are not set. TICKET_KEY does so too, but only together with
SECRET_KEY.
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
from .paths import ROOT, EmbeddedError, check_space, make_folders

SERVERS = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
# Used by make. If make is killed with SIGKILL, it can't stop its commands, so this process asks the
# kernel for SIGTERM. The option has make's pid, because make may end before this process starts.
END_WITH_PARENT = "--end-with-parent="
USAGE = f"python -m bookmyshow.embedded [{END_WITH_PARENT}PID] COMMAND [ARGUMENT…]"
SECRETS = ("SECRET_KEY", "JWT_SECRET")
# Used only together with the generated SECRET_KEY, which signed tickets before TICKET_KEY existed.
TICKET_SECRETS = ("TICKET_KEY", "TICKET_KEY_FALLBACKS")


def given_names() -> set[str]:
    """Return the names that the environment or the project's ``.env`` gives a value."""

    class Preview(environ.Env):
        # read_env writes to this copy. os.environ stays unchanged: the command reads .env itself.
        ENVIRON = dict(os.environ)

    if (ROOT / ".env").exists():
        Preview.read_env(ROOT / ".env")
    return {name for name, value in Preview.ENVIRON.items() if value}


def run_embedded(command: list[str]) -> int:
    """Run the command while its servers run; return its exit code. Raises EmbeddedError."""
    given = given_names()
    missing = [name for name in (*SERVERS, *SECRETS) if name not in given]
    # Tools of this virtual environment (pytest, gunicorn …) are found without activating it.
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    environment = {**os.environ, "PATH": os.pathsep.join(path)}
    with contextlib.ExitStack() as stack:
        if missing:
            make_folders()
        if SERVERS.keys() & set(missing):
            check_space()
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


def exit_on_signal(signum: int, _frame: FrameType | None) -> None:
    """Signal handler: exit through the context managers, which stop the servers."""
    ignore_signals()
    raise SystemExit(128 + signum)


def main() -> int:
    """Run the command given on the command line and return its exit code."""
    for signum in FORWARDED:
        signal.signal(signum, exit_on_signal)
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
