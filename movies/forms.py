"""The admin's form for a film."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.files.uploadedfile import UploadedFile

from .models import Movie
from .posters.links import validate_poster_link

NAME_LENGTH = 120
POSTER_MEGABYTES = 5


class LinesField(forms.CharField):
    """A list of texts, one on each line. Commas don't separate texts, because names have commas."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = (" ".join(line.split()) for line in (super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def validate(self, value: Any) -> None:
        super().validate(value)
        for line in value:
            if len(line) > NAME_LENGTH:
                raise forms.ValidationError(
                    f"“{line[:40]}…” is longer than {NAME_LENGTH} characters: one name a line."
                )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


class MovieForm(forms.ModelForm):
    cast = LinesField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text="One name a line, leading roles first.",
    )

    poster_url = forms.URLField(
        label="Poster URL",
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[validate_poster_link],
        help_text="Used where no image is uploaded.",
        widget=AdminURLFieldWidget,
    )

    class Meta:
        model = Movie
        fields = (
            "title",
            "slug",
            "description",
            "genres",
            "cast",
            "language",
            "certification",
            "duration_minutes",
            "rating",
            "release_date",
            "release_year",
            "poster_image",
            "poster_url",
        )

    def clean_poster_image(self) -> Any:
        image = self.cleaned_data["poster_image"]
        if isinstance(image, UploadedFile) and (image.size or 0) > POSTER_MEGABYTES * 2**20:
            raise forms.ValidationError(
                f"This image is larger than {POSTER_MEGABYTES} MB; upload a smaller one."
            )
        if not isinstance(image, UploadedFile):
            return image
        # Imported here: Pillow is 3 MiB in each worker.
        from .posters.uploads import poster_from

        return poster_from(image)

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        release_date, year = data.get("release_date"), data.get("release_year")
        if release_date and not year:
            data["release_year"] = release_date.year
        return data
