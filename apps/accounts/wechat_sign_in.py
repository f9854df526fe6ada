"""Asking WeChat who someone is: its answers in the project's words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.wechat.bridge import run_sync
from apps.wechat.client import LoginSession, client
from apps.wechat.errors import WechatOutcomeUnknown, WechatRefused, WechatUnavailable

CODE_INVALID, CODE_USED, RISKY_USER, TOO_OFTEN = 40029, 40163, 40226, 45011


class WechatCodeInvalid(Refused):
    code = "wechat_code_invalid"
    message = _("WeChat does not know this code, or it has expired. Please try again.")
    status = 400


class WechatCodeUsed(Refused):
    code = "wechat_code_used"
    message = _("This code was used already. Please try again.")
    status = 400


class WechatUserBlocked(Refused):
    code = "wechat_user_blocked"
    message = _("WeChat does not let this account sign in.")
    status = 403


class WechatTooOften(Refused):
    code = "wechat_too_often"
    message = _("Too many attempts. Please try again in a minute.")
    status = 429


class WechatAway(Refused):
    code = "wechat_unavailable"
    message = _("WeChat does not answer at the moment. Please try again.")
    status = 503


_REFUSALS: dict[int, type[Refused]] = {
    CODE_INVALID: WechatCodeInvalid,
    CODE_USED: WechatCodeUsed,
    RISKY_USER: WechatUserBlocked,
}


def wechat_login(*, code: str) -> LoginSession:
    """Return who ``code`` of ``wx.login`` belongs to.  One call to WeChat, at most ``WECHAT_TIMEOUT_S``.

    Raises WechatCodeInvalid, WechatCodeUsed, WechatUserBlocked, WechatTooOften, WechatAway.
    """
    try:
        return run_sync(client().code_to_session(code=code))
    except (WechatRefused, WechatUnavailable, WechatOutcomeUnknown) as error:
        raise _refusal(error) from error


def wechat_phone(*, code: str, openid: str | None) -> str:
    """Return the phone number that ``code`` of the phone button stands for.  Raises as ``wechat_login``."""
    try:
        return run_sync(client().phone_number(code=code, openid=openid))
    except (WechatRefused, WechatUnavailable, WechatOutcomeUnknown) as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Refused:
    if isinstance(error, WechatRefused):
        if error.errcode == TOO_OFTEN:
            return WechatTooOften(retry_after_s=60)
        known = _REFUSALS.get(error.errcode)
        if known:
            return known(attr="code")
    return WechatAway()
