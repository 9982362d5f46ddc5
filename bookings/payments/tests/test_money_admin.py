"""The admin lists of money: read-only, searchable, exported; actions with a reason, on record."""

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bookings.payments.models import Dispute, Order, Payment, ProviderEvent, Refund
from bookings.payments.states import OrderState, PaymentState, RefundState
from tests.support.admin_site import assert_few_queries, staff_client
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db
LISTS = ("order", "payment", "refund", "dispute", "providerevent")


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def buy(email: str = "") -> Payment:
    booking = make_booking(make_show(), ["A1"], user=make_user(email) if email else None)
    order = make_order(booking, fee=20_00, state=OrderState.PAID)
    return make_payment(order, PaymentState.CAPTURED)


def everything() -> Payment:
    payment = buy()
    make_refund(payment, 100_00)
    Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider="sandbox",
        reference=f"dp_{payment.pk}",
        amount=payment.amount,
        currency="INR",
        state=Dispute.State.LOST,
    )
    ProviderEvent.objects.create(
        provider="sandbox",
        event_id=f"evt_{payment.pk}",
        body_hash=f"{payment.pk:064d}",
        kind="charge.refunded",
        show_id=payment.show_id,
        payment=payment,
    )
    return payment


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_many_rows_needs_few_queries(client: Client, name: str) -> None:
    assert_few_queries(client, f"payments_{name}", everything)


@pytest.mark.parametrize("name", LISTS)
def test_nobody_edits_money(client: Client, name: str) -> None:
    everything()
    address = f"/admin/payments/{name}/"
    row = {
        "order": Order,
        "payment": Payment,
        "refund": Refund,
        "dispute": Dispute,
        "providerevent": ProviderEvent,
    }[name]._default_manager.get()
    assert client.get(f"{address}{row.pk}/change/").status_code == 200
    assert client.get(f"{address}add/").status_code == 403
    assert client.post(f"{address}{row.pk}/change/", {"state": "PAID"}).status_code == 403
    assert client.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_money_is_found_by_reference_person_and_provider_s_id(client: Client) -> None:
    payment, other = buy("asha@example.com"), buy("ben@example.com")
    order = payment.order
    typed = [order.reference, order.booking_reference.lower(), "asha@", payment.charge]
    for text in typed:
        page = client.get("/admin/payments/payment/", {"q": text}).text
        assert order.reference in page, text
        assert other.order.reference not in page, text
    page = client.get("/admin/payments/order/", {"q": order.booking_reference[:8]}).text
    assert order.reference in page


def test_an_export_has_plain_amounts_with_their_currency(client: Client) -> None:
    make_refund(buy(), 100_50, reason="=1+1")
    answer: Any = client.get("/admin/export/payments/refund/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["amount"], row["currency"], row["state"]) == ("100.50", "INR", "DUE")
    assert row["reason"] == "'=1+1"


@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_money_is_exported(client: Client, name: str) -> None:
    everything()
    ProviderEvent.objects.create(provider="sandbox", body_hash="f" * 64, kind="charge.unknown")
    answer: Any = client.get(f"/admin/export/payments/{name}/")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == (2 if name == "providerevent" else 1)


def act(client: Client, name: str, action: str, *rows: Any, reason: str = "Because") -> str:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "reason": reason}
    answer = client.post(f"/admin/payments/{name}/", chosen, follow=True)
    return str(answer.text)


def test_a_failed_refund_is_tried_again_once_with_a_reason(client: Client) -> None:
    payment = buy()
    failed = make_refund(payment, 100_00, state=RefundState.FAILED)
    assert "Write why" in act(client, "refund", "try_again", failed, reason=" ")
    assert not LogEntry.objects.exists()
    assert "1 to be sent again" in act(client, "refund", "try_again", failed)
    again = Refund.objects.get(retry_of=failed)
    assert (again.amount, again.state, again.source) == (100_00, "DUE", failed.source)
    assert "Because" in LogEntry.objects.get().change_message
    assert "can be tried again" in act(client, "refund", "try_again", failed)
    assert Refund.objects.count() == 2
    needs = {"needs": "person"}
    assert "0 refunds" in client.get("/admin/payments/refund/", needs).text


def test_a_failed_refund_is_not_tried_again_if_less_is_left(client: Client) -> None:
    payment = buy()
    failed = make_refund(payment, 100_00, state=RefundState.FAILED)
    make_refund(payment, payment.amount)
    assert "more than what is left" in act(client, "refund", "try_again", failed)
    assert not Refund.objects.filter(retry_of=failed).exists()


def test_a_failed_refund_is_not_tried_again_if_its_seat_was_given_back_meanwhile(
    client: Client,
) -> None:
    order = make_order(make_booking(make_show(), ["A1", "A2"]), state=OrderState.PAID)
    payment = make_payment(order, PaymentState.CAPTURED)
    seat = order.lines.get(seat="A1")
    whole = [[seat.pk, seat.gross]]
    failed = make_refund(payment, seat.gross, state=RefundState.FAILED, lines=whole)
    make_refund(payment, seat.gross, lines=whole)
    assert "more than what is left" in act(client, "refund", "try_again", failed)
    assert not Refund.objects.filter(retry_of=failed).exists()


def test_money_is_handed_back_by_a_person_who_says_so(client: Client) -> None:
    failed = make_refund(buy(), 100_00, state=RefundState.FAILED)
    act(client, "refund", "hand_back", failed)
    owed = Refund.objects.get(retry_of=failed)
    assert owed.state == RefundState.MANUAL
    assert "noted as handed back" in act(client, "refund", "handed_back", owed)
    owed.refresh_from_db()
    assert (owed.state, str(owed.handed_back_by)) == (RefundState.SUCCEEDED, "Staff")
    assert "not one that is handed back" in act(client, "refund", "handed_back", failed)


def test_a_payment_is_checked_soon_and_a_review_is_closed(client: Client) -> None:
    payment = buy()
    Payment.objects.filter(pk=payment.pk).update(review="The amount differs", checks=7)
    assert "to be compared" in act(client, "payment", "check_now", payment)
    payment.refresh_from_db()
    assert payment.checks == 0
    assert payment.next_check_at
    assert "1 closed" in act(client, "payment", "mark_reviewed", payment)
    payment.refresh_from_db()
    assert payment.review == ""
    assert "The amount differs" in LogEntry.objects.latest("pk").change_message
    assert "Nobody has to look" in act(client, "payment", "mark_reviewed", payment)


def test_closing_a_payment_in_review_ends_it_at_the_provider(client: Client) -> None:
    order = make_order(make_booking(make_show(), ["A1"]))
    payment = make_payment(order, PaymentState.REVIEW, review="Unknown there")
    act(client, "payment", "mark_reviewed", payment)
    payment.refresh_from_db()
    assert (payment.state, payment.review) == (PaymentState.CANCEL_DUE, "")
    assert payment.next_check_at


def test_money_at_the_counter_is_known_to_no_provider(client: Client) -> None:
    order = make_order(make_booking(make_show(), ["A1"]), state=OrderState.PAID)
    payment = make_payment(order, PaymentState.CAPTURED, provider="counter", reference="")
    assert "no provider knows" in act(client, "payment", "check_now", payment)
