"""How soon the pool of connections works again after its server was away.

``python -m bookmyshow.embedded python -m bench.reconnect`` starts a PostgreSQL of its own, kills it
and starts it again, for each time that psycopg's pool tries again (`RECONNECT_SECONDS`). Four
visitors ask all the time, as the threads of a web worker do. Then it times what a request pays for
remembering its change, if there is a replica. It takes two minutes and ends by itself.
"""

import logging
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from psycopg import OperationalError

from bookmyshow.core.db import pool as pools
from tests.faults.servers import Postgres

VISITORS = 4
PAUSE_SECONDS = 0.05
RECONNECT_SECONDS = (0.5, 1.0, 3.0, 300.0)
AWAY_SECONDS = (1.3, 4.1, 9.7)
TRIPS = 2_000


def first_good_answer(server: Postgres, away: float) -> float:
    """Seconds from the return of the server, after it was away, to the first good answer."""
    pool = pools.FailFastPool(
        kwargs=pools.HostOrder({"connect_timeout": 2, "autocommit": True}),
        conninfo=server.url(),
        configure=lambda _connection: None,
        open=True,
        check=True,
        min_size=1,
        max_size=VISITORS,
        timeout=2,
    )
    answers: list[float] = []
    end = threading.Event()

    def visit() -> None:
        while not end.wait(PAUSE_SECONDS):
            try:
                connection = pool.getconn()
            except OperationalError:
                continue
            try:
                connection.execute("SELECT 1")
                answers.append(time.monotonic())
            except OperationalError:
                pass
            finally:
                pool.putconn(connection)

    visitors = [threading.Thread(target=visit) for _ in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    while len(answers) < VISITORS:
        time.sleep(PAUSE_SECONDS)
    server.kill()
    time.sleep(away)
    server.start()
    back = time.monotonic()
    while not (good := [answer for answer in answers if answer > back]):
        time.sleep(0.005)
    end.set()
    for visitor in visitors:
        visitor.join()
    pool.close()
    return good[0] - back


def milliseconds_to_remember() -> float:
    """What the statement costs that asks the primary for its position."""
    from bookmyshow.core.db.replicas import position_of_primary

    position_of_primary()
    began = time.perf_counter()
    for _ in range(TRIPS):
        position_of_primary()
    return (time.perf_counter() - began) / TRIPS * 1000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")
    django.setup()
    logging.disable(logging.CRITICAL)
    print(f"first good answer, in seconds, after {AWAY_SECONDS} s without the server")
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "postgres").mkdir()
        server = Postgres(folder / "postgres")
        server.start()
        try:
            for seconds in RECONNECT_SECONDS:
                pools.RECONNECT_SECONDS = seconds
                found = [first_good_answer(server, away) for away in AWAY_SECONDS]
                print(f"tries again for {seconds:5.1f} s:", *(f"{each:6.2f}" for each in found))
        finally:
            server.stop()
    print(f"remembering a change: {milliseconds_to_remember():.2f} ms")


if __name__ == "__main__":
    main()
