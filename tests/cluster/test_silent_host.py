"""A host without power sends nothing, not even a refusal: a wait for its answer must end anyway."""

import os
import socket
import threading

import psycopg
from django.conf import settings

from tests.cluster.database import Cluster, until

# The site's limits end the wait within some 7 s. Without them it lasts two hours.
PATIENCE_SECONDS = 300
LIMITS = ("tcp_user_timeout", "keepalives_idle", "keepalives_interval")


class Waiting:
    """A statement that waits for its answer, in a thread of its own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.failed = threading.Event()
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self) -> None:
        try:
            self.connection.execute("SELECT pg_sleep(600)")
        except psycopg.OperationalError:
            self.failed.set()

    def end(self) -> None:
        """End the connection on this side."""
        if not self.failed.is_set():
            with socket.socket(fileno=os.dup(self.connection.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE_SECONDS)
        self.connection.close()


def test_a_wait_for_an_answer_ends_when_the_host_is_gone(cluster: Cluster) -> None:
    """The control: a connection without the limits of the site's still waits."""
    cluster.restore()
    options = settings.DATABASES["default"]["OPTIONS"]
    site, other = (
        Waiting(cluster.connect(**limits))
        for limits in ({name: options[name] for name in LIMITS}, {})
    )
    leader = cluster.leader()
    asleep = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    until(lambda: len(cluster.query(asleep)) == 2, "both statements run")
    leader.cut_off_from(cluster.client)
    try:
        assert site.failed.wait(PATIENCE_SECONDS)
        assert not other.failed.is_set()
    finally:
        leader.rejoin()
        site.end()
        other.end()
