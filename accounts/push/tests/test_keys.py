"""The key of the site: from the setting, or made once by the first process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.push import keys
from bookmyshow.environment import ROOT

PRINT_KEY = """
import django, sys
from pathlib import Path
django.setup()
from django.conf import settings
settings.VAPID_PRIVATE_KEY, settings.VAPID_KEY_FILE = "", Path(sys.argv[1])
from accounts.push.keys import server_key
print(server_key().public)
"""


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.VAPID_PRIVATE_KEY = ""
    settings.VAPID_KEY_FILE = tmp_path / "push" / "vapid.key"
    return settings.VAPID_KEY_FILE


def test_processes_that_come_at_once_get_the_same_key(file: Path) -> None:
    def process(_number: int) -> str:
        command = [sys.executable, "-c", PRINT_KEY, str(file)]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(process, range(4)))
    assert len(found) == 1
    assert len(found.pop().strip()) == 87
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["vapid.key"], "no drafts are left"


def test_the_key_stays_the_same(file: Path) -> None:
    first = keys.server_key()
    keys._stored.cache_clear()
    assert first
    assert keys.server_key() == first


def test_the_setting_comes_first(file: Path, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = keys.encoded(bytes(range(32)))
    key = keys.server_key()
    assert key
    assert not file.exists()
    assert keys.decoded(key.public)[0] == 4


def test_without_a_key_and_a_folder_to_write_to_push_is_off(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.write_text("a file where the folder should be")
    assert keys.server_key() is None
    assert "web push is off" in caplog.text


@pytest.mark.parametrize("content", ["", "not a key", "A" * 43, "_" * 43])
def test_a_file_without_a_key_in_it_turns_push_off(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert keys.server_key() is None
