"""The "why this school" letter: one plain sentence for each choice."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.schools.selectors import ChoiceStory


def story_text(story: ChoiceStory) -> str:
    """Return in plain words why a choice ended as it did."""
    result, line = story.preference.result, story.cutoff
    facts = {
        "position": story.preference.position, "school": story.preference.intake.school.name, "rank": result.rank,
        "seats": story.seats, "last": line.last_rank if line and line.last_rank is not None else 0,
        "waiting": story.waiting or 0,
    }  # fmt: skip
    if result.admitted:
        text = _(
            "Choice %(position)s, %(school)s: admitted. Rank %(rank)s of those who chose it; the last admitted has rank %(last)s."
        )
    elif line is not None and line.last_rank is not None and result.rank > line.last_rank:
        text = _(
            "Choice %(position)s, %(school)s: not admitted. Rank %(rank)s; the places went up to rank %(last)s."
        )
    elif line is None or line.last_rank is None:
        text = _("Choice %(position)s, %(school)s: nobody was admitted.")
    else:
        # A place kept for a class, or a block of twins that did not fit.
        text = _(
            "Choice %(position)s, %(school)s: not used: a place that you wished for more was given to you, or the last places "
            "were kept for a class of applicants."
        )
    parts = [text % facts]
    if story.waiting is not None:
        parts.append(_("You are number %(waiting)s on its waiting list.") % facts)
    return " ".join(parts)
