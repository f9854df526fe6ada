"""Reply templates: which fit a case, filled in as far as the case itself says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.errors import Refused
from apps.feedback import intake
from apps.feedback.models import Case, ReplyTemplate

OFFERED = 30
# What stands for something that must be filled in.
_OPEN = re.compile(r"\{\{\s*([^{}]{0,40}?)\s*\}\}")


class TemplateUnfilled(Refused):
    code = "template_unfilled"
    message = _("Something of the template is not filled in yet: %(fields)s.")
    status = 400


@dataclass(frozen=True, slots=True)
class Offered:
    """A template ready to be put into the form."""

    id: int
    name: str
    version: int
    text: str


def templates_offered(*, case: Case, use: str) -> list[Offered]:
    """Return the active templates for ``use`` that fit the case, those of its category first, at most 30.  1 query."""
    facts = intake.category_of(case)
    fits = Q(category=None)
    if facts is not None:
        fits |= Q(category_id=facts.code) | Q(category_id=facts.group)
    rows = ReplyTemplate.objects.filter(fits, use=use, is_active=True)
    known = _known(case)
    found = sorted(rows.order_by("name")[:OFFERED], key=lambda row: (row.category_id is None, row.name))
    return [
        Offered(row.id, row.name, row.version, template_fill(text=row.text, known=known)) for row in found
    ]


def _known(case: Case) -> dict[str, str]:
    """Return what the case itself says, by the names that templates use: staff write them in their own language."""
    facts = intake.category_of(case)
    due = clock.local(case.due_at) if case.due_at else None
    return {
        str(_("number")): case.number,
        str(_("unit")): case.unit.short if case.unit else "",
        str(_("category")): facts.name if facts else "",
        str(_("deadline")): f"{due:%Y-%m-%d}" if due else "",
    }


def template_fill(*, text: str, known: dict[str, str]) -> str:
    """Return ``text`` with what is ``known`` filled in; the rest stays open for staff."""
    return _OPEN.sub(lambda found: known.get(found.group(1)) or found.group(0), text)


def unfilled(text: str) -> list[str]:
    """Return the names that stand open in ``text``, in order, each once."""
    return list(dict.fromkeys(found.group(1) or "…" for found in _OPEN.finditer(text)))


def filled_check(*, text: str) -> None:
    """Refuse a text in which something of its template is still open.  Raises TemplateUnfilled."""
    names = unfilled(text)
    if names:
        raise TemplateUnfilled(attr="text", fields="、".join(names))
