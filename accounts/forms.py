from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest

from bookmyshow.core.email_key import as_stored
from bookmyshow.core.observability.security_log import log_event

from . import services
from .email.addresses import validate_mailable
from .errors import EmailTaken
from .login.attempts import spend_email_check, spend_secret
from .models import User
from .requests import AuthenticatedRequest

phone_number = RegexValidator(
    r"^\+?[0-9][0-9 ()/-]{5,24}$", "Write a phone number, for example +91 98200 12345."
)
PASSWORD_HINT = "At least 12 characters, say three words; not the site’s name, yours or your email."

EMAIL_TAKEN = "An account with this email exists."


class SiteForm(forms.Form):
    """Base of the site's forms: its CSS classes, and an error element for each field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            attributes = field.widget.attrs
            attributes.setdefault("class", "input")
            attributes.pop("autofocus", None)
            # The error element is always on the page. htmx fills it when a person leaves a field.
            place = str(self.auto_id) % name
            hint = [f"{place}_helptext"] if field.help_text else []
            attributes["aria-describedby"] = " ".join([*hint, f"{place}_error"])


class AccountEmailField(forms.EmailField):
    default_validators = [validate_mailable]

    def to_python(self, value: Any) -> Any:
        return super().to_python(as_stored(value) if isinstance(value, str) else value)


class SignUpForm(SiteForm):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        error_messages={"required": "Tell us your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = AccountEmailField(
        max_length=254,
        error_messages={
            "required": "Write your email address.",
            "invalid": "Write an email address, for example asha@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=128,
        help_text=PASSWORD_HINT,
        error_messages={"required": "Choose a password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, tells_taken: bool = True, **kwargs: Any) -> None:
        """`tells_taken`: whether to report an email that has an account already."""
        self.tells_taken = tells_taken
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if self.tells_taken and User.objects.with_email(email).exists():
            raise ValidationError(EMAIL_TAKEN, code="taken")
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            person = User(email=data.get("email", ""), name=data.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data

    def save(self, request: HttpRequest) -> User | None:
        """Create the account. None, with a field error, if the email was taken since the check."""
        data = self.cleaned_data
        try:
            return services.sign_up(
                email=data["email"],
                name=data["name"],
                password=data["password"],
                request=request,
            )
        except EmailTaken:
            self.add_error("email", ValidationError(EMAIL_TAKEN, code="taken"))
            return None


class LogInForm(SiteForm, AuthenticationForm):
    error_messages = {
        "invalid_login": "That email and password don’t go together. Try again, or reset the "
        "password.",
        "inactive": "This account is closed.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["username"], self.fields["password"]
        email.label = "Email"
        email.widget = forms.EmailInput(attrs=email.widget.attrs | {"autocomplete": "username"})
        email.error_messages["required"] = "Write your email address."
        password.error_messages["required"] = "Write your password."


class ProfileForm(SiteForm):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        error_messages={"required": "Tell us your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        max_length=32,
        required=False,
        validators=[phone_number],
        help_text="Only used if a show of yours changes.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class AccountForm(SiteForm):
    """A form about the account of `user`."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


class NewPasswordForm(AccountForm):
    """A new password, typed once: the page can show it, and password managers fill it in."""

    new_password = forms.CharField(
        strip=False,
        max_length=128,
        help_text=PASSWORD_HINT,
        error_messages={"required": "Choose a password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        return password

    def save(self, request: HttpRequest | None = None) -> User:
        return services.set_password(
            user=self.user, password=self.cleaned_data["new_password"], request=request
        )


class MailedPasswordForm(NewPasswordForm):
    """A new password after a mailed link. Saving it also confirms the account's email."""

    def save(self, request: HttpRequest | None = None) -> User:
        return services.set_password(
            user=self.user,
            password=self.cleaned_data["new_password"],
            request=request,
            by_mail=True,
        )


class CurrentPasswordForm(AccountForm):
    """A form that asks for the password again. Cleaning it raises RateLimited."""

    password = forms.CharField(
        label="Your password now",
        strip=False,
        max_length=128,
        error_messages={"required": "Write the password you have now."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: AuthenticatedRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request.user, *args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        spend_secret(self.request, self.user.email)
        if not self.user.check_password(password):
            log_event(
                "password check",
                request=self.request,
                account=self.user.email,
                outcome="refused",
            )
            raise ValidationError("That isn’t your password. Type it again.")
        return password


class ChangePasswordForm(CurrentPasswordForm, NewPasswordForm):
    field_order = ("password", "new_password")


class NewAddressForm(CurrentPasswordForm):
    """A new log-in address, with the password. The address is not taken before it is proven."""

    field_order = ("email", "password")
    email = AccountEmailField(
        label="New email",
        max_length=254,
        error_messages={
            "required": "Write your new email address.",
            "invalid": "Write an email address, for example asha@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        spend_email_check(self.request)
        if email == self.user.email:
            raise ValidationError("This is your address already.")
        if User.objects.with_email(email).exclude(pk=self.user.pk).exists():
            raise ValidationError(EMAIL_TAKEN, code="taken")
        return email


class ForgotPasswordForm(SiteForm):
    email = AccountEmailField(
        max_length=254,
        error_messages={
            "required": "Write your email address.",
            "invalid": "Write an email address, for example asha@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
