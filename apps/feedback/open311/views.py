"""Open311 GeoReport v2: published cases for other programs, and handing in with a key."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse, QueryDict
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.base import resident_of
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.permissions import Public
from apps.feedback import open311_selectors as selectors
from apps.feedback import services
from apps.feedback.models import Category
from apps.feedback.open311 import shapes
from apps.feedback.open311.documents import Document, answer, errors
from apps.feedback.services.open311_keys import open311_key_hash


def _form(request: Request) -> dict[str, str]:
    """Return the fields of the form that are texts."""
    data = request.data
    pairs = data.items() if isinstance(data, QueryDict) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}


class KeyAuthentication(BaseAuthentication):
    """A writing request names its key in the form; the key's account is who acts."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Return the account of the key.  Raises KeyRefused."""
        if request.method != "POST":
            return None
        given = _form(request).get("api_key", "")
        key = selectors.key_find(key_hash=open311_key_hash(given)) if given else None
        if key is None:
            raise shapes.KeyRefused(attr="api_key")
        return key.resident, None


class Open311View(APIView):
    """What all paths share: the form of the answer by the path's ending, errors as the specification shapes them."""

    permission_classes = [Public]
    authentication_classes = []
    # Described by its own specification, not by the mini-program's schema.
    schema = None

    def perform_content_negotiation(self, _request: Request, _force: bool = False) -> tuple[Any, str]:
        """Leave the form to the path's ending, whatever the caller's Accept says."""
        return JSONRenderer(), "application/json"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse another jurisdiction after DRF's own checks.  Raises NotFound."""
        super().initial(request, *args, **kwargs)
        shapes.jurisdiction_check(request.query_params.get("jurisdiction_id"))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # no DRF Response
        """Return the project's refusals in the specification's form."""
        refusal = super().handle_exception(exc)
        texts = [
            f"{one['attr']}: {one['detail']}"
            if one["attr"] and refusal.data["type"] == "validation_error"
            else one["detail"]
            for one in refusal.data["errors"]
        ]
        made = self.answer(errors(refusal.status_code, texts), status=refusal.status_code)
        for name in ("Retry-After", "Allow"):
            if refusal.has_header(name):
                made[name] = refusal[name]
        return made

    def answer(self, document: Document, *, status: int = 200) -> HttpResponse:
        """Return a document in the form that the path asks for."""
        return answer(document, ext=self.kwargs.get("ext") or "", status=status)


def _service(code: str) -> Category:
    for category in selectors.services_open(on=clock.today()):
        if category.code == code:
            return category
    raise shapes.NotFound(attr="service_code", name="service_code")


class ServicesView(Open311View):
    """GET services"""

    def get(self, _request: Request, **_path: Any) -> HttpResponse:
        rows = [shapes.service_shape(one) for one in selectors.services_open(on=clock.today())]
        return self.answer(Document("services", "service", rows))


class ServiceView(Open311View):
    """GET services/{service_code}: no service asks for more than the request itself."""

    def get(self, _request: Request, code: str, **_path: Any) -> HttpResponse:
        definition = {"service_code": _service(code).code, "attributes": []}
        return self.answer(Document("service_definition", "", definition))


class RequestsView(Open311View):
    """GET and POST requests"""

    authentication_classes = [KeyAuthentication]
    parser_classes = [FormParser, MultiPartParser]

    def get(self, request: Request, **_path: Any) -> HttpResponse:
        asked = shapes.search_of(request.query_params, now=clock.now())
        if asked.ids:
            rows = selectors.requests_of(public_numbers=asked.ids)
        else:
            rows = selectors.requests_between(
                since=asked.since, until=asked.until, categories=asked.categories, is_open=asked.is_open,
                limit=asked.page_size, offset=(asked.page - 1) * asked.page_size,
            )  # fmt: skip
        return self.answer(
            Document("service_requests", "request", [shapes.request_shape(row) for row in rows])
        )

    def post(self, request: Request, **_path: Any) -> HttpResponse:
        given = shapes.RequestInput.of(request)
        shapes.jurisdiction_check(given.get("jurisdiction_id"))
        _service(given["service_code"])
        draft, resident = shapes.draft_of(given), resident_of(request)

        def work() -> Response:
            made = services.case_submit(resident_id=resident.id, draft=draft, now=clock.now())
            row = {"service_request_id": made.case.public_number, "service_notice": None, "account_id": None}
            return Response([row], status=201)

        body = {name: value for name, value in _form(request).items() if name != "api_key"}
        made = answer_once(request=request, actor_id=resident.id, work=work, body=body)
        rows = made.data if isinstance(made, Response) else json.loads(made.content)
        document = self.answer(Document("service_requests", "request", rows), status=made.status_code)
        if made.has_header("Idempotent-Replayed"):
            document["Idempotent-Replayed"] = made["Idempotent-Replayed"]
        document["Cache-Control"] = "no-store"
        return document


class RequestView(Open311View):
    """GET requests/{service_request_id}"""

    def get(self, _request: Request, number: str, **_path: Any) -> HttpResponse:
        rows = [shapes.request_shape(row) for row in selectors.requests_of(public_numbers=[number])]
        if not rows:
            raise shapes.NotFound(attr="service_request_id", name="service_request_id")
        return self.answer(Document("service_requests", "request", rows))


class TokenView(Open311View):
    """GET tokens/{token}: numbers are given out at once, so a token is the number itself."""

    def get(self, _request: Request, token: str, **_path: Any) -> HttpResponse:
        if not selectors.request_handed_in(public_number=token):
            raise shapes.NotFound(attr="token_id", name="token_id")
        return self.answer(
            Document("service_requests", "request", [{"service_request_id": token, "token": token}])
        )


class DiscoveryView(Open311View):
    """GET discovery"""

    def get(self, _request: Request, **_path: Any) -> HttpResponse:
        return self.answer(Document("discovery", "", shapes.discovery()))
