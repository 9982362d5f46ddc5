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
    help = "Prepare and run the whole site (all of the Procfile) on this machine, with demo data."
    # They run against a database that this command is about to migrate.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-demo", action="store_true", help="leave the database's data alone"
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
        # Through a shell that ends at once, because the supervisor, which this process becomes,
        # would not wait for it and leave a zombie.
        announcer = [sys.executable, announce.__file__, address, summary]
        subprocess.run(["/bin/sh", "-c", '"$@" &', "sh", *announcer], check=True)
        # Worker and web add up what they count.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(ROOT / ".data" / "metrics"))
        os.chdir(ROOT)
        start = shlex.join(without_root())
        programs = [
            word
            for name, command in procfile().items()
            for word in (name, f"{start} /bin/sh -c {shlex.quote(f'exec {command}')}")
        ]
        self.stdout.flush()
        os.execv(sys.executable, [sys.executable, supervisor.__file__, *programs])


def without_root() -> list[str]:
    """Return the words before a command with which it gives up root; none without root."""
    writable = [Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]), Path(settings.MEDIA_ROOT)]
    if folder := getattr(settings, "EMAIL_FILE_PATH", None):
        writable.append(Path(folder))
    start = unprivileged.launcher(writable)
    if os.geteuid() == 0 and not start:
        print(
            f"The site runs as root: its user {unprivileged.USER} can't read {ROOT} or its Python."
            " Run it as an ordinary user, or from a folder that everyone may read.",
            flush=True,
        )
    return start


def procfile() -> dict[str, str]:
    """Return the commands of the Procfile by name, without the one that runs once per release."""
    lines = re.findall(r"^([\w-]+):\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return {name: command for name, command in lines if name != "release"}


def seed_demo() -> str:
    """Return what there is to know about the demo data; a site with data of its own has none."""
    output = io.StringIO()
    try:
        call_command("seed_demo", public_password=True, stdout=output)
    except CommandError as error:
        return f"No demo data: {error}"
    return output.getvalue()


def refuse_taken_port(address: str, port: int) -> None:
    """Raise CommandError if gunicorn could not listen there; it would retry for seconds."""
    try:
        free_port.bind(address, port)
    except OSError as error:
        raise CommandError(
            f"can't listen on {address}:{port} ({error.strerror}): choose another port,"
            f" such as PORT={port % 65535 + 1} make run"
        ) from error
