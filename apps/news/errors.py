"""Refusals of the news."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class ArticleNotFound(Refused):
    code = "article_not_found"
    message = _("There is no such article.")
    status = 404


class ArticleMoveRefused(Refused):
    code = "article_move_refused"
    message = _("This can not be done now: the article is “%(state_label)s”.")
    status = 409


class ArticleChanged(Refused):
    code = "article_changed"
    message = _(
        "Someone changed this article since you opened it. Please open it again; nothing was written."
    )
    status = 409


class ReasonNeeded(Refused):
    code = "reason_needed"
    message = _("Please give a reason.")
    status = 400


class ColumnUnknown(Refused):
    code = "column_unknown"
    message = _("There is no such column.")
    status = 400


class ColumnForbidden(Refused):
    code = "column_forbidden"
    message = _("You do not work in this column.")
    status = 403


class ColumnTooDeep(Refused):
    code = "column_too_deep"
    message = _("A column may lie at most %(most)s levels deep, and not below itself.")
    status = 400


class SamePerson(Refused):
    code = "same_person"
    message = _(
        "Whoever wrote the text or signed another stage of this round can not sign here: it takes another person."
    )
    status = 409


class ChecklistIncomplete(Refused):
    code = "checklist_incomplete"
    message = _("Please answer for all six points: %(missing)s.")
    status = 400


class ProofsMissing(Refused):
    code = "proofs_missing"
    message = _(
        "The text was proof-read %(done)s of %(needed)s times. Without the others it can not be signed."
    )
    status = 409


class ProofsDone(Refused):
    code = "proofs_done"
    message = _("This text needs no further proof pass.")
    status = 409


class FindingsOpen(Refused):
    code = "findings_open"
    message = _("%(count)s findings stop the publication. Mend them, or have the final reviewer waive them.")
    status = 409


class ChecksPending(Refused):
    code = "checks_pending"
    message = _("The text is still being checked. Please try again in a minute.")
    status = 409


class FindingNotOpen(Refused):
    code = "finding_not_open"
    message = _("There is no such open finding.")
    status = 404


class AttachmentsPending(Refused):
    code = "attachments_pending"
    message = _("An attachment is still being checked: %(names)s. Please try again in a minute.")
    status = 409


class TimesInvalid(Refused):
    code = "times_invalid"
    message = _(
        "The time until which it is public must lie in the future and after the time from which it is."
    )
    status = 400


class NothingPublic(Refused):
    code = "nothing_public"
    message = _("Nothing of this article is public or scheduled.")
    status = 409


class EmptyText(Refused):
    code = "empty_text"
    message = _("A text without a body can not be submitted.")
    status = 400


class MediaNotFound(Refused):
    code = "media_not_found"
    message = _("There is no such picture in the media library.")
    status = 404


class MediaAltNeeded(Refused):
    code = "media_alt_needed"
    message = _("Please write what the picture shows, or mark it as decorative: one of the two.")
    status = 400


class MediaTextInvalid(Refused):
    code = "media_text_invalid"
    message = _("“%(field)s” takes %(least)s to %(most)s characters.")
    status = 400


class FocalPointOutside(Refused):
    code = "focal_point_outside"
    message = _("The focal point lies outside of the picture: both numbers go from 0 to 1.")
    status = 400


class MediaChanged(Refused):
    code = "media_changed"
    message = _(
        "Someone changed this picture since you opened it. Please open it again; nothing was written."
    )
    status = 409


class MediaUsed(Refused):
    code = "media_used"
    message = _("This picture can not be deleted: it stands in %(count)s articles or versions of them.")
    status = 409


class FavouritesFull(Refused):
    code = "favourites_full"
    message = _("You can keep at most %(most)s articles. Please remove one first.")
    status = 409
