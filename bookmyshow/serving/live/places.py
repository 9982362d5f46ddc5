"""The places for streams, and who gives one up when all are taken."""

import asyncio
from collections.abc import Sequence

from bookmyshow.core.observability import metrics

#: A network of a client, and how many times as many places it may have as a single address.
Network = tuple[str, int]


class TooMany(Exception):
    """The process takes no more streams now, or no more shows that nobody watched so far."""


class Places:
    """At most `most` streams at once. If it is 0, no new stream gets a place.

    While there is room, everybody gets a place: many people may share one network address. When all
    places are taken, the network with the most streams gives one up for a network that has fewer.
    So one client, or a few, can't keep all others out.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._networks: dict[asyncio.WriteTransport, Sequence[Network]] = {}
        #: The streams of each network, in the order in which they came.
        self._streams: dict[Network, dict[asyncio.WriteTransport, None]] = {}
        #: The networks by their load, which is never more than `_highest`.
        self._by_load: dict[int, dict[Network, None]] = {}
        self._highest = 0

    def __len__(self) -> int:
        return len(self._networks)

    def take(self, stream: asyncio.WriteTransport, networks: Sequence[Network]) -> None:
        """Give the stream a place. Its client counts for all of `networks`. Raises TooMany."""
        if len(self) >= self.most:
            self._make_room(networks)
        self._networks[stream] = networks
        for network in networks:
            streams = self._streams.setdefault(network, {})
            before = _load(network, len(streams))
            streams[stream] = None
            self._move(network, before)

    def leave(self, stream: asyncio.WriteTransport) -> None:
        """The stream has ended. Nothing happens if it had no place any more."""
        for network in self._networks.pop(stream, ()):
            streams = self._streams[network]
            before = _load(network, len(streams))
            del streams[stream]
            self._move(network, before)

    def _make_room(self, networks: Sequence[Network]) -> None:
        """Cut the newest stream of the network with the most. Raises TooMany if that isn't fair."""
        own = max(_load(each, len(self._streams.get(each, ())) + 1) for each in networks)
        if not self.most or self._highest <= own:
            raise TooMany
        fullest = next(iter(self._by_load[self._highest]))
        stream = next(reversed(self._streams[fullest]))
        self.leave(stream)
        stream.abort()
        metrics.LIVE_REFUSED.labels("shared").inc()

    def _move(self, network: Network, before: int) -> None:
        """The network had the load `before`. Loads change by one at most, so this is quick."""
        now = _load(network, len(self._streams[network]))
        if not self._streams[network]:
            del self._streams[network]
        if now == before:
            return
        if before:
            del self._by_load[before][network]
            if not self._by_load[before]:
                del self._by_load[before]
        if now:
            self._by_load.setdefault(now, {})[network] = None
        self._highest = max(self._highest, now)
        if self._highest not in self._by_load:
            self._highest = now


def _load(network: Network, streams: int) -> int:
    """How full a network is: its streams, divided by its factor and rounded up."""
    return -(-streams // network[1])
