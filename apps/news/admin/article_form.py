"""The form of an article."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminURLInputWidget

from apps.news.errors import ArticleChanged
from apps.news.models import Article

FIELDS = (
    "title", "column", "summary", "body_html", "cover_asset", "source", "author", "audio_url", "pinned",
)  # fmt: skip


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The article with the version that was opened, so that a stale save is refused."""

    taken: ClassVar[dict[str, Any] | None] = None  # an unsaved text that its owner takes over

    seen_version = forms.IntegerField(label=_("Version"), widget=forms.HiddenInput, required=False)

    audio_url = forms.URLField(
        label=_("address of the audio version"), required=False, assume_scheme="https", max_length=300,
        widget=UnfoldAdminURLInputWidget,
        help_text=_("https address of a recording, for those who would rather listen."),
    )  # fmt: skip

    class Meta:
        model = Article
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.taken and not self.is_bound:
            self.initial.update(self.taken)
        if self.instance.pk and not self.is_bound:
            # The stored one: the form of an older version, opened to restore it, is saved over what is there now.
            stored = Article.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
            self.fields["seen_version"].initial = stored

    def clean(self) -> dict[str, Any] | None:
        """Tell early, in the form, what the service would refuse under the lock."""
        values = super().clean()
        if self.instance.pk and not self.instance._state.adding:
            stored = Article.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
            if stored != self.cleaned_data.get("seen_version"):
                raise ValidationError(str(ArticleChanged.message), "article_changed")
        return values
