"""Refusals of unsaved texts and of preview links."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class AutosaveInvalid(Refused):
    code = "autosave_invalid"
    message = _("This is not the content of the article form.")
    status = 400


class AutosaveTooBig(Refused):
    code = "autosave_too_big"
    message = _("The text is too long to be kept by itself (at most 500 kB). Please save it.")
    status = 400


class AutosaveElsewhere(Refused):
    code = "autosave_elsewhere"
    message = _(
        "Another window of yours keeps an unsaved text of this article; this one is not kept by itself."
    )
    status = 409


class PreviewGone(Refused):
    code = "preview_gone"
    message = _("This preview link does not open any more.")
    status = 404


class PreviewLinksTooMany(Refused):
    code = "preview_links_too_many"
    message = _("You have %(most)s preview links that are still open. Please wait until one of them ends.")
    status = 429
