"""A pipeline of psycopg that sends all its statements in one piece and waits once.

psycopg's own pipeline sends each statement as soon as it is executed, and after the BEGIN of a
transaction it waits for the answer. So a hold took two trips and nine packets. Each packet wakes
the server, and PgBouncer if there is one, and each wait gives other threads of the process a turn
before the next statement is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, Pipeline
from psycopg.abc import PQGen
from psycopg.generators import send


@contextmanager
def batch(connection: Connection[Any]) -> Iterator[None]:
    """Send what is executed in this block at its end, and wait for the answers there.

    Errors of the statements are raised at the end of the block. The connection must not be in
    another pipeline.
    """
    if connection._pipeline is not None:
        raise RuntimeError("this connection has a pipeline already")
    connection._pipeline = _Batch(connection)
    with connection.pipeline():
        yield


class _Batch(Pipeline):
    """What psycopg calls to send and to wait. libpq keeps up to 64 KB of statements unsent."""

    def _communicate_gen(self) -> PQGen[None]:
        """After each statement: give it to libpq, which writes it into its buffer."""
        while self.command_queue:
            self.command_queue.popleft()()
        return
        yield  # type: ignore[unreachable]  # This line makes the method a generator.

    def _sync_gen(self) -> PQGen[None]:
        """After BEGIN. Its answer is not waited for: after an error no later statement is run."""
        yield from self._communicate_gen()

    def _exit_gen(self) -> PQGen[None]:
        """At the end of the block: send everything, then receive all answers."""
        self._enqueue_sync()
        yield from self._communicate_gen()
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)
