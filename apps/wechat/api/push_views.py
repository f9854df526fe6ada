"""The doors where WeChat and the provider of text messages tell us things.  Signed by them, no session, no form token.

They answer once a push is kept; a worker does the rest.  A refusal says nothing but its status.
"""

from __future__ import annotations

import hmac
from typing import cast

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.common import clock
from apps.wechat import receipts, services
from apps.wechat.pushes import MAX_BYTES, Mode, PushKeys, PushRefused, echo_read, push_read
from apps.wechat.services.pushes import PUSHES, Source

log = structlog.get_logger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def wechat_push(request: HttpRequest) -> HttpResponse:
    """GET: prove that the address is ours.  POST: keep a push and answer ``success``.

    404 while no token is configured, 403 for what is not a push of our account, 503 while the database is away:
    WeChat then repeats it, three times in all.
    """
    if not settings.WECHAT_PUSH_TOKEN:
        raise Http404
    query, now = request.GET.dict(), clock.now()
    try:
        if request.method == "GET":
            return _text(echo_read(query=query, keys=_keys(), now=now))
        event = push_read(body=_body(request, MAX_BYTES), query=query, keys=_keys(), now=now)
        services.pushes_store(source=Source.WECHAT, events=[event])
    except PushRefused as refused:
        PUSHES.labels(Source.WECHAT.value, refused.reason).inc()
        log.warning("push_refused", reason=refused.reason)
        return HttpResponse(status=403)
    except (OperationalError, InterfaceError) as error:
        log.warning("push_not_kept", error=type(error).__name__)
        return HttpResponse(status=503)
    return _text("success")


@csrf_exempt
@require_POST
def sms_receipts(request: HttpRequest, token: str) -> HttpResponse:
    """POST: keep the receipts of text messages.  404 for a wrong token, and while none is configured.

    The provider posts again what is not answered with ``"result": 0``.
    """
    wanted = settings.SMS_CALLBACK_TOKEN
    if not wanted or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise Http404
    try:
        body = _body(request, receipts.MAX_BYTES)
        services.pushes_store(source=Source.SMS, events=receipts.receipts_read(body=body, now=clock.now()))
    except PushRefused as refused:
        PUSHES.labels(Source.SMS.value, refused.reason).inc()
        log.warning("receipts_refused", reason=refused.reason)
        return JsonResponse({"result": 1, "errmsg": "FORMAT"}, status=400)
    except (OperationalError, InterfaceError) as error:
        log.warning("receipts_not_kept", error=type(error).__name__)
        return JsonResponse({"result": 1, "errmsg": "BUSY"}, status=503)
    return JsonResponse({"result": 0, "errmsg": "OK"})


def _keys() -> PushKeys:
    return PushKeys(
        token=settings.WECHAT_PUSH_TOKEN, aes_key=settings.WECHAT_PUSH_AES_KEY, appid=settings.WECHAT_APPID,
        mode=cast(Mode, settings.WECHAT_PUSH_MODE), window_s=settings.WECHAT_PUSH_WINDOW_S,
    )  # fmt: skip


def _body(request: HttpRequest, limit: int) -> bytes:
    """Read at most a byte more than is taken: the reader sees that there was too much."""
    try:
        return request.read(limit + 1)
    except UnreadablePostError:
        raise PushRefused("cut") from None


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
