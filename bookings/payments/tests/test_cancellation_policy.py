from datetime import UTC, datetime, timedelta

import pytest

from bookings.payments.refunds.cancellation_policy import CancellationPolicy, duration

START = datetime(2026, 11, 28, 19, 45, tzinfo=UTC)


def percent(policy: str, **before: int) -> int:
    return CancellationPolicy.of(policy).percent_at(START - timedelta(**before), starts_at=START)


@pytest.mark.parametrize(
    ("minutes", "back"),
    [(5000, 100), (121, 100), (120, 100), (119, 50), (20, 50), (19, 0), (0, 0), (-1, 0)],
)
def test_each_step_counts_up_to_its_last_minute(minutes: int, back: int) -> None:
    assert percent("120:100,20:50", minutes=minutes) == back


def test_a_step_ends_at_the_second() -> None:
    assert percent("120:100,20:50", minutes=119, seconds=59) == 50


def test_without_a_policy_all_comes_back_until_the_show_begins() -> None:
    assert percent("", seconds=1) == 100
    assert percent("", seconds=0) == 0


def test_the_order_of_the_steps_does_not_matter() -> None:
    assert CancellationPolicy.of("20:50, 120:100") == CancellationPolicy.of("120:100,20:50")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("120", "'120' can't be read"),
        ("120:100,", "'' can't be read"),
        ("two:100", "can't be read"),
        ("-5:100", "can't be read"),
        ("120:101", "101 % is more than all"),
        ("999999:100", "more than a year"),
        ("120:100,120:50", "120 minutes are in it twice"),
        ("120:50,20:100", "cancelling earlier must not give less"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CancellationPolicy.of(text)


def test_the_policy_in_words() -> None:
    policy = CancellationPolicy.of("2880:100,120:50,90:25")
    assert policy.describe(fee=True) == [
        "Until 2 days before the show: all of the ticket price back.",
        "Until 2 hours before the show: 50 % of the ticket price back.",
        "Until 1 hour 30 minutes before the show: 25 % of the ticket price back.",
        "Later: nothing back.",
        "The booking fee is kept, unless the cinema cancels the show.",
    ]
    assert CancellationPolicy.of("").describe() == [
        "Until the show begins: all of the ticket price back."
    ]
    assert CancellationPolicy.of("0:0").describe() == [
        "Until the show begins: nothing of the ticket price back."
    ]


def test_the_policy_with_the_shows_own_times() -> None:
    assert CancellationPolicy.of("120:100,20:50").describe(starts_at=START) == [
        "Until Sat 28 Nov, 17:45: all of the ticket price back.",
        "Until Sat 28 Nov, 19:25: 50 % of the ticket price back.",
        "Later: nothing back.",
    ]


def test_steps_that_are_over_are_left_out() -> None:
    policy = CancellationPolicy.of("120:100,20:50")

    def described(**before: int) -> list[str]:
        return policy.describe(starts_at=START, at=START - timedelta(**before))

    assert len(described(minutes=120)) == 3
    half = "Until Sat 28 Nov, 19:25: 50 % of the ticket price back."
    assert described(minutes=119) == [half, "Later: nothing back."]
    assert described(minutes=19) == ["It is too late to get money back."]


def test_lengths_in_words() -> None:
    assert [duration(m) for m in (1, 20, 60, 1501)] == [
        "1 minute",
        "20 minutes",
        "1 hour",
        "1 day 1 hour 1 minute",
    ]
