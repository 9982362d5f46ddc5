"""The compositions and moods that suit a film's genres."""

from collections.abc import Sequence

# For films without a known genre.
ANY = (
    *("eclipse", "horizon", "stripes", "grid", "ripples", "halftone", "sprockets", "letterform"),
    *("torn", "blocks", "quavers", "procession", "leaves", "profiles", "columns", "woods"),
    *("windows", "chevrons"),
)

_COMPOSITIONS = {
    "action": "burst target blades stripes chevrons letterform road procession spiral banner",
    "adventure": "horizon road compass sail constellation bird burst fish",
    "animated": "grid bird fish cat balloon leaves face teeth orbits bloom",
    "biography": "letterform profiles halftone blocks columns quavers torn crowd",
    "comedy": "face spectacles glass grid leaves ripples balloon burst blocks procession cat "
    "stripes letterform umbrella teeth",
    "crime": "skyline torn target staircase beam stripes windows blocks labyrinth",
    "dance": "leaves quavers ripples procession curtain",
    "disaster": "horizon torn burst ripples sail",
    "documentary": "sprockets halftone letterform eye torn crowd blocks windows",
    "drama": "eclipse torn staircase doorway profiles horizon road blocks beam letterform windows "
    "umbrella woods house crowd bird ripples quavers",
    "erotic": "heart bloom eclipse ripples profiles",
    "family": "bloom grid horizon crown bird balloon cat house leaves",
    "fantasy": "constellation eclipse bloom woods hand bird crown cat compass sail",
    "found footage": "sprockets eye halftone woods",
    "historical": "columns torn horizon banner letterform profiles",
    "horror": "eye hand blades doorway eclipse house woods teeth spiral torn",
    "independent": "sprockets torn letterform road blocks",
    "legal": "columns staircase blocks crowd",
    "live action": "sprockets burst grid cat",
    "martial arts": "blades eclipse chevrons hand horizon",
    "musical": "record quavers curtain beam ripples burst leaves",
    "mystery": "doorway eye labyrinth spiral ripples beam windows woods profiles",
    "noir": "beam skyline windows umbrella staircase doorway stripes",
    "performance": "curtain beam record quavers",
    "political": "columns banner crowd stripes torn letterform",
    "romance": "heart bloom eclipse constellation profiles umbrella balloon bird skyline",
    "satire": "face spectacles crowd crown target",
    "science fiction": "orbits eclipse halftone rocket labyrinth cogs ripples constellation spiral",
    "short": "sprockets grid letterform blocks",
    "slasher": "blades hand eye torn teeth house",
    "sports": "lanes target chevrons procession banner burst stripes",
    "spy": "target eye beam sprockets labyrinth spiral profiles umbrella",
    "superhero": "burst skyline banner letterform chevrons halftone",
    "supernatural": "eclipse hand doorway eye house woods constellation spiral",
    "teen": "grid face record heart ripples leaves glass",
    "thriller": "stripes staircase eye blades doorway target torn road spiral labyrinth windows "
    "woods chevrons",
    "war": "target torn horizon burst banner cogs crowd",
    "western": "horizon road burst target hand",
}
COMPOSITIONS = {genre: tuple(families.split()) for genre, families in _COMPOSITIONS.items()}

# Films of SOBER genres (real lives, crimes, wars) never get these: they would be in poor taste.
FRIVOLOUS = frozenset(
    {"face", "spectacles", "teeth", "cat", "balloon", "glass", "heart", "fish", "curtain"}
)
SOBER = frozenset({"biography", "crime", "documentary", "historical", "war", "political", "legal"})

# Most films have one of these genres. Their other genres say more, so those weigh three times as
# much, and their moods come first.
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
    """The genres in lower case, sorted, without duplicates. Unknown genres are kept."""
    return sorted({" ".join(genre.split()).casefold() for genre in genres if genre.strip()})


def composition_weights(genres: Sequence[str]) -> dict[str, float]:
    """The weight of each composition that suits the genres. If none does, all of ANY weigh 1."""
    weights: dict[str, float] = {}
    for genre in genres:
        families = COMPOSITIONS.get(genre, ())
        if not SOBER.isdisjoint(genres):
            families = tuple(family for family in families if family not in FRIVOLOUS)
        for family in families:
            weight = (1.0 if genre in COMMONPLACE else 3.0) / len(families)
            weights[family] = weights.get(family, 0.0) + weight
    return weights or dict.fromkeys(ANY, 1.0)


def moods_of(genres: Sequence[str]) -> list[str]:
    """The moods of the genres without duplicates. Those of COMMONPLACE genres come last."""
    rare_first = sorted(genres, key=lambda genre: genre in COMMONPLACE)
    return list(dict.fromkeys(mood for genre in rare_first for mood in MOODS.get(genre, ())))
