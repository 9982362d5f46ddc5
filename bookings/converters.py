from .models import CROCKFORD


class ReferenceConverter:
    """A booking reference in an address; anything else there is no page at all."""

    regex = f"BMV[{CROCKFORD}]{{12}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
