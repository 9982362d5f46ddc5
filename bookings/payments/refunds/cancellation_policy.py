"""What a customer gets back for cancelling, and its description for pages and mails.

The setting CANCELLATION_POLICY is copied into each order, so a later change of the setting does not
touch tickets that are sold. The rules are in docs/payments.md ("Cancelling and refunds").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bookmyshow.core.cancellation_steps import Step, parse_steps
from bookmyshow.core.templatetags.formatting import moment

ALL = 100
#: An empty policy: everything comes back until the show begins.
UNTIL_THE_START = (Step(minutes=0, percent=ALL),)


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Steps of a policy, earliest first. The percentage applies to the prices of the seats."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, text: str) -> "CancellationPolicy":
        """The policy in a text such as "120:100,20:50". Raises ValueError."""
        return cls(parse_steps(text) or UNTIL_THE_START)

    def percent_at(self, at: datetime, *, starts_at: datetime) -> int:
        """How many per cent of the seats' prices come back if the customer cancels at `at`.

        From the show's start on this is 0.
        """
        left = starts_at - at
        if left <= timedelta(0):
            return 0
        return next(
            (step.percent for step in self.steps if left >= timedelta(minutes=step.minutes)), 0
        )

    def describe(
        self,
        *,
        starts_at: datetime | None = None,
        at: datetime | None = None,
        fee: bool = False,
    ) -> list[str]:
        """The policy in sentences.

        `starts_at` is the show's start in the cinema's zone: then the sentences name the last
        moment of each step, without the steps that are over at `at`. With `fee`, a last sentence
        says that the booking fee is kept.
        """
        steps = [step for step in self.steps if not _is_over(step, starts_at, at)]
        lines = [
            f"{_until(step, starts_at)}: {_share(step.percent)} of the ticket price back."
            for step in steps
        ]
        last = self.steps[-1]
        if not steps:
            lines.append("It is too late to get money back.")
        elif last.minutes and last.percent:
            lines.append("Later: nothing back.")
        if fee:
            lines.append("The booking fee is kept, unless the cinema cancels the show.")
        return lines


def _is_over(step: Step, starts_at: datetime | None, at: datetime | None) -> bool:
    if starts_at is None or at is None:
        return False
    return starts_at - timedelta(minutes=step.minutes) < at


def _until(step: Step, starts_at: datetime | None) -> str:
    if not step.minutes:
        return "Until the show begins"
    if starts_at is None:
        return f"Until {duration(step.minutes)} before the show"
    return f"Until {moment(starts_at - timedelta(minutes=step.minutes))}"


def _share(percent: int) -> str:
    return {ALL: "all", 0: "nothing"}.get(percent, f"{percent} %")


def duration(minutes: int) -> str:
    """20 minutes, 2 hours, 3 days, 1 hour 30 minutes"""
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [
        f"{count} {name}{'' if count == 1 else 's'}"
        for count, name in ((days, "day"), (hours, "hour"), (left, "minute"))
        if count
    ]
    return " ".join(parts)
