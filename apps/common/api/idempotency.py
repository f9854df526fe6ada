"""``Idempotency-Key``: a creating POST sent twice makes one thing and gives one answer.

The key is a row in the transaction that makes the thing.  Of two requests at once the second waits for the first on
the unique index, then finds its answer; a first that failed leaves no row, so the second does the work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common import clock, crypto
from apps.common.errors import Refused
from apps.common.models import IdempotencyKey

_CONTEXT = "common.idempotencykey.answer"
_CLAIM = """
INSERT INTO common_idempotencykey (actor_id, key, fingerprint, created_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (actor_id, key) DO NOTHING RETURNING id
"""


class IdempotencyKeyInvalid(Refused):
    code = "idempotency_key_invalid"
    message = _("Idempotency-Key takes 1 to 64 visible ASCII characters.")
    status = 400


class IdempotencyKeyReused(Refused):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for another request.")
    status = 422


def answer_once(
    *, request: Request, actor_id: UUID, work: Callable[[], Response], body: object = None
) -> HttpResponse:
    """Run ``work`` in a transaction and answer it; the same key again gives the stored answer.

    ``body`` stands for the request's body where that is not JSON (an uploaded file's hash).
    2 queries beside those of ``work``; without the header none.  Raises IdempotencyKeyReused,
    IdempotencyKeyInvalid and whatever ``work`` raises, then with nothing stored.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            return work()
    if not 1 <= len(key) <= 64 or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalid(attr="Idempotency-Key")
    fingerprint = _fingerprint(request, request.data if body is None else body)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [actor_id, key, fingerprint, clock.now()])
            claimed = cursor.fetchone()
        if claimed is None:
            return _replay(actor_id, key, fingerprint)
        response = work()
        answer = JSONRenderer().render(response.data)
        IdempotencyKey.objects.filter(pk=claimed[0]).update(
            status=response.status_code, answer=crypto.encrypt(answer.decode(), context=_CONTEXT)
        )
    # Rendered once: what is stored and what is sent are the same bytes.
    return HttpResponse(answer, status=response.status_code, content_type="application/json")


def _fingerprint(request: Request, body: object) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{request.method} {request.path} {text}".encode()).hexdigest()


def _replay(actor_id: UUID, key: str, fingerprint: str) -> HttpResponse:
    stored = IdempotencyKey.objects.get(actor_id=actor_id, key=key)
    if stored.fingerprint != fingerprint or stored.answer is None:
        raise IdempotencyKeyReused(attr="Idempotency-Key")
    body = crypto.decrypt(bytes(stored.answer), context=_CONTEXT)
    answer = HttpResponse(body, status=stored.status, content_type="application/json")
    answer["Idempotent-Replayed"] = "true"
    return answer
