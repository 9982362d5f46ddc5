from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.support.factories import make_screen

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_plan_is_drawn_as_it_is_typed_and_errors_name_their_line(
    page: Page, sign_in: Callable[[Page, User], None]
) -> None:
    sign_in(page, User.objects.create_superuser("plans@example.com", name="Ira"))
    page.goto(f"/admin/shows/screen/{make_screen().pk}/change/")
    plan = page.get_by_label("Seating plan:")
    expect(page.get_by_text("50 seats:")).to_be_visible()
    plan.fill("A sss__sss\nB pppp")
    expect(page.get_by_role("img", name="10 seats, the screen above")).to_be_visible()
    plan.fill("A sss__sss\nB pp!p")
    expect(page.get_by_role("alert")).to_contain_text("Line 2: '!' is not a cell")
