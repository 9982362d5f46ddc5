"""Metrics that each scrape by Prometheus reads from the database, the broker and the cache."""

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.outbox.models import Channel
from accounts.outbox.state import ChannelState, outbox_state
from bookings import sweep_heartbeat
from bookings.payments.staff.money_state import MoneyState, Waiting, money_state
from bookmyshow.celery import queues
from bookmyshow.core.db.replica_state import replica_state
from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client
from bookmyshow.core.time import database_now
from shows.waiting_room.figures import Figures, figures_of_open_sales

SOCKET_SECONDS = 0.5

STATE = """
    SELECT
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int,
        (SELECT count(*) FROM pg_locks WHERE NOT granted),
        (SELECT coalesce(extract(epoch FROM max(clock_timestamp() - waitstart)), 0)
         FROM pg_locks WHERE NOT granted),
        (SELECT count(*) FROM bookings_booking WHERE status = 'PENDING'
         AND expires_at > clock_timestamp()),
        (SELECT count(*) FROM bookings_booking WHERE status = 'PENDING'
         AND expires_at <= clock_timestamp())
"""
NAMES = (
    ("connections", "Connections of clients to the database server."),
    ("connections_allowed", "Connections that the database server allows to clients."),
    ("locks_awaited", "Locks that somebody waits for."),
    ("longest_lock_wait_seconds", "For how long the longest wait for a lock has lasted."),
)


class StateGauges(Collector):
    """Collects the gauges. If a server does not answer, its `..._up` is 0; the scrape goes on."""

    def describe(self) -> Iterator[Metric]:
        """Empty, because otherwise `register` would call `collect`."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from self._database()
        yield from _replica()
        yield from self._broker()
        last = sweep_heartbeat.last_sweep()
        if last is not None:
            yield GaugeMetricFamily(
                "bookmyshow_last_sweep_timestamp_seconds",
                "When lapsed holds were last swept.",
                last.timestamp(),
            )

    def _database(self) -> Iterator[Metric]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(STATE)
                *values, alive, lapsed = cursor.fetchone()
            now = database_now()
            state, outbox = money_state(at=now), outbox_state(at=now)
            waiting_rooms = figures_of_open_sales(at=now)
        except DatabaseError:
            yield _up("database", False)
            return
        yield _up("database", True)
        for (name, words), value in zip(NAMES, values, strict=True):
            yield GaugeMetricFamily(f"bookmyshow_database_{name}", words, float(value))
        holds = GaugeMetricFamily(
            "bookmyshow_holds",
            "Holds by state; a lapsed one waits to be swept.",
            labels=["state"],
        )
        holds.add_metric(["alive"], alive)
        holds.add_metric(["lapsed"], lapsed)
        yield holds
        yield from _outbox(outbox)
        yield from _money(state)
        yield from _waiting_rooms(waiting_rooms)

    def _broker(self) -> Iterator[Metric]:
        try:
            with short_lived_client(settings.REDIS_URL, seconds=SOCKET_SECONDS) as client:
                queued = {queue: int(str(client.llen(queue))) for queue in queues()}
        except UNREACHABLE:
            yield _up("broker", False)
            return
        yield _up("broker", True)
        tasks = GaugeMetricFamily(
            "bookmyshow_tasks_queued", "Tasks that wait for a worker.", labels=["queue"]
        )
        for queue, count in queued.items():
            tasks.add_metric([queue], count)
        yield tasks


def _replica() -> Iterator[Metric]:
    """How far the replica is behind. Nothing without one, or while the primary is away."""
    try:
        state = replica_state()
    except DatabaseError:
        return
    if state is None:
        return
    yield _up("replica", state.answers)
    if state.answers:
        yield GaugeMetricFamily(
            "bookmyshow_replica_behind_seconds",
            "The age of the last transaction that the replica has replayed; 0 if it has them all.",
            state.seconds,
        )
        yield GaugeMetricFamily(
            "bookmyshow_replica_behind_bytes",
            "What the replica has not replayed of the primary's log.",
            float(state.bytes_behind),
        )


def _outbox(states: Mapping[Channel, ChannelState]) -> Iterator[Metric]:
    messages = GaugeMetricFamily(
        "bookmyshow_messages",
        "Messages that wait, those of them whose last try failed, and those given up in a week.",
        labels=["channel", "state"],
    )
    ages = GaugeMetricFamily(
        "bookmyshow_oldest_due_message_seconds",
        "For how long the message has been due that has been due longest; 0 without one.",
        labels=["channel"],
    )
    for channel, state in states.items():
        messages.add_metric([channel, "waiting"], state.waiting)
        messages.add_metric([channel, "failing"], state.failing)
        messages.add_metric([channel, "given up"], state.given_up)
        ages.add_metric([channel], state.age.total_seconds())
    yield messages
    yield ages


def _money(state: MoneyState) -> Iterator[Metric]:
    payments = {str(name): found for name, found in state.payments.items()}
    refunds = {str(name): found for name, found in state.refunds.items()}
    yield from _by_state("payment", "Payments that have not ended, by state.", payments, state)
    yield from _by_state("refund", "Refunds that did not succeed, by state.", refunds, state)
    yield GaugeMetricFamily(
        "bookmyshow_payments_to_review",
        "Payments that a person must look at.",
        state.reviews.count,
    )
    yield GaugeMetricFamily(
        "bookmyshow_disputes_open", "Disputes that are not decided.", state.disputes.count
    )
    yield GaugeMetricFamily(
        "bookmyshow_oldest_provider_event_seconds",
        "For how long the oldest event of a provider has not been handled; 0 without one.",
        state.events.age(state.at).total_seconds(),
    )


def _waiting_rooms(rooms: Sequence[Figures]) -> Iterator[Metric]:
    people = GaugeMetricFamily(
        "bookmyshow_waiting_room_people",
        "People of open on-sales who wait for their turn, and who may choose seats.",
        labels=["state"],
    )
    people.add_metric(["waiting"], sum(room.people.waiting for room in rooms))
    people.add_metric(["active"], sum(room.people.active for room in rooms))
    yield people
    yield GaugeMetricFamily(
        "bookmyshow_oldest_admission_seconds",
        "For how long the open on-sale that waited longest has let nobody in; 0 without one.",
        max((room.since_look.total_seconds() for room in rooms), default=0.0),
    )


def _by_state(
    what: str, words: str, waiting: Mapping[str, Waiting], state: MoneyState
) -> Iterator[Metric]:
    """How many wait in each state, and for how long the oldest of them has."""
    counts = GaugeMetricFamily(f"bookmyshow_{what}s", words, labels=["state"])
    ages = GaugeMetricFamily(
        f"bookmyshow_oldest_{what}_seconds",
        f"For how long the oldest {what} has been in this state; 0 without one.",
        labels=["state"],
    )
    for name, found in waiting.items():
        counts.add_metric([name], found.count)
        ages.add_metric([name], found.age(state.at).total_seconds())
    yield counts
    yield ages


def _up(server: str, answers: bool) -> Metric:
    words = f"Whether the {server} answers (1) or not (0)."
    return GaugeMetricFamily(f"bookmyshow_{server}_up", words, float(answers))
