import pytest

from shows.listings.showtimes import Fullness


@pytest.mark.parametrize(
    ("free", "total", "level", "words"),
    [
        (0, 100, "full", "Sold out"),
        (1, 100, "filling", "1 seat left"),
        (20, 100, "filling", "20 seats left"),
        (90, 500, "filling", "Almost full"),
        (45, 100, "filling", "Filling up"),
        (51, 100, "open", "Plenty of seats"),
        # A small empty hall has few seats but is not nearly sold out.
        (12, 16, "open", "Plenty of seats"),
        (0, 0, "full", "Sold out"),
    ],
)
def test_how_full_a_show_is_in_words(free: int, total: int, level: str, words: str) -> None:
    fullness = Fullness.of(free=free, total=total)
    assert (fullness.level, fullness.words) == (level, words)


def test_the_meter_shows_the_share_that_is_taken() -> None:
    assert Fullness.of(free=30, total=40).percent == 25
    assert Fullness.of(free=0, total=40).percent == 100


def test_wheelchair_places_are_left_out_of_the_words() -> None:
    assert Fullness.of(free=0, total=40, free_places=4).words == "Wheelchair places only"
    assert Fullness.of(free=0, total=40, free_places=4).level == "filling"
    assert Fullness.of(free=3, total=40, free_places=4).words == "3 seats left"
