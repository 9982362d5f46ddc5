"""The waiting room through nginx, with the files of ops/nginx: the site is asked once a second."""

import json
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.support.factories import make_show, make_user
from tests.support.live_site import LiveSite, free_port
from tests.support.nginx import nginx
from tests.support.on_sale import make_sale

REQUESTS = 200
#: Only against a hang.
PATIENCE_SECONDS = 60


@pytest.mark.usefixtures("transactional_db")
def test_many_people_are_one_request_a_second_and_nobody_s_cookie_counts(
    live_site: LiveSite, tmp_path: Path
) -> None:
    sale, client = make_sale(make_show()), Client()
    client.force_login(make_user())
    session = f"sessionid={client.cookies['sessionid'].value}"
    port = urlsplit(live_site.url).port
    assert port
    with nginx("compose.conf", tmp_path, upstream=port, live=free_port()) as url:

        def get(path: str, cookie: str = "") -> bytes:
            address = f"{url}/waiting-room/{sale.pk}/{path}"
            request = urllib.request.Request(address, headers={"Cookie": cookie})
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                assert "Set-Cookie" not in answer.headers
                assert answer.headers["Cache-Control"].startswith("public, max-age=")
                body: bytes = answer.read()
                return body

        begun = time.monotonic()
        clocks = {json.loads(get("state.json", session))["now"] for _ in range(REQUESTS)}
        seconds = time.monotonic() - begun
        assert len(clocks) <= seconds + 2, "each clock is an answer of the site"
        assert get("", session) == get("")
