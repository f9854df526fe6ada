"""The QR code of something as staff download it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.common import clock
from apps.common.errors import Refused
from apps.wechat import services


def code_answer(
    *, request: HttpRequest, page: str, params: Mapping[str, str], name: str, back: str
) -> HttpResponse:
    """Answer with the picture (JPEG) of the code of ``page`` with ``params``; its file is called ``name``.

    When WeChat does not make it, the refusal becomes a message and the answer leads to ``back``.  The caller has checked
    the right to see what the code leads to.  Queries as ``scene_code_for`` and ``scene_image``.
    """
    now = clock.now()
    code = services.scene_code_for(page=page, params=params, now=now)
    try:
        image = services.scene_image(code=code, now=now)
    except Refused as refused:
        messages.error(request, refused.text())
        return HttpResponseRedirect(back)
    return HttpResponse(
        image,
        content_type="image/jpeg",
        headers={"Content-Disposition": f'inline; filename="{name}.jpg"', "Cache-Control": "no-store"},
    )
