"""Celery's way to Redis: kombu's own, but for a task in hand when the server goes away.

kombu closes such a connection twice, then gives the task back or marks it as done through what is
left of it. That is an AttributeError, which Celery takes for the end of the worker (kombu's issue
582 has the trace). Told that the connection is lost, it connects again; the task itself comes back
by its visibility timeout.
"""

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("this connection to the broker was closed")
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        return parameters


class Transport(redis.Transport):
    Channel = Channel
