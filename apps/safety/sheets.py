"""Word lists are loaded at a desk of their own: version by version, put into force by another person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.sheets import SheetDesk, sheet_desk_register

sheet_desk_register(
    SheetDesk(
        label=_("Word lists"),
        url_name="safety_wordlistversion_add",
        permission="safety.add_wordlistversion",
    )
)
