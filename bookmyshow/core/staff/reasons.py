"""Actions of admin lists that need a reason, which is kept in the audit log."""

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest

NO_REASON = "Write why, in the field beside the action. The reason is kept in the audit log."


class ReasonForm(ActionForm):
    """The list's choice of actions, with a field for the reason."""

    reason = forms.CharField(
        label="Why", max_length=200, required=False, widget=forms.TextInput(attrs={"size": 40})
    )


def reason_of(request: HttpRequest) -> str:
    """The reason that was typed beside the action; empty if there is none."""
    return request.POST.get("reason", "").strip()[:200]
