"""Which shows that nobody watched may be read now.

Somebody who asks for one show after the other must not keep the database busy, nor use up what
people need who open a show that can be booked.
"""

from collections.abc import Collection

from bookmyshow.core.bucket import Bucket

#: Shows that can be booked: how many are read in a second, on average, and at once.
PER_SECOND, AT_ONCE = 20.0, 200.0
#: All others: shows that have begun or were cancelled, ids of no show, and shows that are so new
#: that this process has not heard of them.
OTHERS_PER_SECOND, OTHERS_AT_ONCE = 2.0, 20.0


class FirstReads:
    """Knows the shows that can be booked. Others have a budget of their own."""

    def __init__(self) -> None:
        #: None: not known yet. Then each show may be one of them.
        self._coming: Collection[int] | None = None
        self._heard: set[int] = set()
        self._of_coming = Bucket(rate=PER_SECOND, burst=AT_ONCE)
        self._of_others = Bucket(rate=OTHERS_PER_SECOND, burst=OTHERS_AT_ONCE)

    def take(self, show_id: int) -> bool:
        """Whether this show may be read now."""
        is_coming = self._coming is None or show_id in self._coming or show_id in self._heard
        return (self._of_coming if is_coming else self._of_others).take()

    def heard(self, show_id: int) -> None:
        """The show has changed, so it exists. It may be new."""
        self._heard.add(show_id)

    def heard_so_far(self) -> frozenset[int]:
        """For `know`: take this before the shows are read."""
        return frozenset(self._heard)

    def know(self, coming: Collection[int], heard_before: Collection[int]) -> None:
        """These shows can be booked.

        A show that was heard of before they were read is one of them, or can't be booked any more.
        """
        self._coming = coming
        self._heard.difference_update(heard_before)
