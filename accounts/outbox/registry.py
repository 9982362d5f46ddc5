"""The kinds of messages, and what sends them. Each app registers its own in `AppConfig.ready`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .failures import Refusal
from .models import LONGEST_KIND, Channel, Message, Priority


@dataclass(frozen=True, slots=True)
class Later:
    """The message can't be written yet, for example because a hold is still pending.

    It is tried again at `at`. This does not count as a failed try.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """The message is not needed any more. `why` is for staff."""

    why: str


#: Writes a claimed message, outside of any transaction: an EmailMultiAlternatives, or what the
#: channel sends. A mail goes to `message.recipient`, whatever its `to` says.
Compose = Callable[[Message], Any]
#: Called in the transaction that marks a message as dropped.
Dropped = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    label: str
    compose: Compose
    priority: Priority
    channel: Channel
    dropped: Dropped | None = None


class UnknownKind(LookupError):
    """No app has registered this kind for this channel."""


_kinds: dict[tuple[str, str], Kind] = {}


def register(
    kind: str,
    *,
    label: str,
    compose: Compose,
    priority: Priority,
    channel: Channel = Channel.MAIL,
    dropped: Dropped | None = None,
) -> None:
    """Register a kind. `label` is what staff read. `dropped` is called for a message that is not
    sent because it is not needed any more. Raises ValueError if the kind is taken."""
    found = _kinds.get((channel, kind))
    if len(kind) > LONGEST_KIND or (found and found.compose != compose):
        raise ValueError(f"The kind {kind!r} is taken, or longer than {LONGEST_KIND} characters.")
    _kinds[channel, kind] = Kind(kind, label, compose, priority, channel, dropped)


def kind_of(kind: str, channel: str = Channel.MAIL) -> Kind:
    """The registered kind. Raises UnknownKind."""
    try:
        return _kinds[channel, kind]
    except KeyError:
        raise UnknownKind(f"no {channel} of the kind {kind}") from None


def labels() -> dict[str, str]:
    """The label of each kind by its name, sorted by label. Those of push messages say so."""
    found = {
        kind.name: kind.label + (" (push)" if kind.channel == Channel.PUSH else "")
        for kind in _kinds.values()
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


class Sender(Protocol):
    """Sends the messages of one run over one channel."""

    def open(self) -> None:
        """Connect, unless connected. An error concerns every message (Failure.SERVER)."""

    def send(self, message: Message, content: Any) -> None:
        """Send what `compose` wrote. Raises an error that `refusal` can classify."""

    def refusal(self, error: Exception, message: Message) -> Refusal | Drop:
        """Classify an error of `send`. Drop: the recipient does not exist any more."""

    def drop_connection(self) -> None:
        """Close at once, after an error. `open` connects again. Raises nothing."""

    def close(self) -> None:
        """Close at the end of a run."""


_senders: dict[str, Callable[[], Sender]] = {}


def register_sender(channel: Channel, sender: Callable[[], Sender]) -> None:
    """Register what sends the messages of a channel; `sender` is called once for each run."""
    _senders[channel] = sender


def new_sender(channel: str) -> Sender | None:
    """A sender for one run. None if no app sends messages of this channel."""
    return _senders[channel]() if channel in _senders else None
