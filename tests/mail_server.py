"""A mail server that a test starts for itself, and that can fall silent in the middle of a mail."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as it takes to be sent a mail, and keeps what it was sent."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received: list[Message] = []
        #: The number of the mail that it takes and never answers; None answers all.
        self.silent_after: int | None = None
        self.fell_silent = threading.Event()
        self.refuses: set[str] = set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def recipients(self) -> dict[str, str]:
        """Who got which mails, by Message-ID; one that came twice under its id is one."""
        return {str(mail["Message-ID"]): str(mail["To"]) for mail in self.received}


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 test")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"RCPT" and any(address.encode() in line for address in self.server.refuses):
                self._say("450 not now")
            elif word == b"DATA":
                self._say("354 go on")
                if not self._take_mail():
                    return
            else:
                self._say("250 ok")

    def _take_mail(self) -> bool:
        text = b"".join(iter(self.rfile.readline, b".\r\n"))
        self.server.received.append(message_from_bytes(text))
        if len(self.server.received) == self.server.silent_after:
            self.server.fell_silent.set()
            self.rfile.read()
            return False
        self._say("250 taken")
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
