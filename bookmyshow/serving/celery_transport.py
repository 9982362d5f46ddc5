"""kombu's Redis transports, which survive the loss of the broker and find it again soon.

kombu closes a lost connection twice and then tries to acknowledge or return the task through it.
That raises AttributeError, which ends the Celery worker (kombu's issue 582 has the trace). These
transports raise ConnectionError instead, and Celery connects again. The broker delivers the task
again after the visibility timeout.
"""

import time
from typing import Any

from celery.app.amqp import AMQP
from kombu import connection
from kombu.transport import redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from redis.sentinel import SentinelConnectionPool

from bookmyshow.core.redis_sentinels import Sentinels

#: Pauses between tries of a worker or of beat to reach the broker, in seconds. kombu's own are 2 s,
#: 4 s and so on up to 30 s.
PAUSES = {"interval_start": 0.2, "interval_step": 0.1, "interval_max": 2.0}
#: How long a worker that has lost the primary waits for the next one, to give it its tasks back.
GIVE_BACK_SECONDS = 5.0


class Connection(connection.Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> connection.Connection:
        return super().ensure_connection(*args, **(PAUSES | options))


class Messages(AMQP):
    """What the Celery application uses to talk to the broker."""

    Connection = Connection


class ClosedOnce:
    """A channel whose connection was closed is a lost connection."""

    connection: Any

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("this connection to the broker was closed")
        parameters: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return parameters


class Channel(ClosedOnce, redis.Channel):
    pass


class Transport(redis.Transport):
    Channel = Channel


class QoS(redis.QoS):
    """Gives tasks that were not acknowledged back to the next primary.

    A worker may notice the loss of the primary before there is another one. If it gave up at once,
    its tasks would wait for the visibility timeout (an hour).
    """

    def restore_unacked(self, client: Any = None) -> None:
        until = time.monotonic() + GIVE_BACK_SECONDS
        while True:
            try:
                super().restore_unacked(client)
            except (NoConnection, NoAnswer):
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSES["interval_start"])
            else:
                return


class SentinelChannel(ClosedOnce, redis.SentinelChannel):
    """Asks the sentinels in the way of all other clients. Their addresses are in the transport
    option `sentinels`."""

    QoS = QoS
    from_transport_options = (  # type: ignore[assignment]
        *redis.SentinelChannel.from_transport_options,
        "sentinels",
    )
    # kombu sets these transport options.
    master_name: str
    sentinels: list[tuple[str, int]]
    sentinel_kwargs: dict[str, Any]

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> SentinelConnectionPool:
        options = self._connparams(asynchronous)
        del options["host"], options["port"]
        found = Sentinels(self.sentinels, sentinel_kwargs=self.sentinel_kwargs)
        # kombu closes these with the channel.
        if asynchronous:
            self._async_sentinel_manager = found
        else:
            self._sentinel_manager = found
        return SentinelConnectionPool(self.master_name, found, **options)


class SentinelTransport(redis.SentinelTransport):
    Channel = SentinelChannel
