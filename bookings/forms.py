from typing import NamedTuple

from django.http import QueryDict

LONGEST_TOKEN = 64


class ChosenSeats(NamedTuple):
    """The seats ticked on the map, and the token that makes a repeated post the same request."""

    labels: list[str]
    token: str

    @classmethod
    def of(cls, data: QueryDict) -> "ChosenSeats":
        """Labels as ticked, each once; which of them exist is for the service to say.

        A token that no page of ours wrote is as good as none.
        """
        token = data.get("token") or ""
        if len(token) > LONGEST_TOKEN or not token.isprintable():
            token = ""
        return cls(list(dict.fromkeys(data.getlist("seat"))), token)
