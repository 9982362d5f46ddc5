"""Reads Stripe's form-encoded parameters: ``line_items[0][price_data][currency]=inr``."""

import re
from typing import Any

from django.http import QueryDict

PARTS = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")


def nested(form: QueryDict) -> dict[str, Any]:
    """The parameters as dictionaries. Lists are dictionaries with numbers as keys."""
    found: dict[str, Any] = {}
    for name, values in form.lists():
        parts = PARTS.findall(name)
        for number, value in enumerate(values):
            place = found
            for part in parts[:-1]:
                below = place.setdefault(part, {})
                place = below if isinstance(below, dict) else {}
            # `expand[]=a&expand[]=b` has no numbers.
            place[parts[-1] or str(number)] = value
    return found


def as_list(value: Any) -> list[Any]:
    """A list that was sent with numbers, in their order."""
    if not isinstance(value, dict):
        return []
    return [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
