"""The signed link that proves a new log-in address: it is mailed to that address only."""

from django.core import signing

from accounts.errors import LinkNotValid
from accounts.models import User

SALT = "accounts.new-address"
LINK_SECONDS = 24 * 3600


def new_address_token(user: User, email: str) -> str:
    """The account’s id, its address now, and the new one. Any change of the address ends it."""
    return signing.dumps([user.pk, user.email, email], salt=SALT)


def read_new_address(token: str) -> tuple[User, str]:
    """The account and the new address that a link's token names. Raises LinkNotValid."""
    try:
        pk, before, email = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise LinkNotValid from error
    user = User.objects.filter(pk=pk, email=before, is_active=True).first()
    if user is None:
        raise LinkNotValid
    return user, email
