"""A mail server for one test, which can fail in the ways that real servers fail."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to receive mails, and keeps them.

    The attributes choose how it fails; a test may change them while the server runs.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received: list[Message] = []
        self.connections = 0
        #: The greeting; a 4xx or 5xx refuses the connection.
        self.greeting = "220 test"
        #: Address → the reply to RCPT TO with this address, such as "550 no such user". If the
        #: reply is "", the server closes the connection.
        self.refuses: dict[str, str] = {}
        #: The mail with this number (from 1) is stored, but gets no reply. None: all get a reply.
        self.silent_after: int | None = None
        #: If True, the reply to a mail never ends: one byte every `drip_seconds`, until the client
        #: disconnects or the server stops.
        self.drips = False
        self.drip_seconds = 0.05
        #: Where conversations stop until `go_on` is set: before the "greeting", before the reply to
        #: a "recipient", after the text of a mail came and before it is stored ("text"), or before
        #: the reply to a stored mail ("reply").
        self.stuck_at = ""
        self.go_on = threading.Event()
        #: The reply to the text of each mail, such as "452 the disk is full". None: it is stored.
        self.refuses_text: str | None = None
        #: If False, mails are counted, but not kept.
        self.keeps = True
        self.count = 0
        #: The time before each reply.
        self.reply_seconds = 0.0
        #: Set when a mail gets no reply (`silent_after`), an endless one (`drips`), or a
        #: conversation stops (`stuck_at`).
        self.is_stuck = threading.Event()
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def receive_from(self, settings: Any) -> None:
        """Make Django send its mail to this server. `settings` is pytest-django's fixture."""
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", self.server_address[1]

    def recipients(self) -> dict[str, str]:
        """Return Message-ID → recipient. A mail that was received twice is counted once."""
        return {str(mail["Message-ID"]): str(mail["To"]) for mail in self.received}


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        self._stop_at("greeting")
        self._say(self.server.greeting)
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"RCPT":
                self._stop_at("recipient")
                reply = self._reply_to(line.decode())
                if not reply:
                    return
                self._say(reply)
            elif word == b"DATA":
                self._say("354 go on")
                if not self._take_mail():
                    return
            else:
                self._say("250 ok")

    def _reply_to(self, recipient: str) -> str:
        replies = self.server.refuses.items()
        return next((reply for address, reply in replies if address in recipient), "250 ok")

    def _take_mail(self) -> bool:
        text = b"".join(iter(self.rfile.readline, b".\r\n"))
        self._stop_at("text")
        if self.server.refuses_text:
            self._say(self.server.refuses_text)
            return True
        self.server.count += 1
        if self.server.keeps:
            self.server.received.append(message_from_bytes(text))
        self._stop_at("reply")
        if len(self.server.received) == self.server.silent_after:
            self.server.is_stuck.set()
            self.rfile.read()
            return False
        if self.server.drips:
            self._drip()
            return False
        self._say("250 taken")
        return True

    def _stop_at(self, moment: str) -> None:
        if self.server.stuck_at == moment:
            self.server.is_stuck.set()
            self.server.go_on.wait()

    def _drip(self) -> None:
        self.wfile.write(b"250 ")
        self.server.is_stuck.set()
        while not self.server.stopped.wait(self.server.drip_seconds):
            try:
                self.wfile.write(b".")
            except OSError:
                return

    def _say(self, line: str) -> None:
        if self.server.reply_seconds:
            self.server.stopped.wait(self.server.reply_seconds)
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.go_on.set()
            server.shutdown()
