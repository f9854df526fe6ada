"""How a deadline is shown: a word beside the time, so that colour is never the only sign."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.feedback.models import Case
from apps.feedback.states import AT_REST, CaseState

SOON_H = 24


def due_mark(case: Case) -> str:
    """Return the deadline as a word and a time: late, soon, in time, at rest."""
    if case.due_at is None:
        return "-"
    now, due = clock.now(), clock.local(case.due_at)
    if case.state == CaseState.SUSPENDED:
        css, word = "qs-rest", _("the clock stands")
    elif CaseState(case.state) in AT_REST:
        css, word = "qs-rest", _("settled late") if case.overdue(now) else _("at rest")
    elif now > case.due_at:
        css, word = "qs-late", _("overdue")
    elif (case.due_at - now).total_seconds() < SOON_H * 3600:
        css, word = "qs-soon", _("due soon")
    else:
        css, word = "qs-fine", _("in time")
    return format_html('<span class="qs-mark {}">{}</span> {}', css, word, f"{due:%m-%d %H:%M}")
