"""The admin of documents: found by number, read, exported; never written."""

import pytest

from bookings.documents.models import DocumentSeries, TaxDocument
from bookings.documents.numbering import number_documents
from tests.support.admin_site import assert_few_queries, staff_client
from tests.support.documents import make_given_back, make_paid, make_taxed_show

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/documents/taxdocument/"


def make_documents() -> None:
    make_given_back(make_paid(make_taxed_show(), ["A1"]))
    number_documents()


def test_documents_are_found_shown_and_downloaded() -> None:
    make_documents()
    client, invoice = staff_client(), TaxDocument.objects.order_by("pk")[0]
    for search in (
        invoice.code.lower(),
        invoice.booking_reference,
        invoice.buyer_email,
        invoice.buyer_name,
    ):
        page = client.get(LIST, {"q": search}).content.decode()
        assert invoice.code in page
    assert invoice.code not in client.get(LIST, {"q": "Nemo"}).content.decode()
    page = client.get(f"{LIST}{invoice.pk}/change/").content.decode()
    assert "Arcadia Cinemas Private Limited" in page
    assert "CGST 9 %: 19.07; SGST 9 %: 19.07" in page
    assert 'name="_save"' not in page
    response = client.get(f"/admin/documents/{invoice.pk}.pdf")
    assert response.content.startswith(b"%PDF")
    assert client.get("/admin/documents/999.pdf").status_code == 404


def test_the_list_is_exported_with_amounts_of_their_currency() -> None:
    make_documents()
    response = staff_client().get("/admin/export/documents/taxdocument/")
    text = response.getvalue().decode()
    assert "INR,211.86,38.14,250.00" in text


def test_the_list_needs_few_queries() -> None:
    assert_few_queries(staff_client(), "documents_taxdocument", make_documents)


def test_a_prefix_is_chosen_before_the_first_number_and_stays_after_it() -> None:
    client, show = staff_client(), make_taxed_show()
    series = {"cinema": show.screen.cinema_id, "kind": "INVOICE", "prefix": "arc", "year_begins": 4}
    add = "/admin/documents/documentseries/add/"
    assert "capital letters" in client.post(add, series).content.decode()
    client.post(add, series | {"prefix": "ARC"})
    made = DocumentSeries.objects.get()
    change = f"/admin/documents/documentseries/{made.pk}/change/"
    client.post(change, series | {"prefix": "ARCA"})
    make_paid(show, ["A1"])
    number_documents()
    assert TaxDocument.objects.get().code.startswith("ARCA/")
    client.post(change, series | {"prefix": "NEW"})
    made.refresh_from_db()
    assert made.prefix == "ARCA"
