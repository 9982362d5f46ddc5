"""How often the seats of a show are read. Under load less often, to leave the processor to web."""

import time

from .snapshot import Snapshot

#: The seats of a show are read again after this time at the earliest, however often they change.
GAP_SECONDS = 0.1
#: In a rush, when all shows change all the time, the gap grows up to this.
LONGEST_GAP_SECONDS = 1.0
#: The share of one processor that the process should use at most.
MOST_SHARE = 0.6


class Pace:
    """The gap between two reads of one show, the same for all shows."""

    def __init__(self) -> None:
        self.gap = GAP_SECONDS
        self._looked_at = time.monotonic()
        self._used = time.process_time()

    def until_read(self, snapshot: Snapshot) -> float:
        """Seconds until the next read of a map that does not change before.

        In a rush reads as a precaution are rarer, up to ten times. Otherwise somebody who opens a
        stream of each of some thousand shows would keep the process busy.
        """
        return snapshot.good_for * (1 if snapshot.is_due else self.gap / GAP_SECONDS)

    def look(self) -> None:
        """Adapt the gap to the processor time that the process has used since the last call."""
        now, used = time.monotonic(), time.process_time()
        self.adapt((used - self._used) / (now - self._looked_at))
        self._looked_at, self._used = now, used

    def adapt(self, share: float) -> None:
        """Change the gap by the share of one processor that was used, 0 to 1."""
        if share > MOST_SHARE:
            self.gap = min(self.gap * 1.5, LONGEST_GAP_SECONDS)
        elif share < MOST_SHARE * 0.8:
            self.gap = max(self.gap / 1.25, GAP_SECONDS)
