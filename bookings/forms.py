from typing import NamedTuple

from django.http import QueryDict

LONGEST_TOKEN = 64


class ChosenSeats(NamedTuple):
    """The seats chosen on the map, and the form's token. A repeated post has the same token.

    `unasked` has the wheelchair places that were chosen although the form does not say that one is
    needed. The form posts the labels of all wheelchair places (`places`), so this needs no query.
    """

    labels: list[str]
    token: str
    unasked: list[str]

    @classmethod
    def of(cls, data: QueryDict) -> "ChosenSeats":
        """Read the posted form; the service checks which labels exist.

        A token that no page of this site has made (too long, not printable) is replaced by "".
        """
        token = data.get("token") or ""
        if len(token) > LONGEST_TOKEN or not token.isprintable():
            token = ""
        labels = list(dict.fromkeys(data.getlist("seat")))
        places = set() if data.get("wheelchair") else set(data.get("places", "").split(","))
        return cls(labels, token, [label for label in labels if label in places])
