"""The pages of the waiting list, for people with an account and for visitors (docs/spec.md §20)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.registry import Drop, kind_of
from bookings import services
from bookings.models import Booking
from bookings.show_changes.services import move_show
from bookings.waiting_list import services as waiting
from bookings.waiting_list.errors import OffersPassed
from bookings.waiting_list.links import place_link
from bookings.waiting_list.models import Entry
from shows.models import Show
from tests.support.factories import hall, lapse, make_show, make_user
from tests.support.waiting_list import join, line_of, offer_to, sell_out

pytestmark = pytest.mark.django_db

JOIN = "Join the waiting list"


@pytest.fixture
def sold() -> Booking:
    return sell_out(make_show(hall(1, 2)))


def page(client: Client, show: Show, query: str = "") -> str:
    return client.get(f"{show.get_absolute_url()}{query}").content.decode()


def post_join(client: Client, show: Show, **fields: str) -> Any:
    values = {"waiting-seats": "1", "waiting-together": "on"}
    values |= {f"waiting-{name}": value for name, value in fields.items()}
    return client.post(f"/shows/{show.pk}/waiting/join/", values)


def composed(kind: str) -> EmailMultiAlternatives:
    """The newest mail of this kind, as the outbox sends it."""
    message = Message.objects.filter(kind=kind).latest("pk")
    mail = kind_of(kind).compose(message)
    assert isinstance(mail, EmailMultiAlternatives), mail
    return mail


def link_in(mail: EmailMultiAlternatives, path: str) -> str:
    found = re.search(rf"https?://[^/\s]+({path}[^\s]*)", str(mail.body))
    assert found, mail.body
    return found[1]


class TestWithAnAccount:
    def test_one_press_joins_and_the_page_says_the_place(
        self, client: Client, sold: Booking
    ) -> None:
        join(sold.show, seats=2)
        client.force_login(make_user(email_confirmed_at=timezone.now()))
        assert JOIN in page(client, sold.show)
        response = post_join(client, sold.show)
        assert response.url == f"/shows/{sold.show_id}/#waiting"
        shown = page(client, sold.show)
        assert "You are number 2 in line" in shown
        assert "You wait for 1 seat." in shown
        assert JOIN not in shown
        assert not Message.objects.filter(kind="waiting-confirm").exists()

    def test_the_form_asks_for_no_address_and_for_wheelchairs_only_where_there_are_places(
        self, client: Client, sold: Booking
    ) -> None:
        client.force_login(make_user(email_confirmed_at=timezone.now()))
        shown = page(client, sold.show)
        assert "waiting-email" not in shown
        assert "waiting-wheelchair" not in shown
        assert "waiting-wheelchair" in page(client, make_show())

    def test_the_panel_alone_tells_an_open_page_of_the_offer(
        self, client: Client, sold: Booking
    ) -> None:
        entry = join(sold.show)
        client.force_login(entry.user)
        address = f"/shows/{sold.show_id}/waiting/"
        assert "You are next in line" in client.get(address).content.decode()
        services.cancel_booking(user=sold.user, reference=sold.reference)
        offer = offer_to(entry)
        shown = client.get(address).content.decode()
        assert f"{offer.seats[0]} is offered to you" in shown
        assert f"{offer.expires_at.astimezone(sold.show.screen.cinema.tz):%H:%M}" in shown
        assert offer.get_absolute_url() in shown
        lapse(offer)
        shown = client.get(address).content.decode()
        assert "Your offer is over" in shown
        assert "While the show is sold out" in shown, "with free seats there is no list to join"

    def test_a_person_can_leave_and_nobody_else_can_for_them(
        self, client: Client, sold: Booking
    ) -> None:
        entry = join(sold.show)
        client.force_login(make_user(email_confirmed_at=timezone.now()))
        assert client.post(f"/waiting/{entry.pk}/leave/").status_code == 404
        client.force_login(entry.user)
        assert client.post(f"/waiting/{entry.pk}/leave/")["Location"] == f"/shows/{sold.show_id}/"
        assert line_of(sold.show) == []

    def test_refusals_say_why_on_the_page_of_the_show(self, client: Client) -> None:
        show = make_show(hall(1, 2))
        client.force_login(make_user(email_confirmed_at=timezone.now()))
        response = post_join(client, show)
        assert response.status_code == 409
        assert "There are such seats right now" in response.content.decode()
        response = post_join(client, show, seats="99")
        assert response.status_code == 422

    def test_a_party_that_found_no_seats_together_can_join(self, client: Client) -> None:
        show = make_show(hall(1, 2))
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])
        assert "waiting--wanted" not in page(client, show)
        shown = page(client, show, "?party=2")
        assert "waiting--wanted" in shown
        assert '<option value="2" selected>' in shown[shown.index("waiting-seats") :]

    def test_an_address_that_is_not_proved_gets_a_mail_first(
        self, client: Client, sold: Booking
    ) -> None:
        """Otherwise accounts with made-up addresses could fill the line."""
        person = make_user("mira@example.com")
        client.force_login(person)
        assert "First we send a link to your address" in page(client, sold.show)
        assert post_join(client, sold.show).status_code == 302
        assert line_of(sold.show) == []
        path = link_in(composed("waiting-confirm"), "/waiting/confirm/")
        assert client.post(path).status_code == 302
        (entry,) = line_of(sold.show)
        assert entry.user == person
        person.refresh_from_db()
        assert person.email_confirmed_at is not None

    def test_a_link_to_one_mailbox_brings_no_other_accounts_into_the_line(
        self, client: Client, sold: Booking
    ) -> None:
        post_join(client, sold.show, email="anna@example.com")
        path = link_in(composed("waiting-confirm"), "/waiting/confirm/")
        client.force_login(make_user("made-up@example.com"))
        response = client.post(path)
        assert response.status_code == 409
        assert "Confirm the address of your account first" in response.content.decode()
        assert line_of(sold.show) == []

    def test_who_let_three_offers_pass_gets_no_place_any_more(
        self, client: Client, sold: Booking
    ) -> None:
        """Two people could keep seats in offers for ever, in turn, without buying them."""
        first, second = make_user(), make_user()
        entry = join(sold.show, user=first, seats=2)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        for person in (second, first, second, first, second):
            following = join(sold.show, user=person, seats=2)
            waiting.leave(user=entry.user, entry_id=entry.pk)
            entry = following
            offer_to(entry)
        with pytest.raises(OffersPassed):
            join(sold.show, user=first, seats=2)
        client.force_login(first)
        third = Booking.objects.filter(user=first, is_offer=True).latest("pk")
        ended = client.get(third.get_absolute_url()).content.decode()
        assert "third offer for this show, and the last one" in ended
        assert JOIN not in page(client, sold.show)
        words = " ".join(str(composed("waiting-offer").body).split())
        assert "third offer for this show, and the last one" in words


class TestAsAVisitor:
    def test_the_place_counts_from_the_mailed_link(self, client: Client, sold: Booking) -> None:
        response = post_join(client, sold.show, email="anna@example.com", seats="2")
        assert response.url == sold.show.get_absolute_url(), "the top, where the next step is said"
        assert "press the button" in page(client, sold.show)
        assert line_of(sold.show) == []
        assert not User.objects.filter(is_guest=True).exists()
        mail = composed("waiting-confirm")
        assert "press the button" in str(mail.body)
        address = link_in(mail, "/waiting/confirm/")
        assert "anna" not in address
        other = Client()
        shown = other.get(address)
        assert "For 2 seats together" in shown.content.decode()
        assert line_of(sold.show) == []
        response = other.post(address)
        (entry,) = line_of(sold.show)
        assert entry.user.is_guest
        assert entry.user.email == "anna@example.com"
        assert entry.user.email_confirmed_at is not None
        assert "You are next in line" in page(other, sold.show)
        for header in ("no-store", "strict-origin", "noindex"):
            assert header in str(shown.headers)

    def test_one_link_gives_one_place_in_any_number_of_browsers(
        self, client: Client, sold: Booking
    ) -> None:
        post_join(client, sold.show, email="anna@example.com")
        address = link_in(composed("waiting-confirm"), "/waiting/confirm/")
        for browser in (Client(), Client()):
            browser.post(address)
            assert "You are next in line" in page(browser, sold.show)
        assert len(line_of(sold.show)) == 1

    def test_one_mailbox_has_one_place_in_any_spelling(self, client: Client, sold: Booking) -> None:
        for email in ("anna@example.com", "Anna@example.com"):
            Message.objects.all().delete()
            post_join(client, sold.show, email=email)
            Client().post(link_in(composed("waiting-confirm"), "/waiting/confirm/"))
        assert len(line_of(sold.show)) == 1

    def test_an_address_of_an_account_gives_no_right_to_the_account(
        self, client: Client, sold: Booking
    ) -> None:
        account = make_user("anna@example.com")
        post_join(client, sold.show, email="anna@example.com")
        client.post(link_in(composed("waiting-confirm"), "/waiting/confirm/"))
        (entry,) = line_of(sold.show)
        assert entry.user != account
        assert entry.user.is_guest

    def test_a_wrong_address_or_link_says_what_to_do(self, client: Client, sold: Booking) -> None:
        response = post_join(client, sold.show, email="anna")
        assert response.status_code == 422
        assert "not a complete email address" in response.content.decode()
        for path in ("/waiting/confirm/made-up/", "/waiting/place/made-up/"):
            response = client.get(path)
            assert response.status_code == 410
            assert "doesn’t work any more" in response.content.decode()

    def test_mails_to_one_address_are_limited(
        self, client: Client, sold: Booking, settings: Any
    ) -> None:
        settings.RATE_LIMITS = True
        statuses = [
            post_join(client, sold.show, email="often@example.com").status_code for _ in range(6)
        ]
        assert statuses == [302] * 5 + [429]


class TestMails:
    def offered(self, sold: Booking) -> Entry:
        entry = join(sold.show, seats=2)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        return entry

    def test_an_offer_says_until_when_and_how_to_leave(self, client: Client, sold: Booking) -> None:
        entry = self.offered(sold)
        offer = offer_to(entry)
        mail = composed("waiting-offer")
        until = f"{offer.expires_at.astimezone(sold.show.screen.cinema.tz):%H:%M}"
        assert f"yours until {until}" in mail.subject
        for text in (str(mail.body), str(mail.alternatives[0][0])):
            assert f"until {until}, Mumbai time" in text
            assert "R1-1, R1-2" in text
            assert "₹500" in text
            assert offer.get_absolute_url() in text
            assert "/waiting/place/" in text
            assert "You can join the list again" in " ".join(text.split())
        assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail.extra_headers["List-Unsubscribe"] == f"<{place_link(entry.pk)}>"

    def test_a_mail_about_an_offer_that_is_over_is_dropped(self, sold: Booking) -> None:
        entry = self.offered(sold)
        services.release_hold(user=entry.user, reference=offer_to(entry).reference)
        message = Message.objects.get(kind="waiting-offer")
        assert isinstance(kind_of("waiting-offer").compose(message), Drop)

    def test_one_click_leaves_without_a_form_of_ours(self, sold: Booking) -> None:
        entry = join(sold.show)
        client = Client(enforce_csrf_checks=True)
        path = place_link(entry.pk).split("//", 1)[1]
        path = path[path.index("/") :]
        assert "You are next in line" in client.get(path).content.decode()
        assert line_of(sold.show) == [entry]
        response = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert "You have left the waiting list" in response.content.decode()
        assert line_of(sold.show) == []
        assert client.post(path).status_code == 200

    def test_a_moved_show_is_mailed_with_both_times(self, sold: Booking) -> None:
        join(sold.show)
        before = sold.show.local_start
        later = sold.show.starts_at + timedelta(hours=2)
        move_show(by=make_user(is_staff=True), show_id=sold.show_id, starts_at=later)
        mail = composed("waiting-moved")
        zone = sold.show.screen.cinema.tz
        assert f"{before:%H:%M}" in str(mail.body)
        assert f"{later.astimezone(zone):%H:%M}" in str(mail.body)
        assert "You keep your place in line" in " ".join(str(mail.body).split())

    @pytest.mark.parametrize("is_cancelled", [True, False])
    def test_the_end_of_a_list_says_why(self, sold: Booking, is_cancelled: bool) -> None:
        join(sold.show)
        show = sold.show
        why = waiting.Why.CANCELLED if is_cancelled else waiting.Why.BEGINS_SOON
        waiting.close_list(show, show.starts_at, why)
        mail = composed("waiting-over")
        words = "had to cancel this show" if is_cancelled else "The show begins soon"
        assert words in str(mail.body)
