"""Refusals of files: attachments, and articles that come as a file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class AttachmentRefused(Refused):
    code = "attachment_refused"
    message = _("The file was not taken: %(why)s")
    status = 400


class AttachmentsTooMany(Refused):
    code = "attachments_too_many"
    message = _("An article takes at most %(most)s attachments.")
    status = 409


class AttachmentThere(Refused):
    code = "attachment_there"
    message = _("The same file stands with this article already.")
    status = 409


class AttachmentNotFound(Refused):
    code = "attachment_not_found"
    message = _("There is no such attachment.")
    status = 404


class MaskedCopyRefused(Refused):
    code = "masked_copy_refused"
    message = _("There is no masked copy: %(why)s")
    status = 409


class DocumentRefused(Refused):
    code = "document_refused"
    message = _("The text was not read: %(why)s")
    status = 400
