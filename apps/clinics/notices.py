"""What residents are told of appointments.  No text names a department's illness beyond its name, none the patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.states import NIGHT, Channel

PAGE = "pages/clinics/appointment"
WAIT_PAGE = "pages/clinics/waitlist"
TEMPLATE = "service_notice"
_MOMENTS = frozenset({"appointment_booked", "waitlist_joined"})
# Samples are invented; they fill the previews of the texts.
_FIELDS: Mapping[str, NoticeField] = {
    "number": NoticeField(_("number of the appointment"), "YY2603100000197"),
    "service": NoticeField(_("department"), "全科门诊"),
    "place": NoticeField(_("medical institution"), "武汉市第九医院"),
    "at": NoticeField(_("moment"), "2026年3月10日 10:00"),
    "state": NoticeField(_("state of the appointment"), "已预约"),
    "until": NoticeField(_("at the latest"), "2026年3月10日 12:00"),
    "reason": NoticeField(_("reason"), "医生临时停诊"),
    "wait_id": NoticeField(_("identifier of the waiting request"), "018f0000-0000-7000-8000-000000000000"),
}


def _kind(
    event: str,
    *,
    label: Any,
    title: Any,
    body: Any,
    remark: Any,
    more: tuple[str, ...] = (),
    page: str = PAGE,
    page_params: tuple[str, ...] = ("number",),
    sms: Any = None,
    urgent: bool = False,
    quiet: bool = False,
) -> NoticeKind:
    """Register a kind.  ``sms``: by text message where WeChat does not reach, for what keeps people from a vain way."""
    names = ("service", "place", "at", "state", *page_params, *more)
    return kind_register(
        NoticeKind(
            key=f"clinics.{event}",
            label=label,
            title=title,
            body=body,
            fields={name: _FIELDS[name] for name in names},
            page=page,
            page_params=page_params,
            channels=(Channel.WECHAT, Channel.SMS) if sms else (Channel.WECHAT,),
            wechat_template=TEMPLATE,
            # WeChat's keys in the order of the template (服务名称, 时间, 地点, 状态, 提示).
            wechat_values={
                "thing1": "{service}", "time2": "{at}", "thing3": "{place}", "phrase4": "{state}", "thing5": remark,
            },
            sms_template="service_notice" if sms else None,
            sms_params=(sms,) if sms else (),
            urgent=urgent,
            quiet=NIGHT if quiet else None,
            moments=_MOMENTS,
        )
    )  # fmt: skip


BOOKED = _kind(
    "booked",
    label=_("notice: appointment booked"),
    title=_("Booked: {service}, {at}"),
    body=_("{service} at {place}, {at}. Number {number}. Please bring the patient's identity card."),
    remark=_("Please come ten minutes earlier"),
)
CANCELLED = _kind(
    "cancelled",
    label=_("notice: appointment cancelled"),
    title=_("Cancelled: {service}, {at}"),
    body=_("The appointment {number} ({service} at {place}, {at}) was cancelled."),
    remark=_("The appointment was cancelled"),
)
SUSPENDED = _kind(
    "suspended",
    label=_("notice: session suspended by the clinic"),
    title=_("Does not take place: {service}, {at}"),
    body=_(
        "{service} at {place}, {at}, does not take place: {reason}. Your appointment {number} was cancelled by the clinic; it "
        "does not count as missed. Another time is being looked for."
    ),
    more=("reason",),
    remark=_("Does not take place; please do not come"),
    sms=_("{service} suspended"),
    urgent=True,
)
REBOOK = _kind(
    "rebook",
    label=_("notice: another time is kept after a suspension"),
    title=_("Another time is kept for you: {service}, {at}"),
    body=_(
        "{service} at {place}, {at}, is kept for you until {until}. Please confirm it, or choose another time."
    ),
    more=("until",),
    remark=_("Kept for you; please confirm"),
)
OFFERED = _kind(
    "offered",
    label=_("notice: a place from the waiting list"),
    title=_("A place is free: {service}, {at}"),
    body=_("{service} at {place}, {at}, is kept for you until {until}. Then it goes to the next in line."),
    more=("until",),
    page=WAIT_PAGE,
    page_params=("wait_id",),
    remark=_("Kept for you; please accept in time"),
    sms=_("{service}: place free"),
)
LAPSED = _kind(
    "lapsed",
    label=_("notice: an offer was not answered"),
    title=_("The place went to the next in line: {service}"),
    body=_(
        "You did not answer in time, so {service} at {place}, {at}, went to the next in line. You can join again."
    ),
    page=WAIT_PAGE,
    page_params=("wait_id",),
    remark=_("Not answered in time"),
)
DAY_BEFORE = _kind(
    "day_before",
    label=_("notice: appointment tomorrow"),
    title=_("Tomorrow: {service}, {at}"),
    body=_(
        "Tomorrow: {service} at {place}, {at}. Number {number}. If you can not come, please cancel: others wait."
    ),
    remark=_("Tomorrow; please cancel if you can not come"),
    quiet=True,
)
SOON = _kind(
    "soon",
    label=_("notice: appointment in two hours"),
    title=_("Today at {at}: {service}"),
    body=_(
        "Today: {service} at {place}, {at}. Number {number}. Show the code in the mini-program at the door."
    ),
    remark=_("Today; show the code at the door"),
    quiet=True,
)
RESTRICTED = _kind(
    "restricted",
    label=_("notice: booking restricted"),
    title=_("Booking at {place} is not possible until {until}"),
    body=_(
        "Appointments at {place} were missed several times, the last one {number}. Booking is not possible until {until}. "
        "If this is wrong, please appeal; a person decides."
    ),
    more=("until",),
    remark=_("You can appeal"),
)
APPEAL_DECIDED = _kind(
    "appeal_decided",
    label=_("notice: appeal decided"),
    title=_("Your appeal was decided: {state}"),
    body=_("Your appeal about {place} was decided: {state}. {reason}"),
    more=("reason",),
    remark=_("See the decision"),
)

OFFERED_STATE = _("place offered")
LAPSED_STATE = _("offer lapsed")
RESTRICTION_NAME = _("booking restriction")
