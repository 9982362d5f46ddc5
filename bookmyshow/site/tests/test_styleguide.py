import pytest
from django.test import Client
from django.urls import reverse

from tests.support.factories import make_movie, make_user

pytestmark = pytest.mark.django_db


def test_the_style_page_is_for_staff(client: Client) -> None:
    client.force_login(make_user())
    assert client.get(reverse("style")).status_code == 302


def test_the_style_page_shows_every_component(client: Client) -> None:
    make_movie("Her")
    client.force_login(make_user(is_staff=True))
    page = client.get(reverse("style")).content.decode()
    for words in ("The one action", "Sold out", "Her", "Write an email address", "No tickets yet."):
        assert words in page
    for icon in ("search", "ticket", "wheelchair"):
        assert f"#{icon}" in page
