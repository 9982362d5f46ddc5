"""docs/api.md's receipt of a booking."""

import pytest

from bookings.documents.numbering import number_documents
from tests.support.api_client import ApiInProcess
from tests.support.documents import make_paid, make_taxed_show
from tests.support.factories import make_booking, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_api_answers_the_pdf_or_says_why_not(quick_api: ApiInProcess) -> None:
    payment = make_paid(make_taxed_show(), ["A1"])
    owner, path = payment.order.user, f"bookings/{payment.order.booking_id}/receipt.pdf"
    waiting = quick_api.get(path, by=owner)
    assert waiting.problem == (409, "RECEIPT_NOT_READY")
    assert waiting.headers["Retry-After"] == "30"
    number_documents()
    reply = quick_api.get(path, by=owner)
    assert reply.status == 200
    assert reply.body.startswith(b"%PDF")
    assert quick_api.get(path, by=make_user(is_superuser=True)).status == 200
    assert quick_api.get(path, by=make_user()).problem == (404, "NOT_FOUND")
    assert quick_api.get(path).problem == (401, "NOT_AUTHENTICATED")
    other = make_booking(make_taxed_show(), ["A1"])
    unpaid = quick_api.get(f"bookings/{other.pk}/receipt.pdf", by=other.user)
    assert unpaid.problem == (404, "NOT_FOUND")
