"""Hears which shows have changed, from the cache server."""

import asyncio
import logging
import random
from contextlib import suppress

from bookmyshow.core.redis_clients import UNREACHABLE, subscribing_client

from .hub import Hub

log = logging.getLogger(__name__)

#: After this long without a message the server is asked whether it is there, and has as long again.
SILENT_SECONDS = 5.0
RETRY_SECONDS = 1.0


class Subscription:
    """Tells the hub which shows have changed. `is_on`: whether it hears them now.

    While the server is away no change is heard. The hub reads all watched shows every 5 s anyway,
    so maps are late then, but right.
    """

    def __init__(self, hub: Hub, url: str, channel: str) -> None:
        self.is_on = False
        self._hub = hub
        self._url = url
        self._channel = channel

    async def run(self) -> None:
        """Listen for ever, and connect again when the connection is lost."""
        while True:
            try:
                await self._listen()
            except UNREACHABLE as error:
                if self.is_on:
                    log.warning("changes of seat maps are not heard (%s): reading instead", error)
            except Exception:
                log.exception("changes of seat maps are not heard: reading instead")
            self.is_on = False
            await asyncio.sleep(RETRY_SECONDS * random.uniform(0.5, 1.5))

    async def _listen(self) -> None:
        async with subscribing_client(self._url) as client, client.pubsub() as channel:
            await channel.subscribe(self._channel)
            asked = False
            while True:
                message = await channel.get_message(timeout=SILENT_SECONDS)
                if message is None and asked:
                    raise ConnectionError("the cache server does not answer")
                asked = message is None
                if message is None:
                    await channel.ping()
                elif message["type"] == "subscribe":
                    self.is_on = True
                    log.info("changes of seat maps are heard")
                    self._hub.all_changed()
                elif message["type"] == "message":
                    with suppress(ValueError):
                        self._hub.changed(int(message["data"]))
