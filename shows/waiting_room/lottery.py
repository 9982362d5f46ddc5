"""The draw of an on-sale: a keyed permutation of the arrival numbers (docs/spec.md §24.2).

The seed, the number of people in the draw and a person's arrival number give the turn, so everybody
can check their own, and the waiting page computes it without asking the server. The examples in
`shows/waiting_room/tests/data/lottery.json` test both implementations.

The permutation is a Feistel network over the numbers below 4^k, the smallest such power that has
room for all. Its rounds are the first four bytes of SHA-256(seed, round, half of the number). A
number that leaves the range is permuted again until it is back inside (cycle walking).
"""

import hashlib
from functools import lru_cache

SEED_BYTES = 32
ROUNDS = 10


class Draw:
    """The order of `size` people. It has 10 × √size hashes, made once."""

    def __init__(self, seed: bytes, size: int) -> None:
        """Raises ValueError if the seed has not SEED_BYTES bytes, or nobody is in the draw."""
        if len(seed) != SEED_BYTES or size < 1:
            raise ValueError(f"a draw needs {SEED_BYTES} bytes and one person or more")
        self.size = size
        self._bits = max(1, ((size - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._bits) - 1
        self._rounds = _round_tables(seed, self._bits)

    def turn_of(self, number: int) -> int:
        """The turn, from 1, of the person with this arrival number. Raises ValueError."""
        if not 1 <= number <= self.size:
            raise ValueError(f"the number {number} is not in a draw of {self.size}")
        place = self._permute(number - 1)
        while place >= self.size:
            place = self._permute(place)
        return place + 1

    def _permute(self, value: int) -> int:
        left, right = value >> self._bits, value & self._mask
        for table in self._rounds:
            left, right = right, left ^ table[right]
        return left << self._bits | right


@lru_cache(maxsize=16)
def _round_tables(seed: bytes, bits: int) -> list[list[int]]:
    """For each round the value of each half. A half has `bits` bits."""
    return [
        [_round(seed, number, half) & ((1 << bits) - 1) for half in range(1 << bits)]
        for number in range(ROUNDS)
    ]


def _round(seed: bytes, number: int, half: int) -> int:
    digest = hashlib.sha256(seed + bytes([number]) + half.to_bytes(4, "big")).digest()
    return int.from_bytes(digest[:4], "big")
