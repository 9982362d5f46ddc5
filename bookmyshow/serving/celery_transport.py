"""kombu's Redis transports with one fix: a worker survives if it loses the broker during a task.

kombu closes the lost connection twice and then tries to acknowledge or return the task through it.
That raises AttributeError, which ends the Celery worker (kombu's issue 582 has the trace). These
transports raise ConnectionError instead, and Celery connects again. The broker delivers the task
again after the visibility timeout.
"""

from typing import Any

from kombu.transport import redis


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


class SentinelChannel(ClosedOnce, redis.SentinelChannel):
    pass


class SentinelTransport(redis.SentinelTransport):
    Channel = SentinelChannel
