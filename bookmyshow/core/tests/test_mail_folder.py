import os
import stat
from pathlib import Path

from django.core.mail import EmailMessage, get_connection

BACKEND = "bookmyshow.core.mail_folder.EmailBackend"


def mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def test_only_the_owner_can_read_the_folder_and_its_mails(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    # As an earlier version created it.
    folder.mkdir()
    folder.chmod(0o755)
    before = os.umask(0o022)
    try:
        with get_connection(BACKEND, file_path=folder) as connection:
            mails = [EmailMessage("Hello", to=["asha@example.com"], connection=connection)] * 2
            assert connection.send_messages(mails) == 2
    finally:
        os.umask(before)
    (written,) = folder.iterdir()
    assert written.read_text().count("Subject: Hello") == 2
    assert (mode(folder), mode(written)) == ("drwx------", "-rw-------")
