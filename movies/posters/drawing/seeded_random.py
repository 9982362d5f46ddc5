"""Random choices that are always the same for the same film."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """A stream of random choices, seeded with a stable hash of its keys.

    Only ``Random.random()`` is used. For this method alone, Python guarantees that a seed gives the
    same sequence in all versions.
    """

    def __init__(self, *keys: object) -> None:
        text = "\x1f".join(str(key) for key in keys)
        seed = int.from_bytes(
            blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big"
        )
        self._random = Random(seed).random

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def sign(self) -> int:
        return 1 if self._random() < 0.5 else -1

    def choice(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        mark = self._random() * sum(weights.values())
        options = list(weights)
        for option in options:
            mark -= weights[option]
            if mark < 0:
                return option
        return options[-1]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        order = sorted(range(len(options)), key=lambda _: self._random())
        return [options[index] for index in order]
