from typing import NamedTuple

from django.http import QueryDict

LONGEST_TOKEN = 64


class ChosenSeats(NamedTuple):
    """The seats chosen on the map, and the form's token, by which a repeated post is recognised.

    `unasked` are the chosen wheelchair places, if the form does not say that one is needed. The map
    posts the labels of its wheelchair places (`places`), so no query is needed.
    """

    labels: list[str]
    token: str
    unasked: list[str]

    @classmethod
    def of(cls, data: QueryDict) -> "ChosenSeats":
        """Read the posted form; the service checks which labels exist.

        A token that cannot be from a page of this site is read as none.
        """
        token = data.get("token") or ""
        if len(token) > LONGEST_TOKEN or not token.isprintable():
            token = ""
        labels = list(dict.fromkeys(data.getlist("seat")))
        places = set() if data.get("wheelchair") else set(data.get("places", "").split(","))
        return cls(labels, token, [label for label in labels if label in places])
