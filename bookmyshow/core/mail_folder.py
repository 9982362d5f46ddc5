"""The folder that stands in for a mail server. Links in its mails open accounts, so only the
system user that the site runs as can read them."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.mail.backends import filebased


class EmailBackend(filebased.EmailBackend):
    stream: Any  # None while no file is open

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The mails of earlier versions were readable. Another user's folder stays as it is.
        with suppress(PermissionError):
            Path(self.file_path).chmod(0o700)

    def open(self) -> bool:
        if self.stream is not None:
            return False
        name: str = self._get_filename()  # type: ignore[attr-defined]
        private = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.stream = os.fdopen(private, "ab")
        return True
