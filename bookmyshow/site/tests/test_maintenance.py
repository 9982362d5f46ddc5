import pytest
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def closed(settings: Settings) -> Client:
    settings.MAINTENANCE = True
    return Client()


def test_maintenance_is_a_503_page_with_retry_after(closed: Client) -> None:
    response = closed.get("/movies/anything/")
    assert response.status_code == 503
    assert response["Retry-After"] == "300"
    assert "A short interval." in response.content.decode()


def test_the_api_answers_with_its_own_error(closed: Client) -> None:
    response = closed.get("/api/movies")
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_without_maintenance_pages_work(client: Client) -> None:
    assert client.get("/robots.txt").status_code == 200
