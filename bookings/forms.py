from django import forms
from django.http import QueryDict


class HoldForm(forms.Form):
    """The seats ticked on the map, and the token that makes a repeated post the same request."""

    token = forms.CharField(required=False, max_length=64)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        #: Labels as ticked, each once; which of them exist is for the service to say.
        self.labels: list[str] = list(dict.fromkeys(data.getlist("seat")))

    @property
    def key(self) -> str:
        return self.cleaned_data.get("token", "") if self.is_valid() else ""
