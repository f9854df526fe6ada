"""Form fields that read what people write: a time of day, the hours of a day, a list of papers to bring."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.facilities.opening import Span
from apps.facilities.papers import Paper, paper_text, papers_read
from apps.facilities.times import clock_read, clock_text, spans_read, spans_text


class ClockField(forms.CharField):
    """Minutes from midnight, written ``08:30``; past midnight the hours go on: 26:00."""

    widget = UnfoldAdminTextInputWidget(attrs={"size": 6, "placeholder": "08:30"})

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return clock_text(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Return the minutes.  Raises ValidationError."""
        text = super().clean(value)
        try:
            return clock_read(text)
        except ValueError as error:
            raise ValidationError(_("Write a time of day like 08:30; past midnight 26:00.")) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another time is meant than before."""
        return bool(super().has_changed(self.prepare_value(initial), data))


class SpansField(forms.CharField):
    """The hours of a day, written ``08:30-12:00、14:00-17:30``; empty: closed."""

    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "08:30-12:00、14:00-17:30"})

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return spans_text(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Span]:
        """Return the spans.  Raises ValidationError."""
        try:
            return spans_read(super().clean(value))
        except ValueError as error:
            raise ValidationError(_("Write hours like 08:30-12:00, several with 、 between them.")) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other hours are meant than before."""
        return bool(super().has_changed(self.prepare_value(initial), data))


class PapersField(forms.CharField):
    """What to bring, one paper a line: name | copies | note."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the field."""
        return "\n".join(paper_text(one) for one in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Paper]:
        """Return the papers.  Raises ValidationError."""
        try:
            return papers_read((super().clean(value) or "").splitlines())
        except ValueError as error:
            raise ValidationError(
                _("One paper a line, at most 30: name | copies (a whole number) | note."), "papers"
            ) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other papers are meant than before."""
        return bool(super().has_changed(self.prepare_value(initial), data))
