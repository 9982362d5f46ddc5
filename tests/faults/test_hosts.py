"""A database of two hosts: the primary stops accepting writes, or dies and the standby takes over.

The standby is a real one. The web processes know both hosts and are not restarted.
"""

import dataclasses
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connections, transaction

from bookmyshow.core.db.addresses import read_database
from bookmyshow.core.db.base import DatabaseWrapper
from bookmyshow.core.db.limits import with_limits
from tests.faults.load import LONGEST_WAIT, Buyer, load
from tests.faults.outcomes import assert_kept
from tests.faults.proxy import CommitLosingProxy
from tests.faults.servers import APPLICATION, Postgres, Standby
from tests.faults.site import Program, Stack
from tests.faults.visits import visit

AUDIT_LOG, LINES, LONG_LINE = "/admin/export/admin/logentry/", 3_000, "changed" * 500


@pytest.fixture(scope="module")
def second_host(world: Stack) -> Iterator[Standby]:
    folder = world.folder / "standby"
    folder.mkdir(mode=0o700)
    server = Standby(folder, world.postgres)
    yield server
    server.stop()


@pytest.fixture
def standby(second_host: Standby) -> Standby:
    """The second host, on which a standby of the first one runs."""
    if not second_host.is_running():
        second_host.start()
    return second_host


@pytest.fixture(scope="module")
def site_of_two(world: Stack, second_host: Standby) -> Iterator[Program]:
    """A site that knows both hosts, the standby first."""
    ports = (second_host.port, world.postgres.port)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    address = f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"
    # While neither host accepts writes, a request waits as long as this.
    with world.site(DATABASE_URL=address, DATABASE_WAIT_SECONDS="10") as site:
        yield site


@contextmanager
def setting(server: Postgres, name: str, value: str) -> Iterator[None]:
    """Change a setting of a server that runs at the begin and at the end of the block. Its open
    sessions get it too."""
    (before,) = set_for_all(server, f"ALTER SYSTEM SET {name} = '{value}'", name, value)
    try:
        yield
    finally:
        set_for_all(server, f"ALTER SYSTEM RESET {name}", name, before)


def set_for_all(server: Postgres, command: str, name: str, until: str) -> tuple[str]:
    """Run the command and wait until the setting has its new value. Returns the old value."""
    show = f"SHOW {name}".encode()
    with server.connect() as session:
        before = session.execute(show).fetchone()
        session.execute(command.encode())
        session.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + LONGEST_WAIT
        while (now := session.execute(show).fetchone()) != (until,):
            assert time.monotonic() < deadline, now
            time.sleep(0.01)
    assert before is not None
    return before


def test_a_server_that_accepts_no_writes_any_more_is_a_503_and_its_connections_are_left(
    world: Stack, standby: Standby, site_of_two: Program
) -> None:
    show, workers = world.shows[0], site_of_two.workers()
    with load(site_of_two.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        with setting(world.postgres, "default_transaction_read_only", "on"):
            running.wait_until(lambda: len(running.failures()) > 10)
            # With a seat: without one, a worker that has not written meanwhile would only read.
            page = visit(site_of_two, world.buyers[0], "POST", f"/shows/{show}/hold/", seat="R1-1")
        end = running.wait_until_well()
        running.wait_until_all_are_served()
    assert {answer.status for answer in running.failures()} == {503}
    assert (page.status, page.retry_after) == (503, "2")
    assert "Nothing was changed" in page.text
    assert running.failures_outside(0, end) == []
    assert site_of_two.workers() == workers
    assert_kept(world, running.confirmed)


def test_a_buyer_never_sees_a_replica_that_stands_still_and_pages_do_without_it(
    world: Stack, standby: Standby
) -> None:
    show, listing = world.shows[8], "/?q=anatomy"
    fill_audit_log(world, standby)
    with world.site(DATABASE_REPLICA_URL=standby.url()) as site:
        wait_until(lambda: visit(site, world.buyers[0], path=listing) and sessions_of_site(standby))
        with replay_paused(standby):
            buyer, other = (Buyer(site.url, session) for session in world.buyers[:2])
            reference = buyer.hold(show, ["R3-1", "R3-2"])
            assert other.hold(show, ["R3-2"]) == ""
            assert buyer.confirm(reference)
            assert reference in buyer.get("list", "/bookings/").body.decode()
            assert "R3-1" not in free_seats(buyer.get("show", f"/shows/{show}/").body.decode())
            assert visit(site, world.buyers[0], path=listing).status == 200
        begun = download_from_replica(site, world.staff, standby)
        standby.stop()
        assert [visit(site, world.buyers[0], path=listing).status for _ in range(4)] == [200] * 4
        # The download that had begun fails, as a browser sees it, and the next one is complete.
        with pytest.raises((IncompleteRead, ConnectionError)):
            begun.read()
        assert visit(site, world.staff, path=AUDIT_LOG).text.count(LONG_LINE) == LINES
    standby.start()
    assert_kept(world, [reference])


def fill_audit_log(world: Stack, standby: Standby) -> None:
    """More lines than fit in the buffers of a connection."""
    world.query(
        "INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message,"
        " user_id, content_type_id) SELECT now(), 'a line', 2, %s, person.id, kind.id"
        " FROM accounts_user person, django_content_type kind, generate_series(1, %s)"
        " WHERE email = 'staff@example.com' AND kind.model = 'movie'",
        LONG_LINE,
        LINES,
    )
    with standby.connect() as session:
        # Tests before this one may have logged something else.
        count = "SELECT count(*) FROM django_admin_log WHERE change_message = %s"
        wait_until(lambda: session.execute(count, (LONG_LINE,)).fetchone() == (LINES,))


def download_from_replica(site: Program, session: str, standby: Postgres) -> HTTPResponse:
    """A download that comes from the replica and waits for its reader.

    The site uses the replica again at its first look after the pause. Downloads before that come
    from the primary, and are given up here.
    """
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        begun = slow_download(site, session, AUDIT_LOG)
        # Its rows don't fit in the buffers, so its transaction stays open.
        if sessions_of_site(standby, in_transaction=True):
            return begun
        begun.close()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def slow_download(site: Program, session: str, path: str) -> HTTPResponse:
    """An answer of which only the first bytes have been read."""
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=LONGEST_WAIT)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.getheader("Location")
    assert answer.read(1000)
    return answer


def sessions_of_site(server: Postgres, *, in_transaction: bool = False) -> int:
    """How many connections others than the tests have to this server; or how many of them are in a
    transaction."""
    with server.connect() as session:
        found = session.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND application_name <> %s AND (xact_start IS NOT NULL OR NOT %s)",
            (APPLICATION, in_transaction),
        ).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def replay_paused(standby: Standby) -> Iterator[None]:
    with standby.connect() as session:
        session.execute("SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        wait_until(lambda: session.execute(state).fetchone() == ("paused",))
        try:
            yield
        finally:
            session.execute("SELECT pg_wal_replay_resume()")


def free_seats(page: str) -> set[str]:
    """The labels of the seats that can be ticked."""
    boxes = re.findall(r"<input[^>]*name=\"seat\"[^>]*>", page)
    assert boxes
    return {re.findall(r'value="([^"]+)"', box)[0] for box in boxes if " disabled" not in box}


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_standby_takes_over_and_no_confirmed_booking_is_lost(
    world: Stack, standby: Standby, site_of_two: Program
) -> None:
    workers = site_of_two.workers()
    # Each commit waits until the standby has it.
    with setting(world.postgres, "synchronous_standby_names", "*"):
        try:
            with load(site_of_two.url, world.buyers, world.shows) as running:
                running.wait_until_all_are_served()
                begin = time.monotonic()
                world.postgres.kill()
                standby.promote()
                promoted = time.monotonic()
                end = running.wait_until_well()
            assert_kept(dataclasses.replace(world, postgres=standby), running.confirmed)
        finally:
            # What it has written as a primary is forgotten: the next start copies the first host.
            standby.stop()
            standby.clear()
            world.postgres.start()
    first = min(a.at + a.seconds for a in running.answers if promoted < a.at and a.status < 500)
    print(f"first good answer {first - promoted:.2f} s after the promotion")
    assert {answer.status for answer in running.failures()} <= {503}
    assert running.failures_outside(begin, end) == []
    assert site_of_two.workers() == workers


@pytest.mark.django_db
def test_a_commit_that_no_standby_has_is_not_called_done(world: Stack, worlds: str) -> None:
    """Somebody ends the wait for a standby. PostgreSQL answers the COMMIT with success."""
    world.query("CREATE TABLE probe (id int)")

    def insert(value: int) -> None:
        with transaction.atomic(worlds):
            connections[worlds].cursor().execute("INSERT INTO probe VALUES (%s)", [value])

    def end_the_wait() -> None:
        cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        deadline = time.monotonic() + LONGEST_WAIT
        while not world.query(cancel) and time.monotonic() < deadline:
            time.sleep(0.01)

    try:
        with setting(world.postgres, "synchronous_standby_names", "nobody"):
            operator = threading.Thread(target=end_the_wait)
            operator.start()
            with pytest.raises(OperationalError, match="not on a standby"):
                insert(1)
            operator.join()
            found = world.query("SELECT id FROM probe")
            assert found == [(1,)], "it is committed here, but a failover may lose it"
        insert(2)
    finally:
        world.query("DROP TABLE probe")


@pytest.fixture
def worlds(world: Stack) -> Iterator[str]:
    """The alias of a connection of this process to the world's database."""
    database = with_limits(
        read_database(world.postgres.url()), threads=1, wait_seconds=60, pgbouncer=""
    )
    database["OPTIONS"]["pool"] = False
    alias = "worlds"
    connections[alias] = DatabaseWrapper({**connections.settings["default"], **database}, alias)
    yield alias
    connections[alias].close()
    del connections[alias]


def test_a_lost_commit_is_unknown_also_if_the_server_stays_away(world: Stack) -> None:
    """The answer to COMMIT is lost, and then there is no connection. Both are errors; the second
    one alone would mean that nothing was changed."""
    show = world.shows[6]
    with (
        CommitLosingProxy(world.postgres.port) as proxy,
        world.site(DATABASE_URL=world.postgres.url(proxy.port), DATABASE_WAIT_SECONDS="2") as site,
    ):
        buyer = Buyer(site.url, world.buyers[0])
        # A busy machine may need longer for the first connection than this site waits.
        wait_until(lambda: buyer.hold(show, ["R2-1", "R2-2"], "token-1"))
        reference = buyer.hold(show, ["R2-1", "R2-2"], "token-1")
        proxy.lose_commits(1, then_away=True)
        buyer.post("confirm", f"/bookings/{reference}/confirm/")
        answer = buyer.answers[-1]
        proxy.come_back()
    assert proxy.lost == 1
    assert answer.status == 503
    assert "We don’t know yet whether your booking is confirmed" in answer.body.decode()
    assert_kept(world, [reference])
