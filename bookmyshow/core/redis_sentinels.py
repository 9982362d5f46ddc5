"""Asks sentinels which server is the primary, without waiting for a sentinel that is lost."""

from typing import Any

from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from redis.sentinel import MasterNotFoundError, Sentinel

Address = tuple[str, int]
#: For each group of sentinels: the order in which this process asks them.
_orders: dict[frozenset[Address], list[Address]] = {}


class Sentinels(Sentinel):
    """redis-py's Sentinel with two changes, so that clients are back soon after a failover.

    - Each new connection asks the sentinels. The process remembers in which order: one that did not
      answer is asked last, and so is one on the primary's own host, because it may be lost
      together with the primary.
    - A replica that was promoted is the primary at once. The sentinel that leads the failover
      lists it as such some seconds later, when the other replicas follow it.
    """

    def __init__(self, hosts: list[Address], **options: Any) -> None:
        super().__init__(hosts, **options)
        self._clients: dict[Address, Any] = dict(zip(hosts, self.sentinels, strict=True))
        self._group = frozenset(hosts)

    @property
    def order(self) -> list[Address]:
        """The sentinels in the order in which they are asked."""
        return _orders.get(self._group, list(self._clients))

    def discover_master(self, service_name: str) -> Address:
        """The primary's address. Raises MasterNotFoundError if no sentinel knows one."""
        errors = []
        for address in self.order:
            try:
                found = self._ask(self._clients[address], service_name)
            except (NoConnection, NoAnswer) as error:
                errors.append(str(error))
                self._put_last(address)
                continue
            if found is not None:
                self._put_last(*(each for each in self._clients if each[0] == found[0]))
                return found
        raise MasterNotFoundError(f"no primary of {service_name!r}: {'; '.join(errors)}")

    def _ask(self, sentinel: Any, name: str) -> Address | None:
        state = sentinel.sentinel_masters().get(name)
        if state is None:
            return None
        listed: Address = (state["ip"], state["port"])
        if self.check_master_state(state, name):
            return listed
        host, port = sentinel.sentinel_get_master_addr_by_name(name)
        promoted = (host.decode() if isinstance(host, bytes) else host, port)
        return None if promoted == listed else promoted

    def _put_last(self, *late: Address) -> None:
        # `sorted` keeps the order of the others.
        _orders[self._group] = sorted(self.order, key=lambda address: address in late)
