"""Writes mail to a folder if there is no mail server.

Only the site's system user can read the files, because links in mails give access to accounts.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.mail.backends import filebased


class EmailBackend(filebased.EmailBackend):
    stream: Any  # None while no file is open

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Earlier versions let everyone read the folder. Only its owner can change that.
        with suppress(PermissionError):
            Path(self.file_path).chmod(0o700)

    def open(self) -> bool:
        if self.stream is not None:
            return False
        name: str = self._get_filename()  # type: ignore[attr-defined]
        private = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.stream = os.fdopen(private, "ab")
        return True
