"""Buyers who pay online. Some close the tab, are declined, cancel or never come back."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.faults.load import Buyer
from tests.support.sandbox import Sandbox

BEHAVIOURS = (
    *("returns", "returns", "returns", "closes the tab", "closes the tab", "is declined"),
    *("leaves", "cancels", "cancels", "pays twice", "pays at the cinema", "by bank"),
)


class Shoppers:
    """Twenty people who buy at once. `did` counts what they did to the end."""

    def __init__(self, sandbox: Sandbox, url: str, sessions: Sequence[str]) -> None:
        self.sandbox = sandbox
        self.buyers = [Buyer(url, session) for session in sessions]
        self.stop = threading.Event()
        self.did: Counter[str] = Counter()

    def shop(self, buyer: Buyer, shows: Sequence[int], chance: random.Random) -> None:
        while not self.stop.is_set():
            row, number = chance.randint(1, 20), chance.randint(1, 19)
            labels = [f"R{row}-{number}", f"R{row}-{number + 1}"]
            reference = buyer.hold(chance.choice(shows), labels)
            if not reference:
                self.stop.wait(0.05)
                continue
            behaviour = chance.choice(BEHAVIOURS)
            # The sandbox may be dead at this moment.
            with suppress(OSError, ValueError):
                if self.buy(buyer, reference, behaviour):
                    self.did[behaviour] += 1

    def buy(self, buyer: Buyer, reference: str, behaviour: str) -> bool:
        """Go through with it; False if it ended early."""
        if behaviour == "pays at the cinema":
            return buyer.confirm(reference)
        page = buyer.post("pay", f"/bookings/{reference}/pay/")
        purchase = urlsplit(page.location).path.rpartition("/")[2]
        if page.status != 303 or not purchase.startswith("cs_"):
            return False
        if behaviour == "leaves":
            return True
        if behaviour == "is declined":
            self.sandbox.pay(purchase, "decline")
            buyer.get("return", self.return_address(reference, purchase))
        self.sandbox.pay(purchase, "bank" if behaviour == "by bank" else "pay")
        if behaviour == "closes the tab":
            return True
        back = self.return_address(reference, purchase)
        buyer.get("return", back)
        if behaviour == "pays twice":
            buyer.get("return", back)
            buyer.post("pay", f"/bookings/{reference}/pay/")
        if behaviour == "cancels":
            buyer.post("cancel", f"/bookings/{reference}/cancel/")
        return True

    def return_address(self, reference: str, purchase: str) -> str:
        payment = self.sandbox.facts(purchase)["metadata"]["payment"]
        return f"/bookings/{reference}/payments/{payment}/return"


@contextmanager
def shopping(
    sandbox: Sandbox, url: str, sessions: Sequence[str], shows: Sequence[int]
) -> Iterator[Shoppers]:
    """All buyers shop while the block runs."""
    seed = random.randrange(10_000)
    print(f"shopping seed {seed}")
    shoppers = Shoppers(sandbox, url, sessions)
    threads = [
        threading.Thread(target=shoppers.shop, args=(buyer, shows, random.Random(seed + number)))
        for number, buyer in enumerate(shoppers.buyers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield shoppers
    finally:
        shoppers.stop.set()
        for thread in threads:
            thread.join()
