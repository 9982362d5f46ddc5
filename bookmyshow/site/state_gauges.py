"""Metrics that each scrape by Prometheus reads from the database, the broker and the cache."""

from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bookings import sweep_heartbeat
from bookings.notices.mail_state import REMEMBERED
from bookings.payments.money_state import MoneyState, Waiting, money_state
from bookmyshow.celery import queues
from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client
from bookmyshow.core.time import database_now

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
         AND expires_at <= clock_timestamp()),
        mail.waiting, mail.given_up, mail.oldest
    FROM (
        SELECT count(*) FILTER (WHERE given_up_at IS NULL) AS waiting,
               count(*) FILTER (WHERE given_up_at
                   > clock_timestamp() - make_interval(secs => %(seconds)s)) AS given_up,
               coalesce(extract(epoch FROM clock_timestamp()
                        - min(created_at) FILTER (WHERE given_up_at IS NULL)), 0) AS oldest
        FROM bookings_notice WHERE sent_at IS NULL
    ) mail
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
                cursor.execute(STATE, {"seconds": REMEMBERED.total_seconds()})
                *values, alive, lapsed, waiting, given_up, oldest = cursor.fetchone()
            state = money_state(at=database_now())
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
        mails = GaugeMetricFamily(
            "bookmyshow_mails",
            "Mails that are owed and not sent: those still tried, and those given up in a week.",
            labels=["state"],
        )
        mails.add_metric(["waiting"], waiting)
        mails.add_metric(["given up"], given_up)
        yield mails
        yield GaugeMetricFamily(
            "bookmyshow_oldest_unsent_mail_seconds",
            "For how long the mail that is owed and has waited longest has waited; 0 without one.",
            float(oldest),
        )
        yield from _money(state)

    def _broker(self) -> Iterator[Metric]:
        try:
            with short_lived_client(settings.CELERY_BROKER_URL, seconds=SOCKET_SECONDS) as client:
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
