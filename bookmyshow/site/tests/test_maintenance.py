import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def closed(settings: Settings) -> Client:
    settings.MAINTENANCE = True
    return Client()


def test_closed_for_maintenance_is_a_page_of_ours_with_a_time_to_come_back(closed: Client) -> None:
    response = closed.get("/movies/anything/")
    assert response.status_code == 503
    assert response["Retry-After"] == "300"
    assert "A short interval." in response.content.decode()


def test_programs_are_told_in_their_own_words(closed: Client) -> None:
    response = closed.get("/api/movies")
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_pages_open_when_the_house_does(client: Client) -> None:
    assert client.get("/robots.txt").status_code == 200
