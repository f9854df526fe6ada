"""Photos that staff add to an answer: cleaned like a resident's, kept loose until the answer claims them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.errors import Refused
from apps.common.files import image_clean
from apps.common.models import Upload
from apps.common.uploads import upload_keep

MOST = 6


class PhotosInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Up to 6 photos; its value is the ids of the uploads that were made of them."""

    widget = PhotosInput

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.widget.attrs["accept"] = "image/*"

    def clean(self, data: Any, initial: Any = None) -> list[UUID]:
        """Keep each photo and return the ids.  1 query each.  A refusal becomes the field's error."""
        files = [one for one in (data if isinstance(data, (list, tuple)) else [data]) if one]
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MOST:
            raise forms.ValidationError(_("At most %(most)s photos.") % {"most": MOST}, code="too_many")
        del initial
        return [self._keep(one) for one in files]

    @staticmethod
    def _keep(file: Any) -> UUID:
        try:
            clean = image_clean(stream=file)
        except Refused as refused:
            raise forms.ValidationError(refused.text(), code=refused.code) from refused
        made = upload_keep(clean=clean, owner_id=None, purpose=Upload.Purpose.CASE, now=clock.now())
        return made.id
