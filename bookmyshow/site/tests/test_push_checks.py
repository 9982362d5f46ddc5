"""What `manage.py doctor` says about push messages."""

from pathlib import Path
from secrets import token_urlsafe

import pytest
from pytest_django import Settings

from bookmyshow.site.push_checks import push_messages


@pytest.fixture(autouse=True)
def no_key(settings: Settings, tmp_path: Path) -> None:
    settings.VAPID_PRIVATE_KEY, settings.HTTPS = "", True
    settings.VAPID_KEY_FILE = tmp_path / "push" / "vapid.key"


def test_a_key_that_is_only_on_this_machine_is_found(settings: Settings) -> None:
    found = push_messages()
    assert "only in" in found.text
    assert "VAPID_PRIVATE_KEY" in found.advice
    assert settings.VAPID_KEY_FILE.exists()


def test_a_key_in_the_settings_is_fine_and_not_shown(settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = token_urlsafe(32)
    found = push_messages()
    assert not found.advice
    assert settings.VAPID_PRIVATE_KEY not in found.text


def test_a_site_without_a_key_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.VAPID_KEY_FILE = tmp_path / "file" / "vapid.key"
    found = push_messages()
    assert "Set VAPID_PRIVATE_KEY" in found.advice
    assert not found.is_error
