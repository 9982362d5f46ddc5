"""The sweep as deployed: the Procfile's Celery worker and beat on the tests' database."""

import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from bookings import services
from bookings.models import Booking
from bookmyshow.environment import ROOT
from shows.models import Show
from tests.factories import lapse, make_show, make_user
from tests.live_site import free_port, site_environment

pytestmark = pytest.mark.django_db(transaction=True)

# Beat's tick, a worker that has to be told, and a busy machine.
TICK_SECONDS = 25
START_SECONDS = 180


def procfile() -> dict[str, list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: shlex.split(command) for name, command in (line.split(":", 1) for line in lines)}


@pytest.fixture
def celery(tmp_path: Path) -> Iterator[Path]:
    """The Procfile's worker and beat; gives the file that they log to."""
    log = tmp_path / "celery.log"
    environment = site_environment(tmp_path, free_port())
    with log.open("wb") as output:
        processes = [
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
            for command in (procfile()["worker"], procfile()["beat"])
        ]
    try:
        give_up = time.monotonic() + START_SECONDS
        while not all(word in log.read_text() for word in (" ready.", "beat: Starting...")):
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
        yield log
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(60)


def test_a_lapsed_hold_is_swept_within_the_interval_and_a_tick(celery: Path) -> None:
    show = make_show()
    booking = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2"])
    lapse(booking)
    lapsed_at = time.monotonic()
    allowed = settings.SWEEP_SECONDS + TICK_SECONDS
    # The log line follows the commit, so once it is there the rows say the same.
    while booking.reference not in celery.read_text():
        assert time.monotonic() - lapsed_at < allowed, celery.read_text()
        time.sleep(0.1)
    booking.refresh_from_db()
    assert (booking.status, booking.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert Show.objects.get(pk=show.pk).available_seats == show.total_seats
