"""What production refuses to start with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

AES_KEY_CHARS = 43
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def production_problems(values: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each setting in ``values`` that production may not run with."""
    wechat = urlsplit(values["WECHAT_BASE_URL"])
    rules = (
        (values["DEBUG"], "DEBUG is on."),
        (
            len(values["SECRET_KEY"]) < 40 or len(set(values["SECRET_KEY"])) < 16,
            "SECRET_KEY is short or plain.",
        ),
        (any(len(set(key)) < 8 for key in values["FIELD_KEYS"].values()), "FIELD_KEYS holds a plain key."),
        (len(set(values["LOOKUP_KEY"])) < 8, "LOOKUP_KEY is plain."),
        (not values["ALLOWED_HOSTS"] or "*" in values["ALLOWED_HOSTS"], "ALLOWED_HOSTS must name hosts."),
        (not values["WECHAT_APPID"] or not values["WECHAT_SECRET"], "The WeChat channel has no credentials."),
        (
            wechat.hostname in LOOPBACK or wechat.scheme != "https",
            "WECHAT_BASE_URL is not WeChat over https.",
        ),
        (not values["PUBLIC_BASE_URL"].startswith("https://"), "PUBLIC_BASE_URL is not https."),
        (
            values["NUM_PROXIES"] < 1,
            "NUM_PROXIES is 0: behind a proxy all residents would share one address.",
        ),
        (not values["METRICS_TOKEN"], "METRICS_TOKEN is empty: /metrics would be open."),
        (
            values["WECHAT_PUSH_TOKEN"] and values["WECHAT_PUSH_MODE"] != "safe",
            "WECHAT_PUSH_MODE is not safe: pushes would name residents in the clear.",
        ),
        (
            values["WECHAT_PUSH_TOKEN"] and len(values["WECHAT_PUSH_AES_KEY"]) != AES_KEY_CHARS,
            "WECHAT_PUSH_AES_KEY does not have 43 characters.",
        ),
        (
            values["SMS_SECRET_ID"] and not values["SMS_BASE_URL"].startswith("https://"),
            "SMS_BASE_URL is not https: it would carry phone numbers in the clear.",
        ),
        (
            values["EMAIL_HOST"] and not values["EMAIL_USE_SSL"],
            "EMAIL_USE_SSL is off: mail to staff would carry the password in the clear.",
        ),
        (
            values["SMS_CALLBACK_TOKEN"] and len(values["SMS_CALLBACK_TOKEN"]) < 20,
            "SMS_CALLBACK_TOKEN is short.",
        ),
    )
    return [text for bad, text in rules if bad]


def production_refuse(values: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured with every reason at once.

    Called by the settings themselves: a server or a worker does not run Django's checks, and all of them must refuse.
    """
    problems = production_problems(values)
    if problems:
        raise ImproperlyConfigured("Refusing to start in production: " + " ".join(problems))
