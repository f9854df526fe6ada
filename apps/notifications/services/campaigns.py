"""Campaigns: drafting, the second person, and the moves; each with its lock, its version and its entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.common.dispatch import send_after_commit
from apps.common.errors import Refused
from apps.notifications.campaign_checks import CampaignWrong, campaign_check
from apps.notifications.models import Campaign, CampaignEvent
from apps.notifications.services.campaign_rows import recipients_freeze
from apps.notifications.states import (
    CAMPAIGN_MOVES,
    CampaignMove,
    CampaignState,
    CampaignVerb,
    MoveRefused,
    campaign_move_find,
)

DRAFT_FIELDS = frozenset({
    "name", "segment", "segment_key", "people", "title", "body", "page", "channels", "wechat_template", "wechat_values",
    "sms_template", "sms_params", "starts_at",
})  # fmt: skip


class CampaignNotFound(Refused):
    code = "campaign_not_found"
    message = _("There is no such campaign.")
    status = 404


class CampaignMoveRefused(Refused):
    code = "campaign_move_refused"
    message = _("This can not be done with a campaign that is “%(state_label)s”.")
    status = 409


class CampaignStale(Refused):
    code = "campaign_stale"
    message = _("Someone else changed the campaign meanwhile. Please load the page again.")
    status = 409


class CampaignNotAllowed(Refused):
    code = "campaign_not_allowed"
    message = _("This act on a campaign is not yours.")
    status = 403


class SecondPersonNeeded(Refused):
    code = "second_person_needed"
    message = _("A campaign is approved by another person than its author.")
    status = 403


# Who may approve may also start early and go on after a stop; stopping is everyone's who works with campaigns.
_APPROVING = frozenset({CampaignVerb.APPROVE, CampaignVerb.START, CampaignVerb.RESUME})
APPROVE_RIGHT, CHANGE_RIGHT = "notifications.approve_campaign", "notifications.change_campaign"


def campaign_verbs_open(*, campaign: Campaign, staff: Any) -> list[CampaignVerb]:
    """Return what ``staff`` may do with a campaign now, in the order of the table.  0 to 2 queries."""
    return [
        move.verb
        for move in CAMPAIGN_MOVES
        if move.source.value == campaign.state
        and move.verb is not CampaignVerb.FINISH
        and _permitted(move.verb, staff)
        and not (move.second_person and staff.pk == campaign.author_id)
    ]


def _permitted(verb: CampaignVerb, staff: Any) -> bool:
    return bool(staff.has_perm(APPROVE_RIGHT if verb in _APPROVING else CHANGE_RIGHT))


def campaign_draft(*, staff: Any, values: Mapping[str, Any], now: dt.datetime) -> Campaign:
    """Write a new draft.  1 query.  ``values``  fields of ``DRAFT_FIELDS``; checked when it is proposed."""
    return Campaign.objects.create(**_draft_values(values), author=staff, created_at=now)


def campaign_redraft(
    *, campaign_id: UUID, staff: Any, version: int, values: Mapping[str, Any], now: dt.datetime
) -> Campaign:
    """Change a draft; who changes it becomes its author, so that the second person is another one.  2 queries.

    Raises CampaignNotFound, CampaignStale, CampaignMoveRefused.
    """
    del now
    with transaction.atomic():
        campaign = _locked(campaign_id, version)
        if campaign.state != CampaignState.DRAFT.value:
            raise CampaignMoveRefused(state=campaign.state, state_label=campaign.get_state_display())
        for name, value in _draft_values(values).items():
            setattr(campaign, name, value)
        campaign.author = staff
        campaign.version += 1
        campaign.save()
    return campaign


def campaign_act(
    *,
    campaign_id: UUID,
    verb: CampaignVerb,
    staff: Any,
    version: int | None,
    note: str = "",
    now: dt.datetime,
) -> Campaign:
    """Move a campaign and record who did it.  3 to 5 queries, and those of rights.

    ``staff``    None where the system itself acts   ``version``  what the person saw; None for the system
    ``propose`` checks the campaign as a whole; ``approve`` takes another person than the author; ``start`` freezes the
    segment and begins to write.  ``cancel`` ends at once: what waits is called back by the next tending.
    Raises CampaignNotFound, CampaignStale, CampaignMoveRefused, CampaignNotAllowed, SecondPersonNeeded, CampaignWrong.
    """
    with transaction.atomic():
        campaign = _locked(campaign_id, version)
        move = _move(campaign, verb)
        if move.second_person and (staff is None or staff.pk == campaign.author_id):
            raise SecondPersonNeeded
        if staff is not None and not _permitted(verb, staff):
            raise CampaignNotAllowed
        changed = _changed(campaign, move, staff, now)
        Campaign.objects.filter(id=campaign.id).update(
            **changed, state=move.target.value, version=campaign.version + 1
        )
        CampaignEvent.objects.create(
            campaign=campaign, verb=verb.value, staff=staff, note=note.strip()[:300], at=now
        )
        if move.target is CampaignState.RUNNING:
            send_after_commit("notifications.campaign_write", lane="bulk", campaign_id=str(campaign.id))
    campaign.refresh_from_db()
    return campaign


def _changed(campaign: Campaign, move: CampaignMove, staff: Any, now: dt.datetime) -> dict[str, Any]:
    """Return what a move writes beside the state."""
    match move.verb:
        case CampaignVerb.PROPOSE:
            if wrong := campaign_check(campaign=campaign, now=now):
                raise CampaignWrong(wrong=wrong)
        case CampaignVerb.APPROVE:
            return {"approved_by": staff, "approved_at": now}
        case CampaignVerb.SEND_BACK:
            return {"approved_by": None, "approved_at": None}
        case CampaignVerb.START:
            return {"frozen_at": now, "frozen_count": recipients_freeze(campaign=campaign)}
        case CampaignVerb.RESUME:
            return {"paused_because": ""}
        case CampaignVerb.FINISH | CampaignVerb.CANCEL:
            return {"finished_at": now}
    return {}


def campaigns_start_due(*, now: dt.datetime) -> int:
    """Start the approved campaigns whose time has come; returns how many.  1 query when there is none."""
    due = Campaign.objects.filter(state=CampaignState.APPROVED.value, starts_at__lte=now).order_by(
        "starts_at"
    )
    started = 0
    for campaign_id in list(due.values_list("id", flat=True)[:20]):
        try:
            campaign_act(campaign_id=campaign_id, verb=CampaignVerb.START, staff=None, version=None, now=now)
        except CampaignMoveRefused:
            continue  # someone was quicker
        started += 1
    return started


def _locked(campaign_id: UUID, version: int | None) -> Campaign:
    campaign = Campaign.objects.select_for_update(of=("self",)).filter(id=campaign_id).first()
    if campaign is None:
        raise CampaignNotFound
    if version is not None and campaign.version != version:
        raise CampaignStale
    return campaign


def _move(campaign: Campaign, verb: CampaignVerb) -> CampaignMove:
    try:
        return campaign_move_find(source=CampaignState(campaign.state), verb=verb)
    except MoveRefused as error:
        raise CampaignMoveRefused(state=campaign.state, state_label=campaign.get_state_display()) from error


def _draft_values(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - DRAFT_FIELDS:
        raise ValueError(f"no fields of a draft: {sorted(unknown)}")
    return dict(values)
