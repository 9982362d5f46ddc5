import os
import stat
from pathlib import Path

from django.core.mail import EmailMessage, get_connection

BACKEND = "bookmyshow.core.mail_folder.EmailBackend"


def mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def test_only_the_owner_can_read_the_folder_and_its_mails(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    # Earlier versions created a folder that everyone can read.
    folder.mkdir()
    folder.chmod(0o755)
    # With this umask, new files can be read by everyone unless the code sets their mode.
    umask_before = os.umask(0o022)
    try:
        with get_connection(BACKEND, file_path=folder) as connection:
            mails = [EmailMessage("Hello", to=["asha@example.com"], connection=connection)] * 2
            assert connection.send_messages(mails) == 2
    finally:
        os.umask(umask_before)
    # Mails that are sent together are written to one file.
    (mail_file,) = folder.iterdir()
    assert mail_file.read_text().count("Subject: Hello") == 2
    assert (mode(folder), mode(mail_file)) == ("drwx------", "-rw-------")
