from django import forms

MOST_REASON = 200


class ReasonForm(forms.Form):
    """Why staff do it: what a person asked for, when, and how."""

    reason = forms.CharField(
        label="Why",
        max_length=MOST_REASON,
        error_messages={"required": "Write who asked for it, when and how."},
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Who asked for it, when and how, without a name. It stays in the audit log.",
    )
