"""What residents write about places, for content safety: how a reviewer reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.facilities.models import CorrectionReport
from apps.safety.subjects import Piece, subject_register

CORRECTION = "facilities.correction"


def _corrections(ids: Sequence[str]) -> Mapping[str, Piece]:
    rows = CorrectionReport.objects.filter(id__in=ids).values_list("id", "text", "facility__name")
    return {
        str(pk): Piece(text, name[:40], reverse("admin:facilities_correctionreport_change", args=[pk]))
        for pk, text, name in rows
    }


subject_register(kind=CORRECTION, label=_("report that an entry is wrong"), pieces_of=_corrections)
