"""The checks of `manage.py doctor`. Each returns what it found and what to do about it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.mail import get_connection
from django.core.mail.backends.filebased import EmailBackend as FolderBackend
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string
from django.utils.timesince import timesince

from accounts.outbox.mail import refusal_to_connect
from accounts.outbox.models import Channel
from accounts.outbox.state import REMEMBERED, ChannelState, last_error, outbox_state
from bookings import sweep_heartbeat
from bookmyshow.celery import app, queues
from bookmyshow.core.db import partitions
from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client
from bookmyshow.core.time import database_now

from . import live_checks, payment_checks, push_checks, replica_checks, wallet_checks
from .findings import Finding

OLDEST_POSTGRESQL = 140_000
MOST_SKEW_SECONDS = 1.0
ANSWER_SECONDS = 1.0
# Some mail servers wait for seconds before they answer, against spam.
MAIL_SECONDS = 10
DATABASE = """
    SELECT clock_timestamp(), current_setting('server_version_num')::int,
           current_setting('lock_timeout'), current_setting('plan_cache_mode')
"""
# Otherwise PostgreSQL may plan a prepared statement each time that it runs.
KEEPS_PLANS = "force_generic_plan"
LIMITS_OF_ROLE = "Behind PgBouncer, set the limits on the role: see docs/deploy.md."


def run_checks() -> Iterator[Finding]:
    """Run all checks. Some need what an earlier one checks: migrations need the database."""
    yield from _settings()
    checks = (_database, _migrations, _partitions, _cache, _broker, _workers, _beat, _static_files)
    for check in checks:
        yield check()
    yield replica_checks.replica()
    yield _mail()
    yield from _owed_mail()
    yield from payment_checks.ways_to_pay()
    yield from payment_checks.owed_money()
    yield from wallet_checks.wallets()
    yield push_checks.push_messages()
    yield live_checks.live_map()


def _settings() -> Iterator[Finding]:
    if settings.DEBUG:
        yield Finding(
            "settings", "DEBUG is on", "Unset DEBUG where anybody else can reach the site."
        )
    found = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    for message in found:
        if not message.is_silenced():
            yield Finding("settings", f"{message.id}: {message.msg}", message.hint or "", True)
    if not settings.HAS_TICKET_KEY:
        yield Finding(
            "settings",
            "TICKET_KEY is not set: a change of SECRET_KEY would make sold tickets invalid",
            "Set it to a new secret, and TICKET_KEY_FALLBACKS to the present SECRET_KEY.",
        )
    if not settings.STAFF_2FA:
        yield Finding(
            "second factor",
            "staff log in with only a password",
            "Set STAFF_2FA=on: the next staff page asks each of them to set up an app.",
        )
    if not settings.DEBUG and not found:
        yield Finding("settings", "the deployment checks found nothing")


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute(DATABASE)
            now, version, lock_timeout, plans = cursor.fetchone()
    except DatabaseError as error:
        return Finding(
            "database",
            f"does not answer: {str(error).splitlines()[0]}",
            "Is PostgreSQL running, and is DATABASE_URL right? Nothing works without it.",
            True,
        )
    if version < OLDEST_POSTGRESQL:
        return Finding("database", f"is version {version}", "Use PostgreSQL 14 or newer.", True)
    if lock_timeout == "0":
        return Finding(
            "database",
            "waits for locks have no limit (lock_timeout is 0)",
            LIMITS_OF_ROLE,
            True,
        )
    if settings.PGBOUNCER == "prepared" and plans != KEEPS_PLANS and not settings.CITUS:
        what = f"may plan prepared statements each time (plan_cache_mode is {plans})"
        return Finding("database", what, LIMITS_OF_ROLE)
    skew = abs((datetime.now(UTC) - now).total_seconds())
    if skew > MOST_SKEW_SECONDS:
        return Finding(
            "database",
            f"its clock and this host's differ by {skew:.1f} s",
            "Run a time service (chrony, systemd-timesyncd) on both.",
        )
    return Finding("database", f"answers (PostgreSQL {version // 10_000})")


def _migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return Finding("migrations", "not known without the database", "See above.", True)
    if plan:
        return Finding("migrations", f"{len(plan)} not applied", "Run manage.py migrate.", True)
    return Finding("migrations", "all applied")


def _partitions() -> Finding:
    try:
        late = [
            table.name for table in partitions.tables() if partitions.rows_without_partition(table)
        ]
    except DatabaseError:
        return Finding("partitions", "not known without the database", "See above.", True)
    if late:
        advice = "Run manage.py partitions make; beat does it each night."
        return Finding("partitions", f"{' and '.join(late)} lacks one for today", advice)
    return Finding("partitions", "made for the coming months")


def _cache() -> Finding:
    cache.set("doctor", "well", 10)
    if cache.get("doctor") != "well":
        return Finding(
            "cache",
            "does not answer",
            "Is Redis or Valkey running, and is REDIS_URL right? The site works, more slowly.",
            True,
        )
    return Finding("cache", "answers")


def _broker() -> Finding:
    try:
        with short_lived_client(settings.REDIS_URL, seconds=ANSWER_SECONDS) as client:
            waiting = sum(int(str(client.llen(queue))) for queue in queues())
    except UNREACHABLE:
        advice = "The broker is the server of REDIS_URL. Mails and sweeps wait for it."
        return Finding("broker", "does not answer", advice, True)
    if waiting > 100:
        return Finding("broker", f"{waiting} tasks wait", "Start a worker, or more of them.", True)
    return Finding("broker", f"answers; {waiting} tasks wait")


def _workers() -> Finding:
    try:
        listening = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    except Exception:  # each transport of kombu raises its own errors
        listening = {}
    if not listening:
        advice = "Start the Procfile's `worker` and `sweeper`. Without them no mail is sent."
        return Finding("workers", "none answers", advice, True)
    taken = {queue["name"] for taking in listening.values() for queue in taking}
    if missing := set(queues()) - taken:
        advice = "Start the Procfile's `sweeper` (payments) or `worker` (queues celery, sweeps)."
        words = f"none takes the queue {' or '.join(sorted(missing))}"
        return Finding("workers", words, advice, True)
    return Finding("workers", f"{len(listening)} answer")


def _beat() -> Finding:
    last = sweep_heartbeat.last_sweep()
    advice = "Start the Procfile's `beat` (only once), and its `worker`."
    if last is None:
        return Finding("beat", "no sweep has been recorded", advice, True)
    seconds = (datetime.now(UTC) - last).total_seconds()
    words = f"lapsed holds were last swept {seconds:.0f} s ago"
    return (
        Finding("beat", words, advice, True)
        if sweep_heartbeat.is_late()
        else Finding("beat", words)
    )


def _static_files() -> Finding:
    if settings.DEBUG or (settings.STATIC_ROOT / "staticfiles.json").exists():
        return Finding("static files", "collected" if not settings.DEBUG else "not needed (DEBUG)")
    return Finding("static files", "not collected", "Run manage.py collectstatic.", True)


def _mail() -> Finding:
    if issubclass(import_string(settings.EMAIL_BACKEND), FolderBackend):
        advice = "Set EMAIL_URL. Without it nobody receives mail."
        return Finding("mail", f"goes to the folder {settings.EMAIL_FILE_PATH}", advice)
    try:
        with get_connection(timeout=MAIL_SECONDS):
            pass
    except Exception as error:  # an error of the network, of TLS or of the server
        words = f"{settings.EMAIL_HOST} refuses mail: {refusal_to_connect(error).reason}"
        return Finding("mail", words, "Is EMAIL_URL right, and is the server up?", True)
    return Finding("mail", f"goes to {settings.EMAIL_HOST}, which answers")


def _owed_mail() -> Iterator[Finding]:
    """Mails and push messages that wait, fail or were given up."""
    try:
        states = outbox_state(at=database_now())
        errors = {each: last_error(each) for each, state in states.items() if state.failing}
    except DatabaseError:
        yield Finding("owed mail", "not known without the database", "See above.", True)
        return
    for channel, state in states.items():
        yield from _owed(channel, state, errors.get(channel, ""))


def _owed(channel: Channel, state: ChannelState, error: str) -> Iterator[Finding]:
    subject = "owed mail" if channel == Channel.MAIL else "owed push"
    words = f"{state.waiting} wait, of which {state.failing} failed"
    if state.due_since:
        words += f"; the oldest for {timesince(state.due_since, state.at)}"
    words += f" ({error})" if error else ""
    advice = "Is the mail server well, and a `worker` running? Messages in the admin say more."
    if state.is_late or state.failing:
        yield Finding(subject, words, advice, state.is_late)
    elif not state.given_up and (state.waiting or channel == Channel.MAIL):
        yield Finding(subject, f"{state.waiting} wait" if state.waiting else "all sent")
    if state.given_up:
        advice = "Correct the address and send it again (Messages in the admin), or call."
        days = f"in the last {REMEMBERED.days} days"
        yield Finding(subject, f"{state.given_up} could not be sent {days}", advice)
