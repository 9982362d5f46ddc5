"""Whether turns depend on arrivals: the chi-square test of independence, without a library."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

PARTS = 10


class Independence(NamedTuple):
    """The statistic, and the probability of one as large if turns don't depend on arrivals."""

    chi_square: float
    p: float


def independence(pairs: Iterable[tuple[int, int]], people: int) -> Independence:
    """Test pairs of arrival and turn, both from 1 to `people`, each cut into PARTS equal parts."""
    cells = Counter(
        ((arrival - 1) * PARTS // people, (turn - 1) * PARTS // people) for arrival, turn in pairs
    )
    total = cells.total()
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    for (row, column), count in cells.items():
        rows[row] += count
        columns[column] += count
    chi_square = sum(
        (cells[row, column] - expected) ** 2 / expected
        for row in rows
        for column in columns
        for expected in [rows[row] * columns[column] / total]
    )
    freedom = (len(rows) - 1) * (len(columns) - 1)
    return Independence(chi_square, upper_tail(chi_square, freedom))


def upper_tail(chi_square: float, freedom: int) -> float:
    """The probability of at least `chi_square`, by Wilson and Hilferty's approximation.

    It is right to two digits for 81 degrees of freedom, far into the tails.
    """
    spread = 2 / (9 * freedom)
    normal = ((chi_square / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return math.erfc(normal / math.sqrt(2)) / 2
