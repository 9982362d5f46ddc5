"""What other apps do when a person is forgotten (docs/spec.md §10.6). Each app registers its own
functions in `AppConfig.ready`; what it adds to the export is registered in `accounts.export`."""

from collections.abc import Callable

from accounts.models import User

_before: list[Callable[[User], object]] = []
_inside: list[Callable[[User], object]] = []
_obstacles: list[Callable[[User], list[str]]] = []


def leave_with(function: Callable[[User], object]) -> None:
    """Register what happens before the person's row is locked, in transactions of its own.

    For what locks shows, which come before persons (docs/spec.md §4.2). It may run twice.
    """
    _before.append(function)


def forget_with(function: Callable[[User], object]) -> None:
    """Register what is deleted or blanked, in the transaction that blanks the person's row.

    It runs before that row is locked, and once more under its lock.
    """
    _inside.append(function)


def refuse_while(function: Callable[[User], list[str]]) -> None:
    """Register reasons why staff may not anonymise a person now, as sentences for staff."""
    _obstacles.append(function)


def leave_everything(user: User) -> None:
    for function in _before:
        function(user)


def forget_everything(user: User) -> None:
    for function in _inside:
        function(user)


def obstacles(user: User) -> list[str]:
    return [sentence for function in _obstacles for sentence in function(user)]
