"""Whether a secret of the settings is good enough."""

import re
from base64 import urlsafe_b64decode
from itertools import pairwise

# A private key for web push is a number below this one (FIPS 186-5).
P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551


def is_guessable(value: str) -> bool:
    """Whether a text is clearly not random. 32 random hexadecimal digits pass this check."""
    repeated = value in (value + value)[1:-1]
    neighbours = sum(abs(ord(one) - ord(next_one)) <= 1 for one, next_one in pairwise(value))
    known = value.startswith(("django-insecure", "only-for-debugging"))
    return known or repeated or len(set(value)) < 8 or neighbours > len(value) / 2


def is_push_key(text: str) -> bool:
    """Whether the text is a private key for web push: 32 random bytes in base64url."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text) or is_guessable(text):
        return False
    return int.from_bytes(urlsafe_b64decode(f"{text}=")) < P256_ORDER
