"""Public answers kept ready: bytes in the process, valid as long as a version number in Redis stands.

A publication or retraction raises the number after commit, and every process drops its copies with the next request.
Without Redis nothing is served from here.  A copy also ends by itself after ``TTL_S``: that bounds the one case the
number can not cover, Redis being away at the very moment of the commit.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.template.response import SimpleTemplateResponse

TTL_S = 20.0
MAX_ENTRIES = 512
MAX_QUERY_CHARS = 300


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    until: float  # monotonic seconds
    body: bytes
    etag: str


_kept: OrderedDict[str, _Kept] = OrderedDict()
_lock = Lock()


def _version_key(namespace: str) -> str:
    return f"public:{namespace}"


def _version(namespace: str) -> int | None:
    """Return the current number, or None when Redis can not say."""
    value = cache.get(_version_key(namespace))
    if value is None:
        # Absent or Redis away: only a number that could be written and read back counts.
        cache.add(_version_key(namespace), int(time.time()), timeout=None)
        value = cache.get(_version_key(namespace))
    return value if isinstance(value, int) else None


def public_changed(namespace: str) -> None:
    """Make every process forget its public answers of ``namespace``, after commit."""
    transaction.on_commit(lambda: _raise_version(namespace), robust=True)


def _raise_version(namespace: str) -> None:
    if _version(namespace) is not None:
        cache.incr(_version_key(namespace))


def public_cached(
    view: Callable[..., HttpResponseBase], *, namespace: str, max_age_s: int = 30
) -> Callable[..., HttpResponseBase]:
    """Wrap a public GET view: answer from memory, ``ETag`` and ``Cache-Control``, 304 on ``If-None-Match``.

    The view must answer the same to everyone.  Only 200 answers are kept, at most 512 a process.
    """

    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET":
            return view(request, *args, **kwargs)
        query = request.META.get("QUERY_STRING", "")
        version = _version(namespace) if len(query) <= MAX_QUERY_CHARS else None
        key = f"{namespace} {request.path}?{query}"
        kept = _kept.get(key)
        if kept is None or kept.version != version or kept.until < time.monotonic():
            response = view(request, *args, **kwargs)
            if response.status_code != 200 or not isinstance(response, HttpResponse):
                return response
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            kept = _keep(key, version, bytes(response.content))
        return _answer(request, kept, max_age_s)

    # DRF and the schema generator find the view class and its flags through these.
    for name in ("cls", "view_class", "initkwargs", "actions", "csrf_exempt"):
        if hasattr(view, name):
            setattr(call, name, getattr(view, name))
    return call


def _keep(key: str, version: int | None, body: bytes) -> _Kept:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    kept = _Kept(version or 0, time.monotonic() + TTL_S, body, etag)
    if version is not None:
        with _lock:
            _kept[key] = kept
            _kept.move_to_end(key)
            while len(_kept) > MAX_ENTRIES:
                _kept.popitem(last=False)
    return kept


def _answer(request: HttpRequest, kept: _Kept, max_age_s: int) -> HttpResponse:
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    same = kept.etag in asked or asked.strip() == "*"
    response: HttpResponse = (
        HttpResponseNotModified() if same else HttpResponse(kept.body, content_type="application/json")
    )
    response["ETag"] = kept.etag
    response["Cache-Control"] = f"public, max-age={max_age_s}"
    return response


def public_cache_clear() -> None:
    """Forget everything kept in this process."""
    with _lock:
        _kept.clear()
