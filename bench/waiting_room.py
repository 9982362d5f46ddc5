"""``python -m bench.waiting_room [PEOPLE]``: an opening with a waiting room, on its own database.

Run it beside the embedded servers: ``python -m bookmyshow.embedded python -m bench.waiting_room``.
100,000 people join (a tenth of them after the opening), two leaders let them in for a minute, and
those who are called hold and buy. Then 5,000 people wait for a sale with a small cap, where people
come and go. It takes five minutes. Exits with 1 if a rule is broken (tests/support/opening.py).
"""

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.sites import LOG, SERVED, Database

if TYPE_CHECKING:
    from tests.support.opening import Figures, Size

BENCH = Database("bench_waiting_room", 6)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="?", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=14, help="of the visitors' choices")
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        return play(options.people, options.seed)
    os.environ |= SERVED
    # Each thread has a connection.
    SERVED["WEB_THREADS"] = "24"
    BENCH.create()
    BENCH.manage("migrate")
    command = [sys.executable, "-m", "bench.waiting_room", f"{options.people}", "--play"]
    with open(LOG / "bench.waiting_room.log", "ab") as log:
        return subprocess.run(
            [*command, f"--seed={options.seed}"], env=BENCH.environment, stderr=log, check=False
        ).returncode


def play(people: int, seed: int) -> int:
    """Play both openings in this process, and print what was measured."""
    import django

    django.setup()
    from django.conf import settings

    from tests.support.opening import Size

    late = people // 10
    rate = Size(early=people - late, late=late, rate=3_000, cap=100_000, seconds=60, seed=seed)
    print(f"{people:,} people, seed {seed}: {figures(rate)}", flush=True)
    # People who don't come, or don't buy, make room after seconds and not after minutes.
    settings.ON_SALE_CALL_MINUTES, settings.ON_SALE_PASS_MINUTES = 2 / 60, 4 / 60
    cap = Size(
        early=min(5_000, people), late=0, rate=60_000, cap=100, seconds=30, mode="FIFO", seed=seed
    )
    print(f"A cap of {cap.cap}: {figures(cap)}")
    return 0


def figures(size: "Size") -> str:
    """Play one opening. Raises AssertionError if a rule was broken."""
    from shows.waiting_room.services import switch_sale
    from tests.support.opening import measure, play, prepare

    opening = prepare(size)
    play(opening)
    found = measure(opening)
    # So that its leaders call nobody in the next opening.
    switch_sale(on_sale_id=opening.sale.pk, mode="OFF", by=opening.sale.scheduled_by)
    check(size, found)
    text = (
        f"{found.joins_a_second:.0f} joins/s; {found.called:,} let in, the rate allows"
        f" {found.expected:,.0f} ({found.called / found.expected:.3f}); at most"
        f" {found.most_active:,} at the same time; {found.bought:,} bought; bad passes refused:"
        f" {found.refused}"
    )
    if found.draw:
        text += f"; chi² {found.draw.chi_square:.1f} (81 degrees), p {found.draw.p:.3f}"
    return text


def check(size: "Size", found: "Figures") -> None:
    assert found.most_active <= size.cap, found
    assert found.called <= found.expected * 1.02 + 1, found
    if size.cap >= found.expected:
        # On a slow machine everybody is called before the time is up.
        assert found.called >= min(found.expected * 0.98 - 1, found.joined), found
    if found.draw:
        assert found.draw.p > 0.01, found


if __name__ == "__main__":
    sys.exit(main())
