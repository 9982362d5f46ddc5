"""Recovery codes: ten one-time codes for staff whose authenticator app is lost.

They are shown once, when they are made. The database stores only their SHA-256 digests. A code has
80 random bits, so nobody can find it by guessing.
"""

import hashlib
import secrets

from django.utils import timezone

from accounts.models import RecoveryCode, User

HOW_MANY = 10
LETTERS = 16
# Crockford's base 32 has no letters that look like digits. A typed O is read as 0, I and L as 1;
# spaces and hyphens are ignored.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKALIKES = str.maketrans("OIL", "011", " -\t")


def make(user: User) -> list[str]:
    """Make new codes, in groups of four letters, and delete the old ones."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(HOW_MANY)]
    forget(user)
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(user, code)) for code in codes
    )
    return ["-".join(code[at : at + 4] for at in range(0, LETTERS, 4)) for code in codes]


def looks_like_recovery_code(text: str) -> bool:
    """Whether the text has the length of a recovery code. An app's code is shorter."""
    return len(_read(text)) == LETTERS


def use(user: User, text: str) -> bool:
    """Use up a code. True the first time, False for a used or wrong code."""
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, _read(text)), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def count_unused(user: User) -> int:
    """How many codes the person has not used yet."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def forget(user: User) -> None:
    """Delete all codes of the person."""
    RecoveryCode.objects.filter(user=user).delete()


def _read(text: str) -> str:
    return text.upper().translate(LOOKALIKES)


def _digest(user: User, code: str) -> str:
    return hashlib.sha256(f"{user.pk}:{code}".encode()).hexdigest()
