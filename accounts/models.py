from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from bookmyshow.core.email_key import as_stored, email_key

from .email.addresses import validate_mailable

MANAGERS = "manager"
SESSION_SALT = "accounts.session"
EMAIL_CONSTRAINT = "user_email_unique_any_case"


class Words(models.Func):
    """The database function that makes a person's search words (migration `search`)."""

    function = "accounts_words"
    output_field = SearchVectorField()


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return super().normalize_email(as_stored(email or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account: a customer by default. Without a password, nobody can log in."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_guest(self) -> "User":
        """Create a guest: a buyer without an account (`accounts.guests`)."""
        guest = self.model(is_guest=True)
        guest.set_unusable_password()
        guest.save(using=self._db)
        return guest

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account with this email. Case and full-width letters make no difference.

        Log-in and `createsuperuser` call this, so they never find a guest.
        """
        return self.with_email(username or "").get()

    def with_email(self, email: str) -> models.QuerySet["User"]:
        """At most one account: the one with this email, compared as `get_by_natural_key` does.

        Guests are left out: several of them, and an account, may have the same email.
        """
        accounts = self.alias(email_folded=Lower("email")).filter(is_guest=False)
        return accounts.filter(email_folded=email_key(email))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who buys tickets or works here; logs in by email (docs/spec.md §3.1).

    A guest is a person without an account (docs/spec.md §19): no log-in, no API token, no rights,
    and an email that nobody has proved and that other people may have too.
    """

    email = models.EmailField(max_length=254, validators=[validate_mailable])
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=32, blank=True)
    is_staff = models.BooleanField("works here", default=False)
    is_active = models.BooleanField(default=True)
    is_guest = models.BooleanField(
        "guest, without an account", default=False, db_default=False, editable=False
    )
    # An increase ends all sessions and API tokens. Database triggers increase it at each change of
    # rights, of `is_active` or of the second factor, and never let it decrease (migration
    # `second_factor_and_rights`).
    token_version = models.PositiveIntegerField(default=0, editable=False)
    email_confirmed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When a link that was mailed to the address was followed; empty until then.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("email",)
        permissions = (
            ("export_person", "Can export a person’s data"),
            ("anonymise_person", "Can anonymise a person"),
        )
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(is_guest=False),
                name=EMAIL_CONSTRAINT,
                violation_error_message="An account with this email already exists.",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | Q(is_guest=True), name="user_email_not_empty"
            ),
            # "!" begins a password that no text matches (`set_unusable_password`).
            models.CheckConstraint(
                condition=Q(is_guest=False)
                | Q(
                    is_staff=False,
                    is_superuser=False,
                    password__startswith="!",
                    last_login__isnull=True,
                ),
                name="user_guest_never_logs_in",
            ),
        )
        indexes = (
            models.Index(
                fields=("email",), condition=Q(is_guest=False), name="user_accounts_by_email"
            ),
            models.Index(fields=("created_at",), name="user_created_at"),
            models.Index(
                fields=("created_at", "id"), condition=Q(is_guest=True), name="user_guests"
            ),
            # Which guests gave an account's email, when its owner opens My bookings.
            models.Index(
                Lower("email"),
                condition=Q(is_guest=True) & ~Q(email=""),
                name="user_email_of_guests",
            ),
            GinIndex(Words("name", "email", "phone"), name="user_words"),
        )

    def __str__(self) -> str:
        return self.name or self.email or f"guest {self.pk}"

    def set_password(self, raw_password: str | None) -> None:
        """Set a new password, without saving. Saving it ends every session and API token."""
        super().set_password(raw_password)
        self.token_version += 1

    def check_password(self, raw_password: str | None) -> bool:
        # Django may call `set_password` here to store the same password with a newer hasher. The
        # tokens must stay valid then.
        version = self.token_version
        matches = super().check_password(raw_password)
        self.token_version = version
        return matches

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """The hash that each session stores. If the password or `token_version` changes, the hash
        changes too, and the session ends."""
        bound = f"{self.password} {self.token_version}"
        return salted_hmac(SESSION_SALT, bound, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def is_manager(self) -> bool:
        return self.groups.filter(name=MANAGERS).exists()

    @property
    def role(self) -> str:
        """The role in the API, `admin` or `user`. Admins are superusers and managers, if they are
        staff: a person who no longer works here may still be in the group."""
        is_admin = self.is_staff and (self.is_superuser or self.is_manager)
        return "admin" if is_admin else "user"

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else str(self)


class RecoveryCode(models.Model):
    """A one-time code that replaces the authenticator app's code. Only its digest is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "digest"), name="recovery_code_once_per_person"
            ),
        )

    def __str__(self) -> str:
        return "used" if self.used_at else "unused"


class EndedToken(models.Model):
    """An API token that was logged out. After the token's expiry its row can be deleted."""

    jti = models.UUIDField(primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.jti)
