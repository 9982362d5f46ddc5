"""Why a message was not taken. The class of the failure decides whether and when it is tried
again."""

from dataclasses import dataclass
from enum import Enum

from .models import LONGEST_ERROR


class Failure(Enum):
    #: The server will never accept this address or this message.
    PERMANENT = "permanent"
    #: The server does not accept this message now.
    TEMPORARY = "temporary"
    #: The server accepts no message to any address.
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is for staff: the server's words without the address, or our own error."""

    failure: Failure
    reason: str


def words_of(error: Exception) -> str:
    """The class and text of an error in one line."""
    return one_line(f"{type(error).__name__}: {' '.join(map(str, error.args))}")


def one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_ERROR]
