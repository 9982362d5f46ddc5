"""axe finds no violation on any page, on small and large screens, in both themes."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.models import User
from bookings import services
from bookings.payments.models import Refund
from bookings.tickets import services as tickets
from movies.models import Movie
from shows.models import Show
from tests.support.axe import violations
from tests.support.deployed_site import DeployedSite
from tests.support.factories import (
    begin,
    lapse,
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_refund, take_at_counter
from tests.support.screens import SMALL_AND_LARGE, Screen
from tests.support.touch import too_small

# `violations` checks both themes on each screen.
pytestmark = pytest.mark.screens(*SMALL_AND_LARGE)

PASSWORD = "marquee lights 9"


@pytest.fixture
def visit(visitor: Callable[..., BrowserContext], screen: Screen) -> Page:
    """A visitor with a phone, or with a mouse and a large screen."""
    return visitor(reduced_motion="reduce", has_touch=screen.width == 360).new_page()


def problems_of(page: Page, screen: Screen) -> list[str]:
    """What axe finds, and on a phone the controls that a finger would miss."""
    return violations(page) + (too_small(page) if screen.width == 360 else [])


def test_pages_for_everyone(visit: Page, screen: Screen) -> None:
    movie = make_movie("Past Lives", slug="past-lives", rating=8, certification="UA", cast=["A B"])
    show = make_show(movie=movie, starts_in=timedelta(days=1))
    make_booking(show, ["A1", "A2", "E1"])
    full = make_show("A ss", movie=movie, starts_in=timedelta(days=1, hours=1))
    Show.objects.filter(pk=full.pk).update(available_seats=0)
    make_movie("Not on", slug="not-on")
    make_movie("Later", slug="later", release_date=timezone.now().date() + timedelta(days=30))
    problems = []
    for path in (
        "/",
        "/?q=past",
        "/?q=zzzz",
        "/?list=soon",
        "/movies/past-lives/",
        "/movies/not-on/",
        "/movies/later/",
        f"/shows/{show.pk}/",
        "/accounts/signup/",
        "/accounts/login/?next=/bookings/",
        "/accounts/password-reset/",
        "/accounts/password-reset/sent/",
        "/accounts/password-reset/done/",
        "/accounts/password-reset/x/y/",
        "/nowhere/",
        "/offline/",
    ):
        visit.goto(path)
        problems += problems_of(visit, screen)
    visit.goto("/accounts/signup/")
    visit.locator("main").get_by_role("button", name="Sign up").click()
    expect(visit.locator("[aria-invalid=true]").first).to_be_visible()
    problems += problems_of(visit, screen)
    assert not problems


def test_pages_of_a_person(
    visit: Page, screen: Screen, sign_in: Callable[[Page, User], None]
) -> None:
    user = make_user(password=PASSWORD)
    show, other, third = make_show(), make_show(), make_show()
    ticket = make_booking(show, ["A1", "E1"], user=user)
    held = services.hold_seats(user=user, show_id=other.pk, labels=["B2"])
    gone = services.hold_seats(user=user, show_id=third.pk, labels=["C3"])
    lapse(gone)
    sign_in(visit, user)
    problems = []
    for path in (
        # First the pages of holds, which reload themselves when the time is over.
        "/bookings/",
        *(f"/bookings/{booking.reference}/" for booking in (held, ticket, gone)),
        f"/shows/{show.pk}/",
        "/accounts/profile/",
        "/accounts/profile/password/",
        "/accounts/profile/delete/",
    ):
        visit.goto(path)
        problems += problems_of(visit, screen)
    visit.goto("/")
    visit.locator("[data-menu] summary").click()
    problems += problems_of(visit, screen)
    assert not problems


def test_shows_that_are_over_full_or_refuse_and_what_a_friend_sees(
    visit: Page, screen: Screen, sign_in: Callable[[Page, User], None]
) -> None:
    user = make_user()
    begun, cancelled, full, open_show = make_show(), make_show(), make_show("A ss"), make_show()
    ticket = make_booking(open_show, ["A1"], user=user)
    make_booking(full, ["A1", "A2"])
    begin(begun)
    Show.objects.filter(pk=cancelled.pk).update(status="CANCELLED")
    token = tickets.share_token(ticket)
    sign_in(visit, user)
    problems = []
    for path in (
        *(show.get_absolute_url() for show in (begun, cancelled, full)),
        f"{open_show.get_absolute_url()}?seats=A1,A2",
        f"{open_show.get_absolute_url()}?party=0",
        f"/bookings/{ticket.reference}/share/",
        f"/shared/{token}/",
    ):
        visit.goto(path)
        problems += problems_of(visit, screen)
    services.cancel_booking(user=user, reference=ticket.reference)
    for path in (f"/bookings/{ticket.reference}/", f"/shared/{token}/"):
        visit.goto(path)
        problems += problems_of(visit, screen)
    sign_in(visit, make_user(is_staff=True))
    for path in ("/bookings/", "/admin/style/"):
        visit.goto(path)
        problems += problems_of(visit, screen)
    assert not problems


def test_pages_of_staff(visit: Page, sign_in: Callable[[Page, User], None]) -> None:
    show = make_show(screen=make_screen(cinema=make_cinema(name="Arcadia Lower Parel")))
    longer = make_show(movie=make_movie("Longer"))
    for label in ("A1", "A2"):
        make_booking(show, [label])
    Movie.objects.filter(title="Longer").update(duration_minutes=150)
    sign_in(visit, User.objects.create_superuser("boss@example.com", name="Boss"))
    problems = []
    for path in (
        "dashboard/",
        "shows/show/",
        "shows/show/day/",
        f"shows/show/recompute/?movie={longer.movie_id}",
        f"shows/show/{show.pk}/cancel/",
        f"shows/show/{show.pk}/move/",
    ):
        visit.goto(f"/admin/{path}")
        problems += violations(visit)
    visit.goto("/admin/shows/show/plan/")
    visit.get_by_label("Films").select_option(index=[0])
    visit.get_by_label("Screens").select_option(index=[0])
    for label, typed in (("Times", "10:00 01:15"), ("Standard", "250"), ("Premium", "400")):
        visit.get_by_label(label).fill(typed)
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_role("button", name="Schedule 14 shows")).to_be_visible()
    problems += violations(visit)
    assert not problems


def test_pages_of_the_counter(
    visit: Page, screen: Screen, sign_in: Callable[[Page, User], None]
) -> None:
    show, boss = make_show(), User.objects.create_superuser("boss@example.com", name="Boss")
    due, paid = (make_booking(show, [label]) for label in ("A1", "A2"))
    payment = take_at_counter(boss, paid)
    owed = take_at_counter(boss, make_booking(show, ["A3"]))
    make_refund(owed, owed.captured, state=Refund.State.MANUAL, next_try_at=None)
    sign_in(visit, boss)
    problems = []
    for path in (
        "",
        f"{due.reference}/",
        f"{paid.reference}/?given={payment.captured + 5_000}",
        "refunds/",
        "cash-up/",
    ):
        visit.goto(f"/counter/{path}")
        problems += problems_of(visit, screen)
    visit.goto(f"/door/{show.pk}/")
    visit.get_by_label("Reference").fill(due.reference)
    visit.get_by_role("button", name="Check").click()
    expect(visit.get_by_role("heading", name="To pay: ₹250")).to_be_visible()
    problems += problems_of(visit, screen)
    assert not problems


@pytest.mark.screens  # It chooses its own.
def test_the_takings_are_in_view_on_a_phone(
    visitor: Callable[..., BrowserContext], sign_in: Callable[[Page, User], None]
) -> None:
    visit = visitor(viewport={"width": 390, "height": 800}).new_page()
    cinema = make_cinema(name="Arcadia Lower Parel", timezone="Pacific/Kiritimati")
    screen = make_screen(cinema=cinema)
    make_booking(make_show(screen=screen, standard_price=Decimal(999_999)), ["A1", "A2"])
    sign_in(visit, User.objects.create_superuser("boss@example.com", name="Boss"))
    visit.goto("/admin/dashboard/")
    tables = visit.locator(".module.results")
    expect(tables).to_have_count(3)
    assert tables.evaluate_all("all => all.map(each => each.scrollWidth - each.clientWidth)") == [
        0,
        0,
        0,
    ]


FAULTS = (
    "400",
    "403",
    "403_csrf",
    "500",
    "errors/database_away",
    "errors/maintenance",
    "errors/too_busy",
    "errors/too_many_attempts",
    "site/offline",
)


def test_pages_of_faults(
    visitor: Callable[..., BrowserContext], deployed_site: DeployedSite
) -> None:
    # A service worker would ask the site itself, past the routes below.
    visit = visitor(reduced_motion="reduce", service_workers="block").new_page()
    problems = []
    for name in FAULTS:
        context = {"request": RequestFactory().get("/"), "retry_after": 900}
        body = render_to_string(f"{name}.html", context)
        address = f"{deployed_site.url}/fault/{name}/"
        visit.route(address, partial(Route.fulfill, body=body, content_type="text/html"))
        visit.goto(address)
        assert visit.locator("h1").inner_text() in body
        problems += violations(visit)
    assert not problems
