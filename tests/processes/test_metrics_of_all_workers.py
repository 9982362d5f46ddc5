"""Metrics of the site as deployed: several processes, and a browser."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Chromium
from tests.support.deployed_site import DeployedSite, serve

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "scrape-token-of-the-tests"
VISITS = 3
SEEN_AND_UNDER_THE_WORKER = """async () => {
  const { serviceWorker } = navigator;
  if (!serviceWorker.controller) {
    await new Promise((done) => serviceWorker.addEventListener("controllerchange", done));
  }
  await new Promise((done) => new PerformanceObserver(done)
    .observe({ type: "largest-contentful-paint", buffered: true }));
}"""


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedSite]:
    with serve(tmp_path_factory.mktemp("site"), METRICS_TOKEN=TOKEN) as site:
        yield site


def sample(site: DeployedSite, line: str) -> float:
    """The sum of the samples that start with `line`; 0 if there are none."""
    request = urllib.request.Request(
        f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read().decode()
    return sum(float(each.split()[-1]) for each in text.splitlines() if each.startswith(line))


def test_all_workers_add_up_and_the_log_is_json_from_its_first_line(site: DeployedSite) -> None:
    for _ in range(20):
        with urllib.request.urlopen(f"{site.url}/sitemap.xml", timeout=60) as answer:
            answer.read()
    sitemaps = 'bookmyshow_request_seconds_count{view="sitemap"}'
    assert {sample(site, sitemaps) for _ in range(5)} == {20}
    lines = site.log.read_text().splitlines()
    assert lines
    assert all(line.startswith('{"time": ') for line in lines), lines[:3]


def test_the_folder_they_add_up_in_goes_with_the_site(tmp_path: Path) -> None:
    with serve(tmp_path, TMPDIR=str(tmp_path)):
        assert len(list(tmp_path.glob("bookmyshow-metrics-*"))) == 1
    assert list(tmp_path.glob("bookmyshow-metrics-*")) == []


def test_a_browser_tells_how_fast_each_page_was_as_it_is_left(
    site: DeployedSite, chromium: Chromium
) -> None:
    """Also for pages with a service worker, whose fetch of the measures could be lost on
    leaving."""
    with chromium.context() as context:
        page = context.new_page()
        for _ in range(VISITS):
            page.goto(site.url)
            page.evaluate(SEEN_AND_UNDER_THE_WORKER)
            page.goto("about:blank")
        counts = {
            f'bookmyshow_page_load_seconds_count{{metric="{metric}",view="listings:home"}}': VISITS
            for metric in ("TTFB", "FCP", "LCP")
        }
        counts['bookmyshow_layout_shift_count{view="listings:home"}'] = VISITS
        give_up = time.monotonic() + 60
        while (got := {line: sample(site, line) for line in counts}) != counts:
            assert time.monotonic() < give_up, got
            time.sleep(0.2)
