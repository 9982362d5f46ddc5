from .models import CROCKFORD


class ReferenceConverter:
    """Matches a booking reference in a URL. Other text there gives a 404."""

    regex = f"BMV[{CROCKFORD}]{{12}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
