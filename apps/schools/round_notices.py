"""Who follows an admission round hears of each of its public steps."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.changes import announce, kept
from apps.common.times import moment_text
from apps.notifications import services as notifications
from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.states import NIGHT, Channel
from apps.notifications.topics import TopicKind, topic_kind_register
from apps.schools.models import AdmissionRound
from apps.schools.notices import TEMPLATE
from apps.schools.states import RoundState, RoundVerb

MOST = 200
# What is told of a step; steps that are not here change nothing for those outside.
_STEPS: dict[RoundVerb, Any] = {
    RoundVerb.OPEN: _("Families can apply between the announced dates."),
    RoundVerb.FREEZE: _("The roster is frozen; its fingerprint is public."),
    RoundVerb.COMMIT: _("A secret is committed; the public number comes next."),
    RoundVerb.REVEAL: _("The public number is fixed; the secret is public."),
    RoundVerb.PUBLISH: _("Results and the files to check the draw are public."),
    RoundVerb.FINISH: _("The round has ended."),
}
STEP = kind_register(
    NoticeKind(
        key="schools.round_step",
        label=_("notice: a step of an admission round"),
        fields={
            "id": NoticeField(_("identifier of the round"), "018f0000-0000-7000-8000-000000000000"),
            "name": NoticeField(_("admission round"), "2027年幼儿园小班招生"),
            "at": NoticeField(_("moment"), "2027年6月10日 10:00"),
            "text": NoticeField(_("what is new"), "名单已冻结，名单指纹已公布。"),
            "state": NoticeField(_("state of the round"), "名单已冻结"),
        },
        title="{name}",
        body="{text}",
        page="pages/schools/round",
        page_params=("id",),
        lane="bulk",
        channels=(Channel.WECHAT,),
        wechat_template=TEMPLATE,
        wechat_values={
            "thing1": "{name}", "time2": "{at}", "thing3": "{name}", "phrase4": "{state}", "thing5": _("See the round"),
        },
        quiet=NIGHT,
        moments=frozenset({"topic_followed"}),
    )
)  # fmt: skip


def _rounds() -> dict[str, str]:
    rows = AdmissionRound.objects.exclude(state__in=[RoundState.SETUP, RoundState.FINAL]).order_by(
        "-year", "id"
    )
    return {str(pk): name for pk, name in rows.values_list("id", "name")[:MOST]}


def _followable() -> dict[str, str]:
    return kept("schools", "topics", _rounds)


ROUND = topic_kind_register(TopicKind("round", _("admission round"), _followable))


def step_told(*, held: AdmissionRound, verb: RoundVerb, now: dt.datetime) -> None:
    """Tell the followers of a round of a step that was just taken, within its transaction.  1 query."""
    text = _STEPS.get(verb)
    if text is not None:
        notifications.topic_tell(
            topics=[f"{ROUND.key}:{held.pk}"], kind=STEP, key=f"schools:{held.pk}:{verb}", now=now,
            fields={
                "id": str(held.pk), "name": held.name, "at": moment_text(now), "text": str(text), "state": held.get_state_display(),
            },
        )  # fmt: skip
    announce("schools")
