"""The waiting room through nginx, with the files of ops/nginx: the site is asked once a second."""

import json
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.support.deployed_site import DeployedSite, free_port
from tests.support.factories import make_show, make_user
from tests.support.nginx import nginx
from tests.support.on_sale import make_sale

REQUESTS = 200
#: Only against a hang.
PATIENCE_SECONDS = 60


@pytest.mark.usefixtures("transactional_db")
def test_many_people_are_one_request_a_second_and_nobody_s_cookie_counts(
    deployed_site: DeployedSite, tmp_path: Path
) -> None:
    sale, client = make_sale(make_show()), Client()
    client.force_login(make_user())
    session = f"sessionid={client.cookies['sessionid'].value}"
    port = urlsplit(deployed_site.url).port
    assert port
    with nginx("compose.conf", tmp_path, upstream=port, live=free_port()) as url:

        def get(path: str, cookie: str = "") -> bytes:
            address = f"{url}{path}"
            request = urllib.request.Request(address, headers={"Cookie": cookie})
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                assert "Set-Cookie" not in answer.headers
                assert answer.headers["Cache-Control"].startswith("public, max-age=")
                body: bytes = answer.read()
                return body

        begun = time.monotonic()
        room, api = f"/waiting-room/{sale.pk}/", f"/api/waiting-rooms/{sale.pk}"
        pages, programs = set(), set()
        for _ in range(REQUESTS):
            pages.add(json.loads(get(f"{room}state.json", session))["now"])
            programs.add(json.loads(get(api, session))["data"]["now"])
        seconds = time.monotonic() - begun
        # Each clock is an answer of the site.
        assert len(pages) <= seconds + 2
        assert len(programs) <= seconds + 2
        assert get(room, session) == get(room)
