import hashlib
import io
import json
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.guests.session import GUEST
from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.show_changes.services import move_show
from bookings.tickets.services import read_door_token
from shows.models import Show
from tests.support import wallet
from tests.support.factories import (
    make_booking,
    make_guest,
    make_show,
    make_user,
)
from tests.support.programs import need

pytestmark = pytest.mark.django_db


@pytest.fixture
def apple(settings: Settings, tmp_path: Path) -> wallet.AppleFiles:
    files = wallet.write_apple_files(tmp_path)
    wallet.use_apple(settings, files)
    return files


def address(booking: Booking) -> str:
    return reverse("bookings:apple-pass", args=[booking.reference])


def files_of(client: Client, booking: Booking) -> dict[str, bytes]:
    response = client.get(address(booking))
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pass_of(client: Client, booking: Booking) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files_of(client, booking)["pass.json"])
    return content


def field(content: dict[str, Any], key: str) -> dict[str, Any]:
    groups = content["eventTicket"].values()
    found: dict[str, Any] = next(one for group in groups for one in group if one["key"] == key)
    return found


def verify(files: dict[str, bytes], issuer: Path, folder: Path) -> bool:
    """Whether openssl accepts the signature of the manifest and the issuer of its certificate."""
    (folder / "signature").write_bytes(files["signature"])
    (folder / "manifest.json").write_bytes(files["manifest.json"])
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "signature", "-binary"]
    command += [
        "-content",
        "manifest.json",
        "-purpose",
        "any",
        "-out",
        "seen",
        "-CAfile",
        str(issuer),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def test_openssl_accepts_the_signature_and_refuses_a_changed_manifest(
    client: Client, ticket: Booking, apple: wallet.AppleFiles, tmp_path: Path, settings: Settings
) -> None:
    need("openssl")
    wallet.use_apple(settings, wallet.write_apple_files(tmp_path, encoding=Encoding.PEM))
    files = files_of(client, ticket)
    assert verify(files, apple.issuer, tmp_path)
    files["manifest.json"] += b" "
    assert not verify(files, apple.issuer, tmp_path)


def test_the_manifest_has_the_digest_of_every_file(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    files = files_of(client, ticket)
    manifest = json.loads(files.pop("manifest.json"))
    del files["signature"]
    assert manifest == {name: hashlib.sha1(data).hexdigest() for name, data in files.items()}


def test_the_pass_says_what_the_ticket_says(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    content, show = pass_of(client, ticket), ticket.show
    assert content["passTypeIdentifier"] == wallet.PASS_TYPE_ID
    assert content["teamIdentifier"] == wallet.TEAM_ID
    assert content["serialNumber"] == ticket.reference
    assert field(content, "film")["value"] == "Amélie"
    assert field(content, "cinema")["value"] == "Regal"
    assert field(content, "screen")["value"] == "Screen 2"
    assert field(content, "seats") == {"key": "seats", "label": "Seats", "value": "D2, E1"}
    assert field(content, "ticket")["value"] == f"http://testserver{ticket.get_absolute_url()}"
    assert "To pay at the cinema" in field(content, "due")["value"]
    assert datetime.fromisoformat(content["expirationDate"]) == show.ends_at
    assert "Meera" not in json.dumps(content), "the pass is shown to others"


def test_its_code_opens_the_door(client: Client, ticket: Booking, apple: wallet.AppleFiles) -> None:
    (code,) = pass_of(client, ticket)["barcodes"]
    assert code["format"] == "PKBarcodeFormatQR"
    assert code["altText"] == ticket.reference
    assert read_door_token(code["message"]) == ticket.reference


def test_times_are_on_the_cinemas_clock(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    content = pass_of(client, ticket)
    relevant = datetime.fromisoformat(content["relevantDate"])
    assert relevant == ticket.show.starts_at
    assert relevant.utcoffset() in {timedelta(hours=-5), timedelta(hours=-4)}, "New York"
    for key in ("day", "time"):
        assert field(content, key)["ignoresTimeZone"] is True
        assert field(content, key)["value"] == ticket.show.local_start.isoformat()


def test_the_pictures_have_the_sizes_that_apple_names(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    files = files_of(client, ticket)
    sizes = {
        name: Image.open(io.BytesIO(data)).size
        for name, data in files.items()
        if name.endswith(".png")
    }
    assert sizes["icon.png"] == (29, 29)
    assert sizes["icon@2x.png"] == (58, 58)
    assert sizes["icon@3x.png"] == (87, 87)
    assert sizes["logo@2x.png"] == (80, 80)
    assert sizes["thumbnail@2x.png"] == (120, 180)


@pytest.mark.parametrize("poster", ["https://img.example/p.jpg", ""])
def test_a_poster_on_another_site_or_a_missing_file_is_left_out(
    client: Client, ticket: Booking, apple: wallet.AppleFiles, poster: str
) -> None:
    film = ticket.show.movie
    film.poster_url, film.poster_image = poster, "" if poster else "posters/away.png"
    film.save(update_fields=["poster_url", "poster_image"])
    assert "thumbnail.png" not in files_of(client, ticket)


def test_after_a_move_the_new_pass_replaces_the_old_one(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    before = pass_of(client, ticket)
    start = ticket.show.starts_at + timedelta(hours=2)
    move_show(by=make_user(is_staff=True), show_id=ticket.show_id, starts_at=start)
    after = pass_of(client, ticket)
    assert after["serialNumber"] == before["serialNumber"]
    assert datetime.fromisoformat(after["relevantDate"]) == start


def test_only_a_ticket_of_a_coming_show_has_a_pass(
    client: Client, ticket: Booking, user: User, apple: wallet.AppleFiles
) -> None:
    over = make_booking(make_show(), ["A1"], user=user)
    now = timezone.now()
    Show.objects.filter(pk=over.show_id).update(starts_at=now - timedelta(hours=2), ends_at=now)
    assert client.get(address(over)).status_code == 404
    assert "Apple Wallet" not in client.get(over.get_absolute_url()).content.decode()
    services.cancel_booking(user=user, reference=ticket.reference)
    assert client.get(address(ticket)).status_code == 404


def test_another_person_gets_none(ticket: Booking, apple: wallet.AppleFiles) -> None:
    other = Client()
    other.force_login(make_user())
    assert other.get(address(ticket)).status_code == 404


def test_the_file_is_a_pass_and_is_kept_by_no_cache(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    response = client.get(address(ticket))
    assert response["Content-Type"] == "application/vnd.apple.pkpass"
    assert f"ticket-{ticket.reference}.pkpass" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]


def test_without_the_settings_nothing_is_said_of_wallets(client: Client, ticket: Booking) -> None:
    assert client.get(address(ticket)).status_code == 404
    assert "Wallet" not in client.get(ticket.get_absolute_url()).content.decode()


def test_the_ticket_page_has_the_button(
    client: Client, ticket: Booking, apple: wallet.AppleFiles
) -> None:
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert f'href="{address(ticket)}"' in page
    assert "Add to Apple Wallet" in page
    assert "Google" not in page


def test_an_expired_certificate_breaks_no_page(
    client: Client, ticket: Booking, settings: Settings, tmp_path: Path
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    wallet.use_apple(settings, wallet.write_apple_files(tmp_path, until=yesterday))
    assert client.get(address(ticket)).status_code == 404
    page = client.get(ticket.get_absolute_url())
    assert page.status_code == 200
    assert "Apple Wallet" not in page.content.decode()


def test_a_guest_adds_the_ticket_in_the_browser_that_knows_it(apple: wallet.AppleFiles) -> None:
    client = Client()
    _, ticket = guest_with_ticket(client)
    content = pass_of(client, ticket)
    assert content["serialNumber"] == ticket.reference
    assert "Add to Apple Wallet" in client.get(ticket.get_absolute_url()).content.decode()
    stranger = Client().get(address(ticket))
    assert stranger.status_code == 302
    assert "/login/" in stranger["Location"]


def guest_with_ticket(client: Client) -> tuple[User, Booking]:
    guest = make_guest("guest@example.com", name="Gita")
    session = client.session
    session[GUEST] = guest.pk
    session.save()
    return guest, make_booking(make_show(), ["A1"], user=guest)
