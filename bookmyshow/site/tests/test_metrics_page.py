import contextlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.outbox.models import Message
from bookings import services
from bookings.errors import BookingError, ShowBusy
from bookings.payments import providers
from bookings.payments.models import Payment, ProviderEvent, Refund
from bookings.payments.providers.base import PaymentKey, ProviderError
from bookings.payments.states import PaymentState
from bookings.show_changes.services import cancel_show
from bookmyshow.site import metrics_page, state_gauges
from shows.waiting_room import services as waiting_room
from shows.waiting_room.models import OnSale
from tests.support.factories import lapse, make_booking, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund
from tests.support.on_sale import admit_now, open_sale
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

TOKEN = "scrape-token-of-the-tests"


@pytest.fixture(autouse=True)
def long_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_gauges, "SOCKET_SECONDS", 60)


def value(name: str, **labels: str) -> float:
    """The value of a sample on /metrics, or 0 if it does not exist yet."""
    text = metrics_page.expose().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def grown(name: str, during: Callable[[], object], **labels: str) -> float:
    before = value(name, **labels)
    during()
    return value(name, **labels) - before


def test_without_a_token_set_there_is_no_such_page(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_the_metrics_need_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 401
    wrong = client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get("/metrics").status_code == 401
    right = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status_code == 200
    assert right.headers["Content-Type"].startswith("text/plain")
    assert "bookmyshow_request_seconds_bucket" in right.content.decode()


def test_requests_are_timed_by_view_and_counted_by_status(client: Client) -> None:
    home = {"view": "listings:home"}
    assert grown("bookmyshow_request_seconds_count", lambda: client.get("/"), **home) == 1
    lost = {"view": "shows:show", "method": "GET", "status": "404"}
    assert grown("bookmyshow_requests_total", lambda: client.get("/shows/99999/"), **lost) == 1


def test_unknown_addresses_do_not_create_new_metrics(client: Client) -> None:
    before = len(metrics_page.expose())
    client.get("/a/")
    size = len(metrics_page.expose())
    for number in range(20):
        client.generic("BREW", f"/nothing-{number}/")
    assert len(metrics_page.expose()) - size < size - before + 2_000


def test_booking_attempts_are_counted_by_outcome(transactional_db: None) -> None:
    show, user = make_show(), make_user()

    def attempt(action: Callable[[], object]) -> None:
        with contextlib.suppress(BookingError, ShowBusy):
            action()

    def hold() -> None:
        attempt(lambda: services.hold_seats(user=user, show_id=show.pk, labels=["A1"]))

    def want_taken_seat() -> None:
        attempt(lambda: services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"]))

    name = "bookmyshow_booking_attempts_total"
    assert grown(name, hold, action="hold", outcome="ok") == 1
    assert grown(name, want_taken_seat, action="hold", outcome="refused") == 1


def test_the_time_from_hold_to_confirmation_is_measured_once(transactional_db: None) -> None:
    show, user = make_show(), make_user()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])

    def confirm_twice() -> None:
        services.confirm_booking(user=user, reference=held.reference)
        services.confirm_booking(user=user, reference=held.reference)

    assert grown("bookmyshow_hold_to_confirm_seconds_count", confirm_twice) == 1


def test_sweeps_holds_statements_locks_and_the_servers_are_measured() -> None:
    show = make_show()
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert value("bookmyshow_holds", state="alive") == 1
    lapse(held)
    assert value("bookmyshow_holds", state="lapsed") == 1
    assert grown("bookmyshow_sweep_seconds_count", services.sweep_lapsed_holds) == 1
    assert grown("bookmyshow_lock_seconds_count", make_hold) >= 1
    assert grown("bookmyshow_database_seconds_count", make_hold) > 5
    assert value("bookmyshow_database_up") == value("bookmyshow_broker_up") == 1
    assert 1 <= value("bookmyshow_database_connections") < 300
    assert value("bookmyshow_database_connections_allowed") > 10
    assert value("bookmyshow_database_longest_lock_wait_seconds") == 0


def test_an_open_waiting_room_is_measured() -> None:
    sale = open_sale(make_show())
    for _ in range(3):
        waiting_room.join(sale.pk, make_user())
    admit_now(sale, 1)
    OnSale.objects.update(looked_at=timezone.now() - timedelta(seconds=40))
    OnSale.objects.update(opens_at=timezone.now() - timedelta(minutes=1))
    assert value("bookmyshow_waiting_room_people", state="waiting") == 2
    assert value("bookmyshow_waiting_room_people", state="active") == 1
    assert value("bookmyshow_oldest_admission_seconds") >= 40


def test_money_that_waits_is_measured_by_state() -> None:
    assert value("bookmyshow_payments", state="AUTHORISED") == 0
    order = make_order(make_booking(make_show(), ["A1"]))
    make_payment(order, PaymentState.AUTHORISED, review="another amount")
    Payment.objects.update(updated_at=timezone.now() - timedelta(minutes=3))
    paid = make_payment(make_order(make_booking(make_show(), ["A1"])), PaymentState.CAPTURED)
    make_refund(paid, 100)
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=20))
    ProviderEvent.objects.create(provider="sandbox", event_id="evt_1", body_hash="1")
    assert value("bookmyshow_payments", state="AUTHORISED") == 1
    assert value("bookmyshow_oldest_payment_seconds", state="AUTHORISED") >= 180
    assert value("bookmyshow_payments_to_review") == 1
    assert value("bookmyshow_refunds", state="DUE") == 1
    assert value("bookmyshow_oldest_refund_seconds", state="DUE") >= 1200
    assert value("bookmyshow_disputes_open") == 0
    assert value("bookmyshow_oldest_provider_event_seconds") > 0


def test_calls_to_a_provider_are_timed_and_counted_by_how_they_end(sandbox: Sandbox) -> None:
    provider = providers.provider("sandbox")
    key = PaymentKey(uuid4(), "cs_test_none", "", 100, "INR")

    def fetch() -> None:
        with contextlib.suppress(ProviderError):
            provider.fetch(key)

    labels = {"provider": "sandbox", "call": "fetch"}
    name = "bookmyshow_provider_calls_total"
    assert grown(name, fetch, **labels, outcome="refused") == 1
    sandbox.fault("unreachable")
    assert grown(name, fetch, **labels, outcome="unknown") == 1
    assert grown("bookmyshow_provider_call_seconds_count", fetch, **labels) == 1


FROM_HERE = {"Origin": "http://testserver"}


def make_hold() -> None:
    services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1"])


def test_reads_of_the_cache_are_counted_as_hits_and_misses(client: Client) -> None:
    read = "bookmyshow_cache_reads_total"
    assert grown(read, lambda: client.get("/"), result="miss") > 0
    assert grown(read, lambda: client.get("/"), result="hit") > 0


def test_a_browsers_measurements_are_counted_by_view(client: Client) -> None:
    body = {"path": "/", "TTFB": 80, "FCP": 300.5, "LCP": 900, "CLS": 0.02}

    def send() -> None:
        answer = client.post("/vitals", body, content_type="application/json", headers=FROM_HERE)
        assert answer.status_code == 204

    seen = "bookmyshow_page_load_seconds_count"
    assert grown(seen, send, metric="LCP", view="listings:home") == 1
    assert grown("bookmyshow_layout_shift_sum", send) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("{", 400),
        ('{"path": 7}', 400),
        ('{"path": "/no-such-page"}', 400),
        ('{"path": "//evil.example/"}', 400),
        ('{"path": "/", "LCP": "fast"}', 204),
        ('{"path": "/", "LCP": -1, "CLS": true, "FCP": 1e300}', 204),
        ('{"path": "/", "LCP": NaN}', 204),
        ("[" * 900, 400),
        ('{"path": "/' + "x" * 2_000 + '"}', 413),
    ],
)
def test_malformed_measurements_are_not_counted(client: Client, body: str, status: int) -> None:
    def send() -> None:
        answer = client.post("/vitals", body, content_type="application/json", headers=FROM_HERE)
        assert answer.status_code == status

    assert grown("bookmyshow_page_load_seconds_count", send) == 0


def test_too_many_measurements_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from bookmyshow.core.bucket import Bucket
    from bookmyshow.core.observability import web_vitals

    monkeypatch.setattr(web_vitals, "bucket", Bucket(rate=0, burst=2))
    statuses = [
        client.post(
            "/vitals", '{"path": "/"}', content_type="text/plain", headers=FROM_HERE
        ).status_code
        for _ in range(3)
    ]
    assert statuses == [204, 204, 429]


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://testserver.evil"])
def test_measurements_from_other_sites_are_refused(client: Client, origin: str) -> None:
    def send() -> None:
        headers = {"Origin": origin} if origin else {}
        body = {"path": "/", "LCP": 900}
        answer = client.post("/vitals", body, content_type="application/json", headers=headers)
        assert answer.status_code == 403

    assert grown("bookmyshow_page_load_seconds_count", send) == 0


def test_one_address_may_send_120_measurements_a_minute(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = True

    def status(address: str) -> int:
        body = '{"path": "/"}'
        return client.post(
            "/vitals", body, "text/plain", headers=FROM_HERE, REMOTE_ADDR=address
        ).status_code

    assert [status("192.0.2.1") for _ in range(121)] == [204] * 120 + [429]
    assert status("192.0.2.2") == 204


def test_names_follow_prometheus_conventions() -> None:
    names = set(re.findall(r"^# TYPE (\S+)", metrics_page.expose().decode(), re.MULTILINE))
    own = {name for name in names if name.startswith("bookmyshow_")}
    assert len(own) > 15
    assert all(not name.endswith(("_ms", "_milliseconds")) for name in own)


def test_waiting_mails_and_the_oldest_ones_age_are_shown() -> None:
    show = make_show()
    for label in ("A1", "B1"):
        make_booking(show, [label])
    assert value("bookmyshow_oldest_due_message_seconds", channel="mail") == 0
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    hour = timezone.now() - timedelta(hours=1)
    Message.objects.update(due_at=hour)
    assert value("bookmyshow_messages", channel="mail", state="waiting") == 2
    assert value("bookmyshow_oldest_due_message_seconds", channel="mail") >= 3600
    Message.objects.update(given_up_at=timezone.now())
    assert value("bookmyshow_oldest_due_message_seconds", channel="mail") == 0
    assert value("bookmyshow_messages", channel="mail", state="given up") == 2


def test_tasks_are_counted_by_queue(redis_of_tests: redis.Redis) -> None:
    redis_of_tests.rpush("sweeps", "a task")
    assert value("bookmyshow_tasks_queued", queue="sweeps") == 1
    assert value("bookmyshow_tasks_queued", queue="celery") == 0
