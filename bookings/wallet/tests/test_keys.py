"""Files that can't be used: `doctor` names the setting and what is wrong, in one line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pytest_django import Settings

from bookings.wallet.keys import apple_keys, apple_problem, google_keys, google_problem
from bookmyshow.site.wallet_checks import wallets
from tests.support import wallet

NOW = datetime.now(UTC)


def no_certificate(files: wallet.AppleFiles) -> None:
    files.certificate.write_bytes(b"<html>log in</html>")


def another_key(files: wallet.AppleFiles) -> None:
    files.key.write_bytes(wallet.private_pem("another", password=wallet.PASSWORD))


def another_password(files: wallet.AppleFiles) -> None:
    files.key.write_bytes(wallet.private_pem("pass", password="forgotten"))


def another_issuer(files: wallet.AppleFiles) -> None:
    files.issuer.write_bytes(files.certificate.read_bytes())


def gone(files: wallet.AppleFiles) -> None:
    files.key.unlink()


def not_for_passes(files: wallet.AppleFiles) -> None:
    plain = wallet.certificate(x509.Name([]), of="pass", by="issuer", until=NOW + wallet.DAY)
    files.certificate.write_bytes(plain.public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_certificate, "APPLE_PASS_CERTIFICATE: not a certificate"),
        (another_key, "APPLE_PASS_KEY: not the key of APPLE_PASS_CERTIFICATE"),
        (another_password, "APPLE_PASS_KEY: not a private key, or APPLE_PASS_KEY_PASSWORD"),
        (another_issuer, "APPLE_WWDR_CERTIFICATE: did not issue APPLE_PASS_CERTIFICATE"),
        (not_for_passes, "APPLE_PASS_CERTIFICATE: not a certificate of a Pass Type ID"),
        (gone, "APPLE_PASS_KEY: "),
    ],
)
def test_a_wrong_file_is_named_in_one_line(
    settings: Settings,
    tmp_path: Path,
    spoil: Callable[[wallet.AppleFiles], None],
    words: str,
) -> None:
    files = wallet.write_apple_files(tmp_path)
    spoil(files)
    wallet.use_apple(settings, files)
    assert apple_keys() is None
    (finding,) = wallets()
    assert finding.is_error
    assert finding.text.startswith(words)
    assert "\n" not in finding.text
    assert wallet.PASSWORD not in finding.text


def test_an_expired_certificate_is_an_error(settings: Settings, tmp_path: Path) -> None:
    files = wallet.write_apple_files(tmp_path, until=NOW - timedelta(days=1))
    wallet.use_apple(settings, files)
    (finding,) = wallets()
    assert finding.is_error
    assert finding.text.startswith("APPLE_PASS_CERTIFICATE: expired on ")


@pytest.mark.parametrize(("days", "warns"), [(29, True), (31, False)])
def test_doctor_warns_a_month_before_the_certificate_expires(
    settings: Settings, tmp_path: Path, days: int, warns: bool
) -> None:
    wallet.use_apple(settings, wallet.write_apple_files(tmp_path, until=NOW + timedelta(days=days)))
    (finding,) = wallets()
    assert bool(finding.advice) is warns
    assert not finding.is_error
    assert wallet.PASS_TYPE_ID in finding.text


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        json.dumps({"client_email": "a@b.example"}),
        json.dumps({"client_email": "a@b.example", "private_key": "guess"}),
        json.dumps({"client_email": "a@b.example", "private_key": None}),
    ],
)
def test_a_wrong_file_of_google_is_named(settings: Settings, tmp_path: Path, content: str) -> None:
    file = tmp_path / "google.json"
    file.write_text(content)
    wallet.use_google(settings, file)
    assert google_keys() is None
    assert google_problem() == "GOOGLE_WALLET_KEY_FILE: not the JSON key of a service account"


def test_without_the_settings_doctor_says_nothing_of_wallets(settings: Settings) -> None:
    assert list(wallets()) == []
    assert apple_problem() == google_problem() == ""
