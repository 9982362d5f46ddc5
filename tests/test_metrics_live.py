"""Metrics of the site as deployed: several processes, and a browser."""

import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.live_site import LiveSite, serve

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "scrape-token-of-the-tests"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with serve(tmp_path_factory.mktemp("site"), METRICS_TOKEN=TOKEN) as site:
        yield site


def sample(site: LiveSite, line: str) -> float:
    """The value of the sample that starts with `line`; 0 where there is none."""
    request = urllib.request.Request(
        f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(each.split()[-1]) for each in text.splitlines() if each.startswith(line))


def test_all_workers_add_up_and_a_browser_tells_how_fast_a_page_was(
    site: LiveSite, browser: Browser
) -> None:
    for _ in range(20):
        with urllib.request.urlopen(f"{site.url}/sitemap.xml", timeout=10) as answer:
            answer.read()
    home = 'bookmyshow_request_seconds_count{view="sitemap"}'
    assert {sample(site, home) for _ in range(5)} == {20}
    page = browser.new_page()
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    give_up = time.monotonic() + 10
    while not sample(site, 'bookmyshow_page_load_seconds_count{metric="TTFB",view="movies:home"}'):
        assert time.monotonic() < give_up, "no measure came"
        time.sleep(0.2)
    page.close()
    # The log of a deployed site is JSON from gunicorn's first line on.
    lines = site.log.read_text().splitlines()
    assert lines
    assert all(line.startswith('{"time": ') for line in lines), lines[:3]
