import io
import logging
import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.push import keys
from bookmyshow.environment import ROOT, check_payments, env, whole_number
from bookmyshow.serving import announce, free_port, supervisor, unprivileged

SANDBOX_DATA = ROOT / ".data" / "payment_sandbox"
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


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
        address = env.str("BIND", default="127.0.0.1")
        refuse_taken_port(address, port)
        # Set for the programs; this process has read its settings before.
        os.environ.setdefault("PAYMENTS", "sandbox")
        # Otherwise the address and the demo accounts are lost between lines about each request.
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        # The programs may not read the file of root, who runs this.
        os.environ.setdefault("VAPID_PRIVATE_KEY", keys.key_text())
        # The port of whichever host a page is opened at. If it is set to nothing, pages only poll.
        live_url = "" if settings.HTTPS else f":{settings.LIVE_PORT}/live/"
        if os.environ.setdefault("LIVE_URL", live_url):
            refuse_taken_port(address, settings.LIVE_PORT, "the live map ")
        sandbox = payment_sandbox(address)
        self.stdout.write(
            "Preparing: static files, database, demo data (a minute the first time) …"
        )
        self.stdout.flush()
        summary = prepare(with_demo=not no_demo)
        if sandbox:
            summary = (
                f"{summary.strip()}\nPayments: test mode, no money moves ({settings.SANDBOX_URL}/)"
            )
        url = f"http://localhost:{port}/"
        # `os.execv` below turns this process into the supervisor, which waits only for its own
        # programs. The announcer must therefore not be a child of this process, or it would stay
        # as a zombie. So a shell starts it in the background and exits.
        announcer = [sys.executable, announce.__file__, url, summary]
        subprocess.run(["/bin/sh", "-c", '"$@" &', "sh", *announcer], check=True)
        # All processes write their metrics to this folder, so the web process can show them all.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(ROOT / ".data" / "metrics"))
        os.chdir(ROOT)
        launcher = shlex.join(without_root())
        programs = [
            word
            for name, command in (wanted_programs() | sandbox).items()
            for word in (name, f"{launcher} /bin/sh -c {shlex.quote(f'exec {command}')}")
        ]
        self.stdout.flush()
        os.execv(sys.executable, [sys.executable, supervisor.__file__, *programs])


def prepare(*, with_demo: bool) -> str:
    """Static files, database and demo data; returns what to print about them.

    The logs of this are for operators, such as the rights of new groups. Only warnings are shown.
    """
    logging.disable(logging.INFO)
    try:
        call_command("collect_changed_static", stdout=io.StringIO())
        call_command("migrate", interactive=False, verbosity=0)
        return seed_demo() if with_demo else ""
    finally:
        logging.disable(logging.NOTSET)


def without_root() -> list[str]:
    """Return the words to put before a command, so that it does not run as root.

    The list is empty if this process is not root. It is also empty, with a warning, if the other
    user can't read the project or Python: the site then runs as root.
    """
    writable = [Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]), Path(settings.MEDIA_ROOT)]
    writable.append(SANDBOX_DATA)
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


def wanted_programs() -> dict[str, str]:
    """Return the commands of `procfile`, without `live` if LIVE_URL is set to nothing."""
    without = set() if os.environ["LIVE_URL"] else {"live"}
    return {name: command for name, command in procfile().items() if name not in without}


def payment_sandbox(address: str) -> dict[str, str]:
    """Return the command of the payment sandbox by its name; nothing if PAYMENTS is not `sandbox`.

    It listens on the port of SANDBOX_URL, which is PORT + 1 by default. A sandbox on another
    machine is not started. Raises CommandError if the port can't be used.
    """
    if os.environ["PAYMENTS"] != "sandbox":
        return {}
    # This process may have read its settings without PAYMENTS, so live keys are looked for here.
    keys = {name: getattr(settings, name) for name in ("STRIPE_SECRET_KEY", "RAZORPAY_KEY_ID")}
    check_payments("sandbox", at_cinema=settings.PAY_AT_CINEMA, keys=keys)
    try:
        url = urlsplit(settings.SANDBOX_URL)
        port = url.port or 80
    except ValueError as error:
        raise CommandError(f"SANDBOX_URL: {settings.SANDBOX_URL} has no usable port") from error
    if url.hostname not in THIS_MACHINE:
        return {}
    refuse_taken_port(address, port, "the payment sandbox ")
    webhooks = f"{settings.SITE_URL}/payments"
    words = [
        *("python", "-m", "bookmyshow.payment_sandbox"),
        *("--bind", address, "--port", str(port), "--data", str(SANDBOX_DATA)),
        *("--stripe-webhook", f"{webhooks}/sandbox/events/"),
        *("--razorpay-webhook", f"{webhooks}/sandbox-razorpay/events/"),
    ]
    return {"payments": shlex.join(words)}


def seed_demo() -> str:
    """Create the demo data. Returns its summary, or the error if it can't be created."""
    output = io.StringIO()
    try:
        call_command("seed_demo", public_password=True, stdout=output)
    except CommandError as error:
        return f"No demo data: {error}"
    return output.getvalue()


def refuse_taken_port(address: str, port: int, program: str = "") -> None:
    """Raise CommandError if the port can't be used. `program` is named in the error.

    Without this check gunicorn would retry for several seconds before it fails.
    """
    try:
        free_port.bind(address, port)
    except OSError as error:
        raise CommandError(
            f"{program}can't listen on {address}:{port} ({error.strerror}): choose another port,"
            f" such as PORT={port % 65534 + 1} make run"
        ) from error
