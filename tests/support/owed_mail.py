"""Creates cancelled shows, whose mails are to be sent, and runs commands that a test can kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from bookings.show_changes.services import cancel_show
from bookmyshow.environment import ROOT
from shows.models import Show
from tests.support.deployed_site import free_port, site_environment
from tests.support.factories import make_booking, make_show, make_user

WAIT_SECONDS = 300
# PostgreSQL's application_name for the commands of `manage`. A test finds their connections by it.
MANAGER = f"manage.py of test process {os.getpid()}"


def sold_show(people: int) -> Show:
    show = make_show()
    for label in list(show.seats.values_list("label", flat=True))[:people]:
        make_booking(show, [label])
    return show


def cancel_sold_show(people: int) -> Show:
    show = sold_show(people)
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    return show


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    env = site_environment(folder, free_port()) | {"PGAPPNAME": MANAGER} | environment
    return subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env)


def kill(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
