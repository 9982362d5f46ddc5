"""What a check of `manage.py doctor` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    `is_error`: the site does not work as it should. Advice without an error is a warning; no advice
    means that all is well.
    """

    subject: str
    text: str
    advice: str = ""
    is_error: bool = False
