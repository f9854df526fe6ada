"""Public answers kept ready: the bytes, their ``ETag``, and 304 for who has them already."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.template.response import SimpleTemplateResponse

from apps.common import clock
from apps.common.changes import kept

MAX_QUERY_CHARS = 300


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    etag: str
    content_type: str


class _NotKept(Exception):
    """The view answered something that is not kept: an error, a stream."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.response = response


def public_cached(
    view: Callable[..., HttpResponseBase],
    *,
    namespace: str,
    max_age_s: int = 30,
    ends: Callable[[], dt.datetime | None] | None = None,
    keeps: Callable[[HttpRequest], bool] | None = None,
) -> Callable[..., HttpResponseBase]:
    """Wrap a public GET view: answer from memory, ``ETag`` and ``Cache-Control``, 304 on ``If-None-Match``.

    The view must answer the same to everyone.  Only 200 answers are kept.  A view that gives its own ``ETag`` says what
    of its answer counts as another one; else it is made of all bytes.
    ``ends``   the moment at which the answer changes by the clock alone (``changes.kept``): nobody keeps it longer
    ``keeps``  whether this request's answer is worth memory; what hardly anybody asks twice would push out what all ask for
    """

    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET":
            return view(request, *args, **kwargs)

        def make() -> _Answer:
            return _answer_of(view(request, *args, **kwargs))

        # Asked before the answer is made: one that is made just before the moment and sent just after it is old at once.
        moment = ends() if ends is not None else None
        query = request.META.get("QUERY_STRING", "")
        try:
            if len(query) > MAX_QUERY_CHARS or not (keeps is None or keeps(request)):
                answer = make()
            else:
                answer = kept(namespace, f"{request.path}?{query}", make, ends=ends)
        except _NotKept as other:
            return other.response
        return _response(request, answer, _age(max_age_s, moment))

    # DRF and the schema generator find the view class and its flags through these.
    for name in ("cls", "view_class", "initkwargs", "actions", "csrf_exempt"):
        if hasattr(view, name):
            setattr(call, name, getattr(view, name))
    return call


def _age(max_age_s: int, moment: dt.datetime | None) -> int:
    """Return how long others may keep an answer: not beyond the moment at which it changes."""
    if moment is None:
        return max_age_s
    return max(0, min(max_age_s, int((moment - clock.now()).total_seconds())))


def _answer_of(response: HttpResponseBase) -> _Answer:
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        raise _NotKept(response)
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
    body = bytes(response.content)
    return _Answer(body, response.get("ETag") or etag_of(body), response["Content-Type"])


def etag_of(content: bytes) -> str:
    """Return the weak ``ETag`` of ``content``."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'


def _response(request: HttpRequest, answer: _Answer, max_age_s: int) -> HttpResponse:
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    same = bool(asked) and (answer.etag in asked or asked.strip() == "*")
    response: HttpResponse = (
        HttpResponseNotModified() if same else HttpResponse(answer.body, content_type=answer.content_type)
    )
    response["ETag"] = answer.etag
    response["Cache-Control"] = f"public, max-age={max_age_s}"
    return response
