"""Staff see the places in line and take people off (docs/spec.md §20)."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bookings import services
from bookings.waiting_list.models import Entry
from tests.support.factories import hall, make_show, make_user
from tests.support.waiting_list import breaches, join, line_of, offer_to, sell_out

pytestmark = pytest.mark.django_db

LIST = "/admin/waiting/entry/"


def test_the_list_says_the_place_of_each_and_how_many_wait(admin_client: Client) -> None:
    show = make_show(hall(1, 2))
    sold = sell_out(show)
    first, second, third = join(show), join(show, seats=2), join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    page = admin_client.get(LIST).content.decode()
    assert "1 of 1" in page
    assert line_of(show) == [second]
    for entry in (first, third):
        assert offer_to(entry).seats[0] in page


def test_taking_a_person_off_is_audited_and_asks_the_next(admin_client: Client) -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    first, second = join(show), join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    offer_to(first)
    response = admin_client.post(LIST, {"action": "take_off", "_selected_action": [str(first.pk)]})
    assert response.status_code == 302
    first.refresh_from_db()
    assert first.state == Entry.State.LEFT
    assert offer_to(second).is_offer
    (line,) = LogEntry.objects.filter(object_id=str(first.pk), content_type__model="entry")
    assert line.change_message == "Taken off the waiting list (1 seat)."
    assert breaches() == []


def test_nobody_changes_or_deletes_a_place(admin_client: Client) -> None:
    show = make_show(hall(1, 1))
    sell_out(show)
    entry = join(show)
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_only_who_may_cancel_for_customers_takes_people_off() -> None:
    show = make_show(hall(1, 1))
    sell_out(show)
    entry = join(show)
    clerk = make_user(is_staff=True)
    client = Client()
    client.force_login(clerk)
    client.post(LIST, {"action": "take_off", "_selected_action": [str(entry.pk)]})
    assert line_of(show) == [entry]
