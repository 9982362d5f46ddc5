"""Which compositions and moods a film's genres call for."""

from collections.abc import Sequence

ANY = (
    "eclipse",
    "horizon",
    "stripes",
    "grid",
    "ripples",
    "halftone",
    "sprockets",
    "letterform",
    "torn",
)

COMPOSITIONS: dict[str, tuple[str, ...]] = {
    "action": ("burst", "target", "blades", "stripes", "skyline", "letterform", "road"),
    "adventure": ("horizon", "road", "burst", "constellation", "eclipse"),
    "animated": ("grid", "bloom", "face", "burst", "orbits", "ripples"),
    "biography": ("letterform", "face", "halftone", "record", "eclipse"),
    "comedy": (
        "face",
        "grid",
        "bloom",
        "ripples",
        "record",
        "burst",
        "stripes",
        "letterform",
        "lanes",
    ),
    "crime": ("skyline", "torn", "target", "staircase", "beam", "stripes"),
    "dance": ("ripples", "record", "burst", "bloom"),
    "disaster": ("horizon", "torn", "burst", "ripples"),
    "documentary": ("sprockets", "halftone", "letterform", "eye", "torn"),
    "drama": (
        "eclipse",
        "torn",
        "staircase",
        "doorway",
        "face",
        "horizon",
        "road",
        "stripes",
        "beam",
        "letterform",
    ),
    "erotic": ("heart", "bloom", "eclipse", "ripples"),
    "family": ("bloom", "grid", "horizon", "constellation", "ripples"),
    "fantasy": ("constellation", "eclipse", "bloom", "horizon", "hand"),
    "found footage": ("sprockets", "eye", "halftone"),
    "historical": ("torn", "horizon", "staircase", "letterform", "eclipse"),
    "horror": ("eye", "hand", "blades", "doorway", "eclipse", "torn", "staircase"),
    "independent": ("sprockets", "torn", "letterform", "road"),
    "legal": ("staircase", "stripes", "letterform", "eclipse"),
    "live action": ("sprockets", "burst", "grid"),
    "martial arts": ("blades", "eclipse", "burst", "hand"),
    "musical": ("record", "ripples", "beam", "burst", "stripes"),
    "mystery": ("doorway", "eye", "staircase", "ripples", "beam"),
    "noir": ("beam", "skyline", "doorway", "stripes", "staircase"),
    "performance": ("beam", "record", "ripples"),
    "political": ("stripes", "torn", "letterform", "staircase"),
    "romance": ("heart", "bloom", "eclipse", "constellation", "skyline"),
    "satire": ("face", "grid", "stripes", "target"),
    "science fiction": ("orbits", "eclipse", "halftone", "ripples", "constellation"),
    "short": ("sprockets", "grid", "letterform"),
    "slasher": ("blades", "hand", "eye", "torn"),
    "sports": ("lanes", "target", "burst", "stripes"),
    "spy": ("target", "eye", "beam", "sprockets", "stripes"),
    "superhero": ("burst", "skyline", "letterform", "halftone"),
    "supernatural": ("eclipse", "hand", "doorway", "eye", "constellation"),
    "teen": ("grid", "face", "record", "heart", "ripples"),
    "thriller": ("stripes", "staircase", "eye", "blades", "doorway", "target", "torn", "road"),
    "war": ("target", "torn", "horizon", "burst"),
    "western": ("horizon", "road", "burst", "target"),
}

# Two thirds of films are a comedy or a drama; what else they are says more.
COMMONPLACE = frozenset({"comedy", "drama", "action", "thriller"})

MOODS: dict[str, tuple[str, ...]] = {
    "action": ("bold",),
    "adventure": ("warm", "green"),
    "animated": ("bright",),
    "biography": ("dust",),
    "comedy": ("bright", "warm"),
    "crime": ("grave", "bold"),
    "dance": ("bright",),
    "documentary": ("bold",),
    "erotic": ("tender", "night"),
    "family": ("bright",),
    "fantasy": ("night", "green"),
    "found footage": ("grave",),
    "historical": ("dust",),
    "horror": ("grave", "night"),
    "martial arts": ("bold",),
    "musical": ("bright", "night"),
    "mystery": ("night", "cold"),
    "noir": ("grave",),
    "romance": ("tender", "warm"),
    "science fiction": ("cold", "night"),
    "slasher": ("grave",),
    "sports": ("green", "bold"),
    "spy": ("cold", "bold"),
    "superhero": ("bold", "bright"),
    "supernatural": ("night", "grave"),
    "teen": ("bright", "tender"),
    "thriller": ("grave", "cold"),
    "war": ("dust", "grave"),
    "western": ("dust", "warm"),
}


def normalise(genres: Sequence[str]) -> list[str]:
    """Known or not, in an order that doesn't depend on how they were given."""
    return sorted({" ".join(genre.split()).casefold() for genre in genres if genre.strip()})


def composition_weights(genres: Sequence[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for genre in genres:
        families = COMPOSITIONS.get(genre, ())
        for family in families:
            weight = (1.0 if genre in COMMONPLACE else 3.0) / len(families)
            weights[family] = weights.get(family, 0.0) + weight
    return weights or dict.fromkeys(ANY, 1.0)


def moods_of(genres: Sequence[str]) -> list[str]:
    """The least commonplace genre's moods first."""
    telling = sorted(genres, key=lambda genre: genre in COMMONPLACE)
    return list(dict.fromkeys(mood for genre in telling for mood in MOODS.get(genre, ())))
