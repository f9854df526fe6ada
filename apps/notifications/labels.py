"""States and codes in plain words: what happened, and what is to be done about it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.notifications.states import Channel, DeliveryState, TextVerb
from apps.notifications.text_checks import Problem, Wrong

CHANNELS: dict[str, Any] = {Channel.WECHAT.value: _("WeChat"), Channel.SMS.value: _("text message")}
LANES: dict[str, Any] = {"interactive": _("at once"), "bulk": _("in bulk")}
WORKERS: dict[str, Any] = {
    "interactive": _("messages that residents wait for"),
    "callback": _("receipts and events"),
    "bulk": _("messages to many"),
    "periodic": _("regular work"),
}
# Why a channel is left alone, where it is no answer of a provider.
RESTS: dict[str, Any] = {
    "unavailable": _("The provider could not be reached; it is tried again by itself."),
    "quota_day": _("The quota of the day is used up; it goes on after midnight."),
    "quota_minute": _("Too many messages in a minute; it goes on in the next one."),
}
FINE = frozenset({DeliveryState.SENT.value, DeliveryState.DELIVERED.value})
_FATES: dict[str, Any] = {
    DeliveryState.QUEUED.value: _("on its way"),
    DeliveryState.RETRY.value: _("on its way, will be tried again"),
    DeliveryState.SENDING.value: _("on its way"),
    DeliveryState.UNKNOWN.value: _("may have arrived, nobody can tell"),
    DeliveryState.SENT.value: _("told"),
    DeliveryState.DELIVERED.value: _("told, arrival confirmed"),
    DeliveryState.FAILED.value: _("not told: it could not be sent"),
    DeliveryState.SUPPRESSED.value: _("not told: not permitted by the resident"),
    DeliveryState.CANCELLED.value: _("not told: called back"),
}
_NOT_TOLD: dict[str, Any] = {
    "no_template": _("not told: no template is set up"),
    "no_recipient": _("not told: no address is known"),
    "no_provider": _("not told: no provider is set up"),
    "40003": _("not told: WeChat does not know this account"),
}
# What staff can do: the code's meaning and the step that mends it.
ADVICE: dict[str, tuple[Any, Any]] = {
    "-1": (_("WeChat was busy."), _("Nothing: it is tried again.")),
    "40001": (_("WeChat took the access token for old."), _("Nothing: it is renewed by itself.")),
    "40003": (_("WeChat does not know this account."), _("The resident signs in to the mini-program again.")),
    "40037": (_("WeChat does not know this template."), _("Compare the templates with WeChat and assign the name anew.")),
    "41030": (_("The page is not in the published mini-program."), _("Publish the mini-program with this page.")),
    "43101": (_("The resident has not permitted the message, or switched it off."), _("Nothing: it stands in the inbox.")),
    "43107": (_("WeChat has banned the account from sending."), _("Look at the notices in WeChat's console.")),
    "43108": (_("Two messages for one phone at once."), _("Nothing: it is tried again.")),
    "45009": (_("The quota of the day is used up."), _("Nothing: it goes on after midnight.")),
    "45011": (_("Too many messages in a minute."), _("Nothing: it goes on in the next minute.")),
    "45168": (_("The text holds words that WeChat does not carry."), _("Change the text and send the failed ones again.")),
    "47003": (_("A value does not fit its place in the template."), _("Compare the templates with WeChat.")),
    "48001": (_("The account may not use this interface."), _("Apply for it in WeChat's console.")),
    "no_permission": (_("The resident has permitted no message."), _("Nothing: it stands in the inbox.")),
    "no_template": (_("No template of this name is set up."), _("Compare the templates with WeChat and assign the name.")),
    "no_recipient": (_("No address of the resident is known for this channel."), _("Nothing: it stands in the inbox.")),
    "no_provider": (_("No provider of text messages is set up."), _("Set the SMS account in the environment.")),
    "answer_lost": (_("The answer was lost on the way."), _("Nothing: a receipt decides.")),
    "worker_lost": (_("The sending program was stopped."), _("Nothing: a receipt decides, else it is sent again.")),
    "unavailable": (_("The provider could not be reached."), _("If it lasts: look at the network and the provider's notices.")),
    "FailedOperation.InsufficientBalanceInSmsPackage": (
        _("The SMS package is used up."), _("Buy a package, then end the channel's rest."),
    ),
    "FailedOperation.PhoneNumberInBlacklist": (
        _("The number refuses text messages."), _("Nothing: it stands in the inbox."),
    ),
    "InvalidParameterValue.IncorrectPhoneNumber": (
        _("The number does not exist."), _("The resident gives a number again."),
    ),
}  # fmt: skip
_UNKNOWN = (_("An answer without an explanation here."), _("Ask the developers, and name the code."))


def fate(*, state: str, code: str) -> str:
    """Return what became of a delivery in plain words."""
    if state in (DeliveryState.SUPPRESSED.value, DeliveryState.FAILED.value) and code in _NOT_TOLD:
        return str(_NOT_TOLD[code])
    return str(_FATES[state])


def advice(*, code: str) -> tuple[str, str]:
    """Return what a code means and what is to be done."""
    meaning, step = ADVICE.get(code) or ADVICE.get(code.partition(" ")[0]) or _UNKNOWN
    return str(meaning), str(step)


TEXT_VERBS: dict[TextVerb, Any] = {
    TextVerb.PROPOSE: _("Propose"),
    TextVerb.SEND_BACK: _("Send back to the author"),
    TextVerb.APPROVE: _("Put live"),
}
_PARTS: dict[str, Any] = {"title": _("title"), "body": _("text")}
_PROBLEMS: dict[Wrong, Any] = {
    Wrong.PLACES: _("%(where)s: the notice has nothing to put into %(what)s"),
    Wrong.EMPTY: _("%(where)s is empty"),
    Wrong.LONG: _("%(where)s takes at most %(what)s characters, samples filled in"),
    Wrong.NO_TEMPLATE: _("no template “%(what)s” is in use"),
    Wrong.KEYS_MISSING: _("the template needs a value for %(where)s"),
    Wrong.KEYS_EXTRA: _("the template has no place %(where)s"),
    Wrong.UNFIT: _("%(where)s: nothing of this text fits the place; “%(what)s” would be sent"),
    Wrong.CUT: _("%(where)s: sent shortened or changed: “%(what)s”"),
    Wrong.PLACES_COUNT: _("the approved text has %(what)s places"),
    Wrong.LINK: _("%(where)s must hold no link"),
}


def problem(*, one: Problem) -> str:
    """Return in words what is wrong with a text."""
    where = _PARTS.get(one.where, one.where)
    return str(_PROBLEMS[one.wrong] % {"where": where, "what": one.what})
