"""Shares of whole amounts that always add up."""

from collections.abc import Sequence


def share(amount: int, part: int, whole: int) -> int:
    """`amount` × `part` / `whole`, rounded half up. 0 if the whole is 0."""
    return (2 * amount * part + whole) // (2 * whole) if whole else 0


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """The amount in parts by weight. Their sum is the amount; each is within one unit of exact.

    If all weights are 0, the first part gets everything. Raises ValueError without weights.
    """
    if not weights:
        raise ValueError("An amount needs at least one part.")
    whole = sum(weights)
    if not whole:
        return [amount, *[0] * (len(weights) - 1)]
    parts, so_far, given = [], 0, 0
    for weight in weights:
        so_far += weight
        reached = share(amount, so_far, whole)
        parts.append(reached - given)
        given = reached
    return parts
