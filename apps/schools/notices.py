"""What guardians are told.  Every confirmed guardian of a child is told the same; no text names the child.

What a term runs from (papers missing, a place offered, a rejection) goes on by text message where WeChat does not reach.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.common.times import moment_text
from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.services import notice_enqueue
from apps.notifications.states import Channel
from apps.schools.models import Appeal, Application, Guardianship, Offer
from apps.schools.reasons import REASONS
from apps.schools.selectors import guardian_ids, guardian_ids_of_children

PAGE = "pages/schools/application"
CHILDREN_PAGE = "pages/schools/children"
TEMPLATE = "service_notice"
_MOMENTS = frozenset({"application_submitted"})
# Samples are invented; they fill the previews of the texts.
_FIELDS: Mapping[str, NoticeField] = {
    "number": NoticeField(_("number of the application"), "XW2605060000017"),
    "round": NoticeField(_("admission round"), "2026年小学一年级招生"),
    "place": NoticeField(_("school"), "演示第一小学"),
    "at": NoticeField(_("moment"), "2026年6月10日 10:00"),
    "state": NoticeField(_("state of the application"), "已提交"),
    "until": NoticeField(_("at the latest"), "2026年7月10日 17:00"),
    "reason": NoticeField(_("reason"), "户口簿照片看不清"),
    "code": NoticeField(_("code on the roster"), "0123456789abcdef"),
    "fingerprint": NoticeField(_("fingerprint of the roster"), "ab" * 32),
    "child_id": NoticeField(_("identifier of the child"), "018f0000-0000-7000-8000-000000000000"),
}


def _kind(
    event: str, *, label: Any, title: Any, body: Any, remark: Any, more: tuple[str, ...] = (), sms: Any = None,
    page: str = PAGE, page_params: tuple[str, ...] = ("number",),
) -> NoticeKind:  # fmt: skip
    return kind_register(
        NoticeKind(
            key=f"schools.{event}",
            label=label,
            title=title,
            body=body,
            fields={name: _FIELDS[name] for name in ("round", "place", "at", "state", *page_params, *more)},
            page=page,
            page_params=page_params,
            channels=(Channel.WECHAT, Channel.SMS) if sms else (Channel.WECHAT,),
            wechat_template=TEMPLATE,
            # WeChat's keys in the order of the template (服务名称, 时间, 地点, 状态, 提示).
            wechat_values={
                "thing1": "{round}", "time2": "{at}", "thing3": "{place}", "phrase4": "{state}", "thing5": remark,
            },
            sms_template="service_notice" if sms else None,
            sms_params=(sms,) if sms else (),
            moments=_MOMENTS,
        )
    )  # fmt: skip


_EVENTS = {
    "submitted": _kind(
        "submitted",
        label=_("notice: application handed in"),
        title=_("Handed in: {number}"),
        body=_("The application {number} for {round} was handed in. Two people will look at it."),
        remark=_("Two people will look at it"),
    ),
    "withdrawn": _kind(
        "withdrawn",
        label=_("notice: application withdrawn"),
        title=_("Withdrawn: {number}"),
        body=_("The application {number} for {round} was withdrawn by the guardian who filed it."),
        remark=_("You can apply anew until the last day"),
    ),
    "objected": _kind(
        "objected",
        label=_("notice: the other guardian objects"),
        title=_("Objection to {number}"),
        body=_(
            "A guardian of the child objects to the application {number} for {round}. It rests until this is settled with the "
            "admission office."
        ),
        remark=_("Please settle it with the office"),
        sms=_("application objected"),
    ),
    "needs_fix": _kind(
        "needs_fix",
        label=_("notice: papers are missing"),
        title=_("Something is missing: {number}"),
        body=_("The application {number} for {round} needs mending until {until}: {reason}"),
        more=("until", "reason"),
        remark=_("Please mend it in time"),
        sms=_("school papers needed"),
    ),
    "papers_soon": _kind(
        "papers_soon",
        label=_("notice: the time for missing papers ends"),
        title=_("Soon too late: {number}"),
        body=_("What is missing from the application {number} for {round} can be handed in until {until}."),
        more=("until",),
        remark=_("Please mend it in time"),
        sms=_("papers: last days"),
    ),
    "verified": _kind(
        "verified",
        label=_("notice: application verified"),
        title=_("Verified: {number}"),
        body=_("Two people have verified the application {number} for {round}. It will stand on the roster."),
        remark=_("It will stand on the roster"),
    ),
    "rejected": _kind(
        "rejected",
        label=_("notice: application not accepted"),
        title=_("Not accepted: {number}"),
        body=_(
            "The application {number} for {round} was not accepted: {reason} You can appeal; another person decides."
        ),
        more=("reason",),
        remark=_("You can appeal"),
        sms=_("application refused"),
    ),
    "late": _kind(
        "late",
        label=_("notice: papers did not come in time"),
        title=_("Not on the roster: {number}"),
        body=_(
            "What was missing from the application {number} for {round} did not come until {until}, so it is not on the roster. "
            "Please ask the admission office what is possible now."
        ),
        more=("until",),
        remark=_("Please ask the admission office"),
        sms=_("school papers late"),
    ),
    "no_place": _kind(
        "no_place",
        label=_("notice: no place in the allocation"),
        title=_("No place yet: {number}"),
        body=_(
            "The application {number} for {round} got no place in the allocation. See why, and where you stand on the waiting "
            "lists, in the mini-program."
        ),
        remark=_("See why, and the waiting lists"),
        sms=_("school result is out"),
    ),
}
RECEIPT = _kind(
    "receipt",
    label=_("notice: the roster is frozen"),
    title=_("On the roster: {number}"),
    body=_(
        "The application {number} for {round} stands on the frozen roster as {code}. Fingerprint of the roster: {fingerprint}. "
        "Keep this: with it you can check the draw yourself."
    ),
    more=("code", "fingerprint"),
    remark=_("Keep the code to check the draw"),
)
OFFERED = _kind(
    "offered",
    label=_("notice: a place is offered"),
    title=_("A place at {place}"),
    body=_("The child of the application {number} is offered a place at {place}. Please answer by {until}."),
    more=("until",),
    remark=_("Please answer in time"),
    sms=_("school place offered"),
)
LAPSED = _kind(
    "lapsed",
    label=_("notice: an offer of a place was not answered"),
    title=_("The place at {place} went on"),
    body=_("The place at {place} ({number}) was not answered by {until}, so it went to the next."),
    more=("until",),
    remark=_("Not answered in time"),
    sms=_("school place lapsed"),
)
ANSWERED = _kind(
    "answered",
    label=_("notice: an offer of a place was answered"),
    title=_("{place}: {state}"),
    body=_("The place at {place} for the application {number}: {state}."),
    remark=_("See the application"),
)
DECLINE_ASKED = _kind(
    "decline_asked",
    label=_("notice: the other guardian wants to decline a place"),
    title=_("Decline the place at {place}?"),
    body=_(
        "The other guardian wants to decline the place at {place} ({number}). It counts only if you agree; you can accept instead."
    ),
    remark=_("It counts only if you agree"),
    sms=_("decline school place"),
)
APPEAL_DECIDED = _kind(
    "appeal_decided",
    label=_("notice: an appeal on a school place was decided"),
    title=_("Your appeal was decided: {state}"),
    body=_("The appeal on the application {number} ({round}) was decided: {state}. {reason}"),
    more=("reason",),
    remark=_("See the decision"),
    sms=_("school appeal result"),
)
GUARDIAN_ASKS = _kind(
    "guardian_asks",
    label=_("notice: someone wants to act for a child"),
    title=_("Another guardian?"),
    body=_(
        "Someone who gave the child's name and document wants to act for your child as its guardian too. Confirm it only if you "
        "know who it is."
    ),
    remark=_("Confirm only whom you know"),
    page=CHILDREN_PAGE,
    page_params=("child_id",),
)
GUARDIAN_CONFIRMED = _kind(
    "guardian_confirmed",
    label=_("notice: confirmed as guardian"),
    title=_("You can act for the child"),
    body=_("You were confirmed as a guardian and see the child's applications from now on."),
    remark=_("You can act for the child"),
    page=CHILDREN_PAGE,
    page_params=("child_id",),
)


def _tell(
    kind: NoticeKind, row: Application, residents: Sequence[UUID], key: str, now: dt.datetime, **more: str
) -> None:
    values = {
        "round": row.round.name, "place": more.pop("place", row.round.department.name), "at": moment_text(now),
        "state": more.pop("state", row.get_state_display()), "number": row.number, **more,
    }  # fmt: skip
    for resident_id in residents:
        notice_enqueue(
            kind=kind, resident_id=resident_id, fields=values, dedup_key=f"schools:{key}:{resident_id}"[:120], now=now
        )  # fmt: skip


def application_told(
    *, row: Application, event: str, now: dt.datetime, note: str = "", reasons: Sequence[str] = (),
    residents: Sequence[UUID] | None = None,
) -> None:  # fmt: skip
    """Tell every guardian of an application what became of it.  1 query and 1 for each; ``residents`` if known already."""
    kind = _EVENTS[event]
    told = guardian_ids(child_id=row.child_id) if residents is None else residents
    more: dict[str, str] = {}
    if "until" in kind.fields:
        more["until"] = moment_text(row.round.fix_until)
    if "reason" in kind.fields:
        words = [str(REASONS[code]) for code in reasons]
        more["reason"] = "；".join([*words, note] if note else words)[:200] + "。"
    _tell(kind, row, told, f"{row.pk}:{event}:{row.pass_number}", now, **more)


def receipts_told(
    *, rows: Sequence[Application], names: Mapping[UUID, str], sha256: str, now: dt.datetime
) -> None:
    """Give each family the code of its entry and the fingerprint of the roster.  1 query and 1 for each guardian."""
    guardians = guardian_ids_of_children(child_ids=[row.child_id for row in rows])
    for row in rows:
        _tell(
            RECEIPT, row, guardians.get(row.child_id, []), f"{row.pk}:receipt", now, code=names[row.pk], fingerprint=sha256
        )  # fmt: skip


def offers_told(*, offers: Sequence[Offer], now: dt.datetime) -> None:
    """Tell the guardians of places that were offered.  1 query and 1 for each guardian."""
    guardians = guardian_ids_of_children(child_ids=[offer.child_id for offer in offers])
    for offer in offers:
        _tell(
            OFFERED, offer.application, guardians.get(offer.child_id, []), f"{offer.pk}:offered", now,
            place=offer.intake.school.name, state=gettext("place offered"), until=moment_text(offer.answer_until),
        )  # fmt: skip


def waiting_told(
    *,
    row: Application,
    place: str,
    entry_id: UUID,
    until: dt.datetime,
    now: dt.datetime,
    lapsed: bool = False,
) -> None:
    """Tell of a place that a waiting list offers, or offered in vain.  1 query and 1 for each guardian."""
    kind, key = (LAPSED, "lapsed") if lapsed else (OFFERED, "offered")
    state = gettext("offer lapsed") if lapsed else gettext("place offered")
    _tell(
        kind, row, guardian_ids(child_id=row.child_id), f"{entry_id}:{key}", now, place=place, state=state,
        until=moment_text(until),
    )  # fmt: skip


def offer_told(*, offer: Offer, now: dt.datetime, residents: Sequence[UUID] | None = None) -> None:
    """Tell the guardians what became of an offer.  1 query and 1 for each."""
    told = guardian_ids(child_id=offer.child_id) if residents is None else residents
    kind = LAPSED if offer.state == Offer.State.LAPSED else ANSWERED
    more = {"until": moment_text(offer.answer_until)} if kind is LAPSED else {}
    _tell(
        kind, offer.application, told, f"{offer.pk}:{offer.state}", now, place=offer.intake.school.name,
        state=offer.get_state_display(), **more,
    )  # fmt: skip


def decline_asked_told(*, offer: Offer, residents: Sequence[UUID], now: dt.datetime) -> None:
    """Ask the other guardian whether a place is declined.  1 query for each."""
    _tell(
        DECLINE_ASKED, offer.application, residents, f"{offer.pk}:decline:{offer.state}", now, place=offer.intake.school.name,
        state=gettext("decline asked"),
    )  # fmt: skip


def appeal_told(*, appeal: Appeal, now: dt.datetime) -> None:
    """Tell the guardians how an appeal was decided.  1 query and 1 for each."""
    _tell(
        APPEAL_DECIDED, appeal.application, guardian_ids(child_id=appeal.application.child_id), f"{appeal.pk}:decided", now,
        state=appeal.get_state_display(), reason=appeal.decision,
    )  # fmt: skip


def guardian_asks(*, resident_id: UUID, row: Guardianship, now: dt.datetime) -> None:
    """Tell a guardian that someone else wants to act for the child.  1 query."""
    _guardian(GUARDIAN_ASKS, resident_id, row, now, gettext("to be confirmed"))


def guardian_confirmed(*, row: Guardianship, now: dt.datetime) -> None:
    """Tell who was confirmed.  1 query."""
    _guardian(GUARDIAN_CONFIRMED, row.resident_id, row, now, gettext("guardian confirmed"))


def _guardian(kind: NoticeKind, resident_id: UUID, row: Guardianship, now: dt.datetime, state: str) -> None:
    values = {
        "round": gettext("School places"), "place": gettext("admission office"), "at": moment_text(now), "state": state,
        "child_id": str(row.child_id),
    }  # fmt: skip
    notice_enqueue(
        kind=kind, resident_id=resident_id, fields=values, dedup_key=f"schools:{kind.key}:{row.pk}:{resident_id}"[:120], now=now,
    )  # fmt: skip
