"""The payment sandbox's page in a browser without JavaScript, by keyboard, and for axe."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.axe import violations
from tests.support.browser import Chromium
from tests.support.provider_clients import Razorpay, stripe_client
from tests.support.sandbox import Sandbox
from tests.support.screens import EVERY_SCREEN, SMALL_AND_LARGE, Screen

FILM = "Anatomy of a Fall, Thursday 26 November, 19:30, Screen 2: seat A1"


@pytest.fixture
def visit(chromium: Chromium, screen: Screen) -> Iterator[Page]:
    """A browser without JavaScript."""
    looks = {"viewport": screen.viewport, "color_scheme": screen.theme}
    with chromium.context(**looks, java_script_enabled=False) as context:
        yield context.new_page()


@pytest.fixture
def page(chromium: Chromium, screen: Screen) -> Iterator[Page]:
    """A page with JavaScript. Not one of `deployed_site`, which these tests do not need."""
    looks = {"viewport": screen.viewport, "color_scheme": screen.theme}
    with chromium.context(**looks) as context:
        yield context.new_page()


def new_page(sandbox: Sandbox) -> str:
    """The address of the page of a new session. Its ways back lead to the sandbox's own start."""
    price = {"currency": "inr", "unit_amount": 35_000, "product_data": {"name": FILM}}
    values: Any = {
        "mode": "payment",
        "client_reference_id": "BMO1",
        "payment_intent_data": {"capture_method": "manual"},
        "line_items": [{"price_data": price, "quantity": 2}],
        "success_url": f"{sandbox.url}/?paid",
        "cancel_url": f"{sandbox.url}/?back",
    }
    return str(stripe_client(sandbox).v1.checkout.sessions.create(values).url)


def test_a_customer_is_declined_tries_again_and_pays(visit: Page, sandbox: Sandbox) -> None:
    visit.goto(new_page(sandbox))
    expect(visit.get_by_text("no money moves")).to_be_visible()
    visit.get_by_role("button", name="Decline this payment").click()
    expect(visit.get_by_role("alert")).to_contain_text("nothing was taken")
    visit.get_by_role("button", name="Pay ₹700.00").click()
    visit.wait_for_url(f"{sandbox.url}/?paid")
    assert sandbox.facts("BMO1")["authorised"] == 70_000
    visit.go_back()
    visit.reload()
    expect(visit.get_by_role("heading", name="Paid: ₹700.00")).to_be_visible()


def test_a_customer_goes_back_without_paying(visit: Page, sandbox: Sandbox) -> None:
    visit.goto(new_page(sandbox))
    visit.get_by_role("link", name="Go back without paying").click()
    visit.wait_for_url(f"{sandbox.url}/?back")
    assert sandbox.facts("BMO1")["payments"] == []


def test_a_fault_is_chosen_by_a_link(visit: Page, sandbox: Sandbox) -> None:
    visit.goto(new_page(sandbox))
    visit.get_by_text("Let something go wrong").click()
    visit.get_by_role("link", name="Another amount is paid").click()
    expect(visit.get_by_text("What goes wrong: wrong_amount.")).to_be_visible()
    visit.get_by_role("button", name="Pay ₹700.00").click()
    visit.wait_for_url(f"{sandbox.url}/?paid")
    assert sandbox.facts("BMO1")["authorised"] == 69_900


@pytest.mark.screens(*EVERY_SCREEN)
def test_no_page_is_wider_than_the_screen_or_has_a_problem_for_axe(
    page: Page, screen: Screen, sandbox: Sandbox
) -> None:
    address = new_page(sandbox)
    problems = []
    for path in ("", "?declined", "?scheduled=60", "?fault=slow@capture:8"):
        page.goto(address + path)
        problems += found_on(page, screen)
    sandbox.pay("BMO1")
    page.goto(address)
    problems += found_on(page, screen)
    expired = new_page(sandbox)
    sandbox.control("POST", f"purchases/{expired.rpartition('/')[2]}/expire")
    for other in (expired, f"{sandbox.url}/", f"{sandbox.url}/pay/none"):
        page.goto(other)
        problems += found_on(page, screen)
    order = Razorpay(sandbox).post("orders", {"amount": 700, "currency": "INR"})["id"]
    sandbox.pay(order)
    page.goto(f"{sandbox.url}/pay/{order}/return")
    problems += found_on(page, screen)
    assert problems == []


def found_on(page: Page, screen: Screen) -> list[str]:
    assert page.evaluate("document.documentElement.scrollWidth") <= screen.width, page.url
    return violations(page)


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_every_control_is_reached_by_the_keyboard_and_shows_the_focus(
    page: Page, screen: Screen, sandbox: Sandbox
) -> None:
    page.goto(new_page(sandbox))
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        expect(focused).to_have_css("outline-style", "solid")
        reached.append(focused.inner_text().partition("\n")[0])
    assert reached == [
        "Pay ₹700.00",
        "Pay by bank transfer (at once)",
        "Decline this payment",
        "in 10 seconds",
        "Pay later",
        "Go back without paying",
        "Let something go wrong",
    ]
