"""The admin of tax rules: amounts and per cents as people write them, and clear refusals."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bookings.tax.models import TaxRule
from bookings.tax.services import rate_for
from tests.support.admin_site import errors_of, staff_client

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/admin/tax/taxrule/add/"
WHOLE = {
    "kind": "TICKET",
    "place": "in",
    "valid_from": "2025-09-22",
    "currency": "inr",
    "lowest": "0",
    "highest": "100",
    "percent": "5",
    "name": "GST",
    "code": "999614",
    "parts": "CGST 2.5, SGST 2.5 %",
    "note": "",
}


def add(client: Client, **fields: str) -> object:
    return client.post(ADD, WHOLE | fields)


def test_a_rule_is_written_as_people_write_money_and_per_cents() -> None:
    client = staff_client()
    add(client)
    rule = TaxRule.objects.get()
    assert (rule.price_from, rule.price_to, rule.basis_points) == (0, 10_000, 500)
    assert rule.components == [["CGST", 250], ["SGST", 250]]
    assert (rule.place, rule.currency) == ("IN", "INR")
    assert LogEntry.objects.filter(object_id=str(rule.pk)).count() == 1
    page = client.get(f"/admin/tax/taxrule/{rule.pk}/change/").content.decode()
    assert 'value="100.00"' in page
    assert 'value="CGST 2.5, SGST 2.5"' in page


def test_another_rule_for_the_same_price_is_refused_and_named() -> None:
    client = staff_client()
    add(client)
    errors = errors_of(add(client, lowest="100", highest="", percent="18", parts=""))
    assert "from 22 Sep 2025, up to INR 100.00: 5 % GST" in errors["__all__"][0]
    add(client, lowest="100.01", highest="", percent="18", parts="")
    assert TaxRule.objects.count() == 2
    rule = TaxRule.objects.get(price_from=10_001)
    same = WHOLE | {"lowest": "100.01", "highest": "", "percent": "12", "parts": ""}
    assert client.post(f"/admin/tax/taxrule/{rule.pk}/change/", same).status_code == 302
    assert rate_for("TICKET", 20_000, "INR", "IN-MH", date(2026, 1, 1)).basis_points == 1200


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"currency": "RUPEES"}, "currency", "at most 3"),
        ({"currency": "XXX"}, "currency", "not a currency"),
        ({"currency": "JPY", "highest": "99.5"}, "highest", "no decimals"),
        ({"highest": "-1"}, "highest", "greater than or equal to 0"),
        ({"lowest": "200"}, "highest", "below the lowest"),
        ({"percent": "101"}, "percent", "less than or equal to 100"),
        ({"parts": "CGST, SGST"}, "parts", "for example: CGST 9, SGST 9"),
        ({"parts": "CGST 9, SGST 9"}, "parts", "add up to 18 %"),
        ({"place": "India"}, "place", "IN or IN-MH"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(
    fields: dict[str, str], field: str, words: str
) -> None:
    errors = errors_of(add(staff_client(), **fields))
    assert words in " ".join(errors[field])
    assert not TaxRule.objects.exists()


def test_a_deleted_rule_counts_no_more() -> None:
    client = staff_client()
    add(client)
    rule = TaxRule.objects.get()
    assert rate_for("TICKET", 9_000, "INR", "IN", date(2026, 1, 1)).basis_points == 500
    chosen = {"action": "delete_selected", "_selected_action": [rule.pk], "post": "yes"}
    client.post("/admin/tax/taxrule/", chosen)
    assert rate_for("TICKET", 9_000, "INR", "IN", date(2026, 1, 1)).basis_points == 0
    assert client.get("/admin/tax/taxrule/").status_code == 200
    assert client.get("/admin/export/tax/taxrule/").status_code == 200
