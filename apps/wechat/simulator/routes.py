"""WeChat's paths and who answers them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from apps.wechat.simulator import codes, login, messages, quota, safety, templates, tokens
from apps.wechat.simulator.calls import Route

SEND_PATH = "/cgi-bin/message/subscribe/send"

ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        route.path: route
        for route in (
            Route("/cgi-bin/token", tokens.plain_token, method="GET", needs_token=False),
            Route("/cgi-bin/stable_token", tokens.stable_token, needs_token=False),
            Route(login.SESSION_PATH, login.code_to_session, method="GET", needs_token=False),
            Route("/wxa/business/getuserphonenumber", login.phone_number),
            Route("/wxa/checksession", login.session_check, method="GET"),
            Route("/wxa/resetusersessionkey", login.session_key_reset, method="GET"),
            Route(SEND_PATH, messages.send, waits=True),
            Route("/wxaapi/newtmpl/gettemplate", templates.templates, method="GET"),
            Route("/wxaapi/newtmpl/addtemplate", templates.template_add, form=True),
            Route("/wxaapi/newtmpl/deltemplate", templates.template_delete),
            Route("/wxaapi/newtmpl/getcategory", templates.categories, method="GET"),
            Route("/wxaapi/newtmpl/getpubtemplatetitles", templates.library_titles, method="GET"),
            Route("/wxaapi/newtmpl/getpubtemplatekeywords", templates.library_keywords, method="GET"),
            Route("/wxa/msg_sec_check", safety.text_check),
            Route("/wxa/media_check_async", safety.media_check),
            Route("/wxa/getwxacodeunlimit", codes.code_unlimited),
            Route("/wxa/generatescheme", codes.scheme),
            Route("/wxa/generate_urllink", codes.url_link),
            Route("/cgi-bin/openapi/quota/get", quota.quota),
            Route("/cgi-bin/clear_quota", quota.quota_clear),
            Route("/cgi-bin/clear_quota/v2", quota.quota_clear_by_secret, needs_token=False),
            Route("/cgi-bin/openapi/rid/get", quota.failure),
        )
    }
)
