"""The admin in a real browser: its scripts and styles obey the content security policy."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from shows.models import Show
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_order, make_payment, make_refund
from tests.support.screens import SMALL, Screen

SignIn = Callable[[Page, User], None]


@pytest.fixture
def staff_page(page: Page, sign_in: SignIn) -> Page:
    sign_in(page, User.objects.create_superuser("staff@example.com", name="Staff"))
    return page


def choose(page: Page, field: str, typed: str, option: str) -> None:
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").fill(typed)
    # The first list has more: it is gone once the results of the search are there.
    expect(page.locator(".select2-results__option")).to_have_text([re.compile(option)])
    page.get_by_role("option", name=option).click()
    expect(page.locator(f".field-{field} .select2-selection")).to_contain_text(option)


def test_a_show_is_scheduled_with_what_the_form_finds(staff_page: Page) -> None:
    make_movie("Amélie", duration_minutes=122)
    make_movie("Her")
    make_screen(cinema=make_cinema(name="Arcadia"))
    screen = make_screen(cinema=make_cinema(name="Regal", timezone="Asia/Kolkata"), name="Audi 1")
    evening = f"{timezone.now().year + 1}-03-07T19:30"

    staff_page.goto("/admin/shows/show/add/")
    choose(staff_page, "movie", "amelie", "Amélie")
    choose(staff_page, "screen", "regal", "Regal · Audi 1")
    staff_page.get_by_label("Starts at").fill(evening)
    staff_page.get_by_label("Standard price").fill("250")
    staff_page.get_by_label("Premium price").fill("400")
    staff_page.get_by_role("button", name="Save", exact=True).click()

    expect(staff_page.locator(".messagelist")).to_contain_text("was added successfully")
    show = Show.objects.get()
    assert show.screen == screen
    assert f"{show.local_start:%Y-%m-%dT%H:%M}" == evening


@pytest.mark.screens(SMALL)
def test_every_page_of_the_admin_keeps_to_the_policy_and_fits_a_phone(
    staff_page: Page, screen: Screen
) -> None:
    show = make_show()
    booking = make_booking(show, ["A1"], user=make_user())
    payment = make_payment(make_order(booking, state="PAID"), "CAPTURED")
    models = {
        "movies/genre": None,
        "movies/movie": show.movie_id,
        "shows/cinema": show.screen.cinema_id,
        "shows/screen": show.screen_id,
        "shows/show": show.pk,
        "bookings/booking": booking.pk,
        "payments/order": payment.order_id,
        "payments/payment": payment.pk,
        "payments/refund": make_refund(payment, 100).pk,
        "payments/dispute": None,
        "payments/providerevent": None,
        "accounts/user": booking.user_id,
    }

    staff_page.goto("/admin/")
    expect(staff_page.get_by_role("link", name="BookMyShow")).to_be_visible()
    for model, pk in models.items():
        for path in ("", *([f"{pk}/change/"] if pk else [])):
            response = staff_page.goto(f"/admin/{model}/{path}")
            assert response
            assert response.status == 200
            width = staff_page.evaluate("document.documentElement.scrollWidth")
            assert width <= screen.width, staff_page.url
