"""What residents and staff are told of referrals: never what is said of the patient."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.notifications.kinds import NoticeField, NoticeKind, kind_register

PAGE = "pages/clinics/referral"
# Samples are invented; they fill the previews of the texts.
_NUMBER = NoticeField(gettext_lazy("number of the referral"), "ZZ2603100000197")
_RECEIVER = NoticeField(gettext_lazy("institution that receives"), "武汉市第九医院")
_ID = NoticeField(gettext_lazy("identifier of the referral"), "018f0000-0000-7000-8000-000000000000")

ASKED = kind_register(
    NoticeKind(
        key="clinics.referral_asked",
        label=gettext_lazy("consent to a referral is asked for"),
        fields={
            "number": _NUMBER, "receiver": _RECEIVER, "referral_id": _ID,
            "sender": NoticeField(gettext_lazy("institution that sends"), "社区卫生服务中心"),
        },
        title=gettext_lazy("Please agree to a referral"),
        body=gettext_lazy(
            "{sender} would like to refer you to {receiver} (referral {number}). Your records go there only if you agree."
        ),
        page=PAGE, page_params=("referral_id",),
    )
)  # fmt: skip
MOVED = kind_register(
    NoticeKind(
        key="clinics.referral_moved",
        label=gettext_lazy("a referral has moved on"),
        fields={
            "number": _NUMBER, "receiver": _RECEIVER, "referral_id": _ID,
            "state": NoticeField(gettext_lazy("state of the referral"), "已接收"),
        },
        title=gettext_lazy("Your referral: {state}"),
        body=gettext_lazy("Referral {number} to {receiver}: {state}."),
        page=PAGE, page_params=("referral_id",),
    )
)  # fmt: skip


def staff_text(event: str, number: str, state: str) -> tuple[str, str]:
    """Return title and text of a notice to staff; ``event`` an act, or ``consent``, ``withdraw``, ``late``."""
    facts = {"number": number, "state": state}
    titles = {
        "consent": _("The patient agreed: referral %(number)s can be sent") % facts,
        "withdraw": _("The patient took the consent back: referral %(number)s") % facts,
        "late": _("Late: referral %(number)s waits for you") % facts,
    }
    return titles.get(event, _("Referral %(number)s: %(state)s") % facts), _("State: %(state)s") % facts
