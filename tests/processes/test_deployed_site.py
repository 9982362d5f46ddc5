"""The fixtures of the browser tests: a deployed site on the tests' database."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.support.deployed_site import DeployedSite


def test_a_user_made_by_the_test_signs_in_through_the_form(page: Page) -> None:
    User.objects.create_superuser(
        email="ada@example.com", password="correct horse battery", name="Ada"
    )
    page.goto("/admin/login/")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_sign_in_works_without_the_form(page: Page, sign_in: Callable[[Page, User], None]) -> None:
    ada = User.objects.create_superuser(email="ada@example.com", password="x", name="Ada")
    sign_in(page, ada)
    page.goto("/admin/")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_static_files_are_served_by_their_hashed_names(
    page: Page, deployed_site: DeployedSite
) -> None:
    page.goto("/admin/login/")
    address = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    assert address is not None
    response = page.request.get(deployed_site.url + address)
    assert response.ok
    assert "immutable" in response.headers["cache-control"]
