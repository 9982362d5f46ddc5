import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from PIL import Image

from tests.support.factories import make_movie, make_show


@pytest.mark.django_db
def test_the_sitemap_lists_home_and_every_film(client: Client) -> None:
    movie = make_movie()
    text = client.get("/sitemap.xml").content.decode()
    assert "<loc>http://testserver/</loc>" in text
    assert f"<loc>http://testserver{movie.get_absolute_url()}</loc>" in text
    assert f"<lastmod>{movie.updated_at:%Y-%m-%d}</lastmod>" in text


@pytest.mark.django_db
def test_the_sitemap_leaves_out_archived_films(client: Client) -> None:
    gone = make_movie(archived_at=timezone.now())
    assert gone.get_absolute_url() not in client.get("/sitemap.xml").content.decode()


def test_robots_txt_excludes_private_pages_and_names_the_sitemap(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /bookings/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_the_manifest_names_pictures_that_exist_in_their_sizes(client: Client) -> None:
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    data = response.json()
    icons = [icon for shortcut in data["shortcuts"] for icon in shortcut["icons"]]
    for picture in [*data["icons"], *data["screenshots"], *icons]:
        path = finders.find(picture["src"].removeprefix("/static/"))
        assert path
        if picture["sizes"] != "any":
            with Image.open(path) as image:
                assert picture["sizes"] == f"{image.width}x{image.height}"
                assert picture["type"] == image.get_format_mimetype()


@pytest.mark.django_db
def test_the_shortcuts_of_the_manifest_lead_to_pages(client: Client) -> None:
    data = client.get("/manifest.webmanifest").json()
    for shortcut in data["shortcuts"]:
        assert client.get(shortcut["url"], follow=True).status_code == 200


def test_the_parts_of_the_service_worker_are_one_script(client: Client) -> None:
    script = client.get("/sw.js").content.decode()
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    names = re.findall(r"^(?:const|let|function|class) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names)) > 10


def test_the_service_worker_stores_the_offline_page(client: Client) -> None:
    response = client.get("/sw.js")
    site = re.search(r"self.SITE = (\{.*\});", response.content.decode())
    assert site
    for address in json.loads(site[1])["kept"]:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/"))
        else:
            page = client.get(address).content.decode()
            assert "Connection failed. Please check your internet." in page
            assert "csrfmiddlewaretoken" not in page


@pytest.mark.django_db
def test_a_film_page_has_structured_data_for_its_film_and_shows(client: Client) -> None:
    movie = make_movie("</script><b>", description="A & B", language="Hindi")
    show = make_show(movie=movie, format="IMAX")
    page = client.get(movie.get_absolute_url()).content.decode()
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    film, screening = json.loads(found[1])["@graph"]
    assert (film["@type"], film["name"], film["duration"]) == ("Movie", "</script><b>", "PT120M")
    assert screening["@type"] == "ScreeningEvent"
    assert screening["workPresented"]["@id"] == film["@id"]
    assert screening["startDate"] == show.local_start.isoformat(timespec="minutes")
    assert screening["offers"]["price"] == "250.00"
    assert screening["url"] == f"http://testserver{show.get_absolute_url()}"


@pytest.mark.django_db
def test_a_shared_film_shows_its_card(client: Client) -> None:
    movie = make_movie("Her", release_year=2013, description="He falls for a voice. It falls back.")
    page = client.get(movie.get_absolute_url()).content.decode()
    assert '<meta property="og:title" content="Her (2013)">' in page
    assert '<meta property="og:description" content="He falls for a voice.">' in page
    address = re.search(r'property="og:image" content="http://testserver([^"]+)"', page)
    assert address
    card = client.get(address[1])
    assert card["Content-Type"] == "image/png"
    assert card.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(card.content[16:20]) == 1200
    assert int.from_bytes(card.content[20:24]) == 630
