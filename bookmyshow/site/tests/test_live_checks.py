from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pytest_django import Settings

from bookmyshow.site import live_checks


class Healthy(BaseHTTPRequestHandler):
    """Stands in for the proxy and the process behind it."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/live/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_without_the_setting_the_map_is_off_and_nothing_is_wrong(settings: Settings) -> None:
    settings.LIVE_URL = ""
    found = live_checks.live_map()
    assert found.text.startswith("off")
    assert not found.advice


@pytest.mark.parametrize("where", ["of the site", "of this host", "another host"])
def test_a_process_that_answers_is_found_and_a_missing_one_is_an_error(
    settings: Settings, where: str
) -> None:
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        port = server.server_port
        Thread(target=server.serve_forever, daemon=True).start()
        settings.SITE_URL = f"http://127.0.0.1:{port}"
        settings.LIVE_URL = {
            "of the site": "/live/",
            "of this host": f":{port}/live/",
            "another host": f"http://127.0.0.1:{port}/live/",
        }[where]
        assert not live_checks.live_map().advice
        settings.LIVE_URL = settings.LIVE_URL.replace("/live/", "/elsewhere/")
        assert "404" in live_checks.live_map().text
        server.shutdown()
    found = live_checks.live_map()
    assert found.is_error
    assert "`live`" in found.advice
