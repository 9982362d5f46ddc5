"""The signed links of the mails. They are made when a mail is sent, and kept nowhere."""

from datetime import timedelta

from django.core import signing
from django.urls import reverse

from accounts.errors import LinkNotValid
from accounts.models import User
from bookmyshow.core.mail import site_link

from .models import FilmWish

CONFIRM_SALT, STOP_SALT = "tell_me.confirm", "tell_me.stop"
#: How long a link that confirms a wish is valid.
LINK = timedelta(days=3)


def confirm_link(wish: FilmWish) -> str:
    token = signing.dumps([wish.pk, wish.user.email], salt=CONFIRM_SALT)
    return site_link(reverse("tell_me:confirm", args=[token]))


def stop_link(user: User) -> str:
    """The link to stop. It has no end: an old mail must still be able to end all mails."""
    token = signing.dumps([user.pk, user.email], salt=STOP_SALT)
    return site_link(reverse("tell_me:stop", args=[token]))


def wish_of_link(token: str) -> FilmWish:
    """The wish that a mailed link confirms. Raises LinkNotValid."""
    try:
        pk, email = signing.loads(token, salt=CONFIRM_SALT, max_age=LINK)
    except signing.BadSignature as error:
        raise LinkNotValid from error
    wishes = FilmWish.objects.with_film()
    found = wishes.filter(pk=pk, user__email=email, user__is_active=True).first()
    if found is None:
        raise LinkNotValid
    return found


def user_of_stop_link(token: str) -> User:
    """The person whose wishes the link of a mail ends. Raises LinkNotValid."""
    try:
        pk, email = signing.loads(token, salt=STOP_SALT)
    except signing.BadSignature as error:
        raise LinkNotValid from error
    found = User.objects.filter(pk=pk, email=email, is_active=True).first()
    if found is None:
        raise LinkNotValid
    return found
