"""What goes out, from rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.common.masking import phone_masked
from apps.common.times import iso_text
from apps.schools.letters import story_text
from apps.schools.models import AdmissionRound, Cutoff, Guardianship, IntakeCount, Offer
from apps.schools.reasons import CHECKS, REASONS
from apps.schools.selectors import ApplicationShown, ChoiceStory, IntakeCounts, small
from apps.schools.states import OFFER_LIVE, ApplicationState, RoundState

Shape = dict[str, Any]


def child_shape(row: Guardianship) -> Shape:
    """Return a child that a resident acts for, masked; who asks to act for it too only to a confirmed guardian."""
    asking = [] if row.confirmed_at is None else [one for one in row.child.asking if one.pk != row.pk]  # type: ignore[attr-defined]
    return {
        "id": row.child_id, "guardianship": row.pk, "relation": row.relation, "confirmed": row.confirmed_at is not None,
        "name_masked": row.child.name_masked, "id_masked": row.child.id_masked, "birth_on": row.child.birth_on,
        "asking": [{"id": one.pk, "relation": one.relation} for one in asking],
    }  # fmt: skip


def round_shape(row: AdmissionRound, now: dt.datetime) -> Shape:
    """Return an announced round."""
    return {
        "id": row.pk, "code": row.code, "name": row.name, "stage": row.stage, "year": row.year, "state": row.state,
        "state_label": row.get_state_display(), "office": row.department.name,
        "accepting": row.state == RoundState.OPEN and row.opens_at <= now < row.closes_at,
        "opens_at": iso_text(row.opens_at), "closes_at": iso_text(row.closes_at), "fix_until": iso_text(row.fix_until),
        "answer_until": iso_text(row.answer_until), "waiting_until": iso_text(row.waiting_until), "starts_on": row.starts_on,
        "born_from": row.born_from, "born_to": row.born_to, "max_choices": row.max_choices, "policy": row.policy,
        "policy_label": row.get_policy_display(), "catchment_first": row.catchment_first, "band_m": row.band_m,
        "public_number_source": row.public_number_source, "source": row.source, "demonstration": row.is_demo,
    }  # fmt: skip


def round_whole(row: AdmissionRound, now: dt.datetime) -> Shape:
    """Return an announced round with its classes of applicants.  1 query."""
    categories = [
        {"code": one.code, "name": one.name, "rank": one.rank, "papers": one.papers}
        for one in row.categories.order_by("rank")
    ]
    return round_shape(row, now) | {"categories": categories}


def cutoff_shape(line: Cutoff) -> Shape:
    """Return a cut-off; where fewer than five were admitted of a class, nothing of the last one is told."""
    told = line.category_id is None or line.admitted >= 5
    return {
        "category": line.category.name if line.category else None, "admitted": small(line.admitted),
        "applied": small(line.applied),
        **{
            name: getattr(line, name) if told else None
            for name in ("last_rank", "last_priority", "last_points", "last_band")
        },
    }  # fmt: skip


def intake_shape(counts: IntakeCounts) -> Shape:
    """Return the public seat counter of an intake; small numbers suppressed."""
    one = counts.intake
    numbers = {
        name: small(getattr(counts, name))
        for name in ("applied", "verified", "refused", "offered", "accepted", "declined", "free", "waiting")
    }
    return {
        "id": one.pk, "code": one.code, "name": one.name, "school": one.school.name, "school_code": one.school_id,
        "facility": one.school.facility_id, "plan": one.plan, "places": counts.places,
        "changes": [
            {"before": change.before, "after": change.after, "reason": change.reason, "at": iso_text(change.at)}
            for change in counts.changes
        ],
        "reserves": [{"category": kept.category.name, "seats": kept.seats} for kept in one.reserves.all()],
        **numbers, "cutoffs": [cutoff_shape(line) for line in counts.cutoffs],
    }  # fmt: skip


def count_shape(count: IntakeCount) -> Shape:
    """Return what the counter said in the evening of a day; small numbers suppressed."""
    return {
        "on": count.on, "intake": count.intake_id, "name": count.intake.name, "places": count.places,
        **{name: small(getattr(count, name)) for name in ("applied", "verified", "offered", "accepted", "waiting")},
    }  # fmt: skip


def offer_shape(offer: Offer | None) -> Shape | None:
    """Return an offer, None for none."""
    if offer is None:
        return None
    return {
        "intake": offer.intake_id, "school": offer.intake.school.name, "state": offer.state,
        "state_label": offer.get_state_display(), "answer_until": iso_text(offer.answer_until),
        "decline_asked": offer.decline_asked_by_id is not None and offer.state in OFFER_LIVE,
    }  # fmt: skip


def application_shape(shown: ApplicationShown) -> Shape:
    """Return an application as its guardians see it."""
    row = shown.row
    last = next((one for one in reversed(shown.reviews) if one.verdict != "agree"), None)
    told = last if row.state in (ApplicationState.NEEDS_FIX, ApplicationState.REJECTED) else None
    return {
        "id": row.pk, "number": row.number, "round": row.round_id, "round_name": row.round.name, "child": row.child_id,
        "child_name_masked": row.child.name_masked, "state": row.state, "state_label": row.get_state_display(),
        "version": row.version, "category": row.category.code if row.category else None, "address": row.address,
        "community": row.community_id, "phone_masked": phone_masked(row.phone), "points": row.points,
        "twins": row.block_id is not None,
        "preferences": [
            {
                "intake": one.intake_id, "name": one.intake.name, "school": one.intake.school.name, "position": one.position,
                "in_catchment": one.in_catchment, "band": one.band,
            }
            for one in shown.preferences
        ],
        "documents": [
            {"id": one.pk, "kind": one.kind, "kind_label": one.get_kind_display(), "added_at": iso_text(one.added_at)}
            for one in shown.documents
        ],
        "checks": [
            {"code": one.code, "label": str(CHECKS.get(one.code, one.code)), "outcome": one.outcome}
            for one in shown.checks if one.pass_number == row.pass_number
        ],
        "reasons": [{"code": code, "label": str(REASONS[code])} for code in (told.reasons if told else []) if code in REASONS],
        "note": told.note if told else "", "fix_until": iso_text(row.round.fix_until),
        "objected": row.objected_at is not None and row.objection_settled_at is None,
        "roster_code": shown.roster_code,
        "offer": offer_shape(shown.offers[0] if shown.offers else None), "submitted_at": iso_text(row.submitted_at),
    }  # fmt: skip


def story_shape(story: ChoiceStory) -> Shape:
    """Return what became of a choice, with a sentence that says it."""
    choice, result, line = story.preference, story.preference.result, story.cutoff
    return {
        "intake": choice.intake_id, "school": choice.intake.school.name, "position": choice.position,
        "admitted": result.admitted, "own_priority": result.priority, "own_rank": result.rank, "seats": story.seats,
        "last_rank": line.last_rank if line else None, "last_priority": line.last_priority if line else None,
        "year_before": cutoff_shape(story.before) if story.before else None, "waiting_position": story.waiting,
        "waiting_offer_until": iso_text(story.offer_until), "text": story_text(story),
    }  # fmt: skip
