import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken")


urlpatterns = [path("broken/", broken), path("", include("bookmyshow.urls"))]
handler500 = "bookmyshow.site.error_pages.server_error"


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    ids = {client.get(path).headers["X-Request-ID"] for path in ("/", "/", "/nothing/", "/metrics")}
    assert len(ids) == 4
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


def test_an_id_from_a_proxy_is_kept(client: Client) -> None:
    answer = client.get("/", headers={"X-Request-ID": "edge-1234.5678"})
    assert answer.headers["X-Request-ID"] == "edge-1234.5678"


@pytest.mark.parametrize("given", ["short", "with space in it", 'quote"quote"quote', "x" * 65])
def test_an_id_that_could_spoil_a_log_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_the_error_page_shows_it(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    answer = Client(raise_request_exception=False).get("/broken/")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.content.decode()


def test_the_apis_error_repeats_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookmyshow.site.health.sweep_heartbeat.is_late", lambda: 1 // 0)
    answer = client.get("/api/health/ready")
    assert answer.status_code == 500
    assert answer.json()["error"]["details"]["id"] == answer.headers["X-Request-ID"]
