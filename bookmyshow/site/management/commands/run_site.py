import io
import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from bookmyshow.environment import ROOT, env, whole_number
from bookmyshow.serving import announce, free_port, supervisor, unprivileged


class Command(BaseCommand):
    help = (
        "Prepare the whole site and run it on this machine (all programs of the Procfile), with "
        "demo data."
    )
    # System checks would run before `handle`, which migrates the database, and some query it.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-demo", action="store_true", help="do not add demo data to the database"
        )

    def handle(self, *, no_demo: bool, **_options: Any) -> None:
        port = whole_number("PORT", default=8000, least=1, most=65535)
        refuse_taken_port(env.str("BIND", default="127.0.0.1"), port)
        self.stdout.write(
            "Preparing: static files, database, demo data (a minute the first time) …"
        )
        self.stdout.flush()
        call_command("collect_changed_static", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        summary = "" if no_demo else seed_demo()
        address = f"http://localhost:{port}/"
        # `os.execv` below turns this process into the supervisor, which waits only for its own
        # programs. The announcer must therefore not be a child of this process, or it would stay
        # as a zombie. So a shell starts it in the background and exits.
        announcer = [sys.executable, announce.__file__, address, summary]
        subprocess.run(["/bin/sh", "-c", '"$@" &', "sh", *announcer], check=True)
        # All processes write their metrics to this folder, so the web process can show them all.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(ROOT / ".data" / "metrics"))
        os.chdir(ROOT)
        launcher = shlex.join(without_root())
        programs = [
            word
            for name, command in procfile().items()
            for word in (name, f"{launcher} /bin/sh -c {shlex.quote(f'exec {command}')}")
        ]
        self.stdout.flush()
        os.execv(sys.executable, [sys.executable, supervisor.__file__, *programs])


def without_root() -> list[str]:
    """Return the words to put before a command, so that it does not run as root.

    The list is empty if this process is not root. It is also empty, with a warning, if the other
    user can't read the project or Python: the site then runs as root.
    """
    writable = [Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]), Path(settings.MEDIA_ROOT)]
    if folder := getattr(settings, "EMAIL_FILE_PATH", None):
        writable.append(Path(folder))
    launcher = unprivileged.launcher(writable)
    if os.geteuid() == 0 and not launcher:
        print(
            f"The site runs as root: the user {unprivileged.USER} can't read {ROOT} or its Python."
            " Run it as an ordinary user, or from a folder that everyone may read.",
            flush=True,
        )
    return launcher


def procfile() -> dict[str, str]:
    """Return the commands of the Procfile by name.

    `release` is left out: it migrates the database, as `handle` already did.
    """
    lines = re.findall(r"^([\w-]+):\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return {name: command for name, command in lines if name != "release"}


def seed_demo() -> str:
    """Create the demo data. Returns its summary, or the error if it can't be created."""
    output = io.StringIO()
    try:
        call_command("seed_demo", public_password=True, stdout=output)
    except CommandError as error:
        return f"No demo data: {error}"
    return output.getvalue()


def refuse_taken_port(address: str, port: int) -> None:
    """Raise CommandError if the port can't be used.

    Without this check gunicorn would retry for several seconds before it fails.
    """
    try:
        free_port.bind(address, port)
    except OSError as error:
        raise CommandError(
            f"can't listen on {address}:{port} ({error.strerror}): choose another port,"
            f" such as PORT={port % 65535 + 1} make run"
        ) from error
