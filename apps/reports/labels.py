"""What bases, states and measures are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.reports.definitions import Basis

BASIS_LABELS: dict[Basis, Any] = {
    Basis.UNREASONABLE: _("unreasonable request"),
    Basis.OUT_OF_REMIT: _("out of the district's remit"),
    Basis.FORCE_MAJEURE: _("force majeure"),
}
