"""The seating plans of the demo's screens, in the text format of shows/seating/plan.py.

Row A is the front row. Most plans have no rows I and O, as in most cinemas.
"""

from itertools import cycle


def rows(names: str, *cells: str) -> str:
    """One line of a plan for each row name. If there are several `cells`, rows use them in turn."""
    return "\n".join(
        f"{name:<3} {line}" for name, line in zip(names.split(), cycle(cells), strict=False)
    )


def plan(*parts: str) -> str:
    return "\n".join(parts) + "\n"


CROSS_AISLE = ""

# 500 seats: three blocks and a cross aisle. The projection room takes space in rows U to X.
GIANT = plan(
    rows("A B C", "_sssss__ssssssssssss__sssss_"),
    rows("D E F G H J", "ssssss__ssssssssssss__ssssss"),
    rows("K", "ww_sss__ssssssssssss__sss_ww"),
    CROSS_AISLE,
    rows("L", "WW_ppp__pppppppppppp__ppp_WW"),
    rows("M N P Q R S", "pppppp__pppppppppppp__pppppp"),
    rows("T", "pppppp__pppppppppppp__pppppp"),
    rows("U", "pppppp__pppp____pppp__pppppp"),
    rows("V W", "ssssss__ssss____ssss__ssssss"),
    rows("X", "_sssss__ssss____ssss__sssss_"),
)

# 308 seats: a wide middle block, and wheelchair places along the cross aisle.
LARGE = plan(
    rows("A", "_____ssssssssss_____"),
    rows("B C D E F G H", "ssss_ssssssssss_ssss"),
    rows("J", "ww___ssssssssss___ww"),
    CROSS_AISLE,
    rows("K L M N P", "ssss_ssssssssss_ssss"),
    rows("Q R S", "pppp_pppppppppp_pppp"),
    rows("T", "pp___pppppppppp___pp"),
)

# 180 seats: pairs along both walls, with a gap of half a seat.
MIDDLE = plan(
    rows("A B C D", "ss-sssssssssss-ss"),
    rows("E", "ww-sssssssssss-ww"),
    rows("F G H J", "ss-sssssssssss-ss"),
    rows("K L M", "pp-ppppppppppp-pp"),
)

# 228 seats: an old picture palace with staggered rows.
PALACE = plan(
    rows("A", "____-ssssss__ssssss"),
    rows("B", "__ssssssss__ssssssss"),
    rows("C D E F G", "-ssssssssss__ssssssssss", "ssssssssss__ssssssssss"),
    rows("H", "wwssssssss__ssssssssww"),
    CROSS_AISLE,
    rows("J K L M", "-pppppppppp__pppppppppp", "pppppppppp__pppppppppp"),
)

# 40 seats: a small studio.
STUDIO = plan(
    rows("A", "ss_ssss_ww"),
    rows("B C", "ss_ssss_ss"),
    rows("D E", "pp_pppp_pp"),
)

# 260 seats.
WIDE = plan(
    rows("A B", "sssss__ssssssssss__sssss"),
    rows("C", "wwsss__ssssssssss__sssww"),
    rows("D E F G H", "sssss__ssssssssss__sssss"),
    CROSS_AISLE,
    rows("J K L M N", "ppppp__pppppppppp__ppppp"),
)

# 144 seats, with one aisle that is not in the middle.
ONE_AISLE = plan(
    rows("A", "wwss_ssssssss"),
    rows("B C D E F G H J", "ssss_ssssssss"),
    rows("K L M", "pppp_pppppppp"),
)

# 48 recliners in pairs.
RECLINERS = plan(
    rows("A", "WW-pp__pp-pp"),
    rows("B C D E F", "pp-pp__pp-pp"),
)

# 278 seats: a deep, narrow hall of 28 rows. After row Z come AA and BB.
DEEP = plan(
    rows("A", "__sss_sss__"),
    rows("B C D E F G H I J K L", "sssss_sssss"),
    rows("M", "wwsss_sssww"),
    CROSS_AISLE,
    rows("N O P Q R S T U", "sssss_sssss"),
    rows("V W X Y Z AA", "ppppp_ppppp"),
    rows("BB", "pppppppppppp"),
)

# 110 seats in numbered rows.
NUMBERED = plan(
    rows("1 2 3 4 5 6 7", "ssss__ssssss"),
    rows("8", "ssss__ssssww"),
    rows("9 10 11", "pppp__pppppp"),
)

# 120 seats.
TWELVES = plan(
    rows("A B C D", "ssssss_ssssss"),
    rows("E", "ssssss_ssssww"),
    rows("F G", "ssssss_ssssss"),
    rows("H J K", "pppppp_pppppp"),
)

# 64 seats.
SNUG = plan(
    rows("A", "_ss-ssss-ww"),
    rows("B C D E", "-ss-ssss-ss"),
    rows("F G H", "pp-pppp-pp"),
)

# 160 seats: a former theatre, with odd numbers on the left and even numbers on the right.
STALLS = "15,13,11,9,7,5,3,1,2,4,6,8,10,12,14,16"
THEATRE = plan(
    rows("A B C D E", f"= {STALLS}  ssssssss__ssssssss"),
    rows("F", f"= {STALLS}  wwssssss__ssssssww"),
    CROSS_AISLE,
    rows("G H J K", f"= {STALLS}  pppppppp__pppppppp"),
)

# 87 seats, sofas for two in the last row.
SOFAS = plan(
    rows("A B C D E", "sssss_sssss"),
    rows("F", "wwsss_sssss"),
    rows("G H", "sssss_sssss"),
    rows("J", "W_pp-pp_pp"),
)
