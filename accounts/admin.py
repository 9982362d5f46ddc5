from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice

from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.staff.access import ActionsInOneTransaction, save_form_fields
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns

from .email.mails import write_account_changed, write_password_changed
from .guests.admin import FIELDS_OF_GUEST, Kind, ordering_of
from .models import User
from .requests import person
from .search import log_matching, people_matching
from .services import log_out_everywhere
from .staff.rights import may_change_account
from .two_factor import services as two_factor

# Fields that decide who may use the admin and with which rights. Only a superuser changes them.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class SetPasswordForm(AdminPasswordChangeForm):
    """Sets a password and mails the account's owner that it was changed."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        write_password_changed(user)
        return user


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "phone")

    def clean_email(self) -> str:
        return _free_email(self)


class EditUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        return _free_email(self)


def _free_email(form: forms.ModelForm) -> str:
    email: str = form.cleaned_data["email"]
    is_account = not form.instance.is_guest
    if is_account and User.objects.with_email(email).exclude(pk=form.instance.pk).exists():
        raise forms.ValidationError("An account with this email already exists.")
    return email


def _is_within_reach(request: HttpRequest, obj: User | None) -> bool:
    """Whether the account's owner has no more rights than the person who asks."""
    return obj is None or (isinstance(request.user, User) and may_change_account(request.user, obj))


def _log_change(request: HttpRequest, form: Any) -> None:
    """Write a change of somebody's password, rights, `is_active` or email to the security log."""
    by = person(request).email
    if isinstance(form, AdminPasswordChangeForm):
        log_event("password change", request=request, account=form.user.email, by=by)
        return
    changed = [name for name in (*RIGHTS, "is_active", "email") if name in form.changed_data]
    if changed:
        log_event(
            "rights change",
            request=request,
            account=form.instance.email,
            by=by,
            what=", ".join(changed),
        )


class SubjectFilter(admin.SimpleListFilter):
    """Filters by the model that a line is about. Offers only models that the admin shows."""

    title = "what it is about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        models = [model._meta for model in admin.site._registry]
        return sorted(
            ((meta.label_lower, str(meta.verbose_name_plural)) for meta in models),
            key=lambda choice: choice[1],
        )

    def queryset(self, request: HttpRequest, entries: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        chosen = self.value()
        if chosen not in dict(self.lookup_choices):
            return entries
        app, model = str(chosen).split(".")
        return entries.filter(content_type=ContentType.objects.get_by_natural_key(app, model))


@admin.register(LogEntry)
class AuditLog(LongListAdmin):
    """Who did what. Read-only: a database trigger also refuses changes and deletions."""

    list_display = ("at", "who", "kind", "about", "what")
    list_display_links = None
    list_filter = (SubjectFilter, "action_flag", period_filter("action_time", "day (UTC)"))
    list_select_related = ("user", "content_type")
    export_columns: Columns = {
        "at": "action_time",
        "who": "user.name",
        "email": "user.email",
        "kind": "content_type.name",
        "id": "object_id",
        "about": "object_repr",
        "what": lambda entry: entry.get_change_message() or entry.get_action_flag_display(),
    }
    list_per_page = 100
    # Only makes the search box appear; `get_search_results` below does the search.
    search_fields = ("object_repr",)
    search_help_text = "Beginnings of words: what it was about, what was done, or by whom."
    ordering = ("-action_time", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogEntry], search_term: str
    ) -> tuple[QuerySet[LogEntry], bool]:
        return (log_matching(queryset, search_term) if search_term.strip() else queryset), False

    @admin.display(description="when (UTC)", ordering="action_time")
    def at(self, entry: LogEntry) -> str:
        return f"{entry.action_time:%d %b %Y %H:%M}"

    @admin.display(description="who")
    def who(self, entry: LogEntry) -> SafeString:
        return format_html("{}<br><small>{}</small>", entry.user, entry.user.email)

    @admin.display(description="kind")
    def kind(self, entry: LogEntry) -> str:
        return entry.content_type.name if entry.content_type else ""

    @admin.display(description="about", ordering="object_repr")
    def about(self, entry: LogEntry) -> str:
        return entry.object_repr

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message() or entry.get_action_flag_display()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(LongListAdmin, DjangoUserAdmin):
    form = EditUserForm
    add_form = NewUserForm
    change_password_form = SetPasswordForm
    list_display = ("email", "name", "phone", "is_staff", "is_active", "created_at")
    list_filter = (
        Kind,
        "is_staff",
        "is_superuser",
        "is_active",
        "groups",
        period_filter("created_at", "day of sign-up (UTC)"),
    )
    search_fields = ("email",)
    search_help_text = (
        "Beginnings of names, of an email or its parts, or any four figures of a phone number. "
        "Guests are found under “By kind”."
    )
    ordering = ("email",)
    readonly_fields = ("email_confirmed_at", "last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "phone")}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
        ("Record", {"fields": ("email_confirmed_at", "last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "phone", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ordering_of(request)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return FIELDS_OF_GUEST if obj and obj.is_guest else super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        allowed = isinstance(request.user, User) and request.user.is_superuser
        return fields if allowed else (*fields, *RIGHTS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save. If somebody else changed the account, mail its owner what was changed.

        After a change of the email, the old and the new address get a mail, and the person's
        sessions and API tokens end. A guest gets none: staff correct what a guest mistyped.
        """
        changed = form.changed_data if change else []
        if "email" in changed:
            # The new address is not confirmed yet.
            obj.email_confirmed_at = None
        if change:
            # Write the changed fields only: the owner may have set a new password meanwhile.
            save_form_fields(obj, form, *(["email_confirmed_at"] if "email" in changed else []))
        else:
            super().save_model(request, obj, form, change)
        by = person(request)
        if "email" in changed and not obj.is_guest:
            log_out_everywhere(user=obj, request=request if obj.pk == by.pk else None)
            if obj.pk == by.pk:
                update_session_auth_hash(request, obj)
        if changed and obj.pk != by.pk and not obj.is_guest:
            what = ", ".join(str(form.fields[name].label or name).lower() for name in changed)
            emails = {obj.email, form.initial["email"]}
            write_account_changed(user=obj, emails=emails, what=what, by=by)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        if id.isdecimal() and User.objects.filter(pk=id, is_guest=True).exists():
            raise PermissionDenied
        # Django's password page has no transaction of its own.
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """The text of the line in the audit log. Also writes to the security log, because
        Django calls this after the save."""
        _log_change(request, form)
        return super().construct_change_message(request, form, formsets, add)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Django calls this for the page that sets a password too."""
        return super().has_change_permission(request, obj) and _is_within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_within_reach(request, obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        return (people_matching(queryset, search_term) if search_term.strip() else queryset), False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse to delete people whose actions are in the audit log."""
        did = LogEntry.objects.filter(user__in=[user.pk for user in objs])
        kept = [
            f"{user}: what they did is in the audit log. Take away 'active' instead."
            for user in User.objects.filter(pk__in=did.values("user"))
        ]
        if kept:
            return [str(user) for user in objs], {}, set(), kept
        return super().get_deleted_objects(objs, request)


@admin.register(TOTPDevice)
class AuthenticatorApps(ActionsInOneTransaction):
    """Who has an authenticator app. Only its owner sets it up; staff can remove it here.

    INSTALLED_APPS has `accounts` before django-otp, so this class is registered first. Then
    django-otp does not register its own class, which shows secrets and adds devices.
    """

    list_display = ("user", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "name", "created_at", "last_used_at")

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[TOTPDevice]) -> Any:
        by = person(request).email
        for device in queryset:
            log_event(
                "second factor change",
                request=request,
                account=device.user.email,
                by=by,
                what="taken away",
            )
        return super().log_deletions(request, queryset)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TOTPDevice | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TOTPDevice | None = None) -> bool:
        reached = _is_within_reach(request, obj.user if obj else None)
        return super().has_delete_permission(request, obj) and reached

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse filters by the secret: `?key__startswith=` would reveal it letter by letter."""
        return not lookup.startswith("key") and super().lookup_allowed(lookup, value, request)

    def delete_model(self, request: HttpRequest, obj: TOTPDevice) -> None:
        two_factor.forget_device(user=obj.user, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TOTPDevice]) -> None:
        for device in queryset.select_related("user"):
            self.delete_model(request, device)
