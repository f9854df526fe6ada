"""Every API route names who may call it, and has a row in the matrix below."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.common.api.permissions import Public, ResidentOnly, Unreachable
from tests.factories.people import ResidentClient, resident_make

# path below /api/v1/ → {method: who}.  "resident" answers 401 without a token, "public" never does.
MATRIX: dict[str, dict[str, str]] = {
    "auth/wechat": {"POST": "public"},
    "auth/refresh": {"POST": "public"},
    "auth/logout": {"POST": "public"},
    "me": {"GET": "resident"},
    "me/profile": {"PUT": "resident"},
    "me/phone": {"POST": "resident"},
    "me/consents": {"GET": "resident", "POST": "resident"},
    "me/consents/<str:purpose>/withdraw": {"POST": "resident"},
    "me/access-log": {"GET": "resident"},
    "privacy": {"GET": "public"},
    "uploads": {"POST": "resident"},
    "streets": {"GET": "public"},
    "inbox": {"GET": "resident"},
    "inbox/unread-count": {"GET": "resident"},
    "inbox/read": {"POST": "resident"},
    "subscriptions": {"GET": "resident", "PUT": "resident"},
    "wechat/templates": {"GET": "public"},
    "wechat/grants": {"POST": "resident"},
    "scenes/<str:token>": {"GET": "public"},
    "columns": {"GET": "public"},
    "articles": {"GET": "public"},
    "articles/<uuid:article_id>": {"GET": "public"},
    "articles/<uuid:article_id>/favourite": {"PUT": "resident", "DELETE": "resident"},
    "me/favourites": {"GET": "resident"},
    "capacity/reconciliation": {"GET": "public"},
    "facilities": {"GET": "public"},
    "facilities/<uuid:facility_id>": {"GET": "public"},
    "facilities/<uuid:facility_id>/corrections": {"POST": "resident"},
    "me/facility-corrections": {"GET": "resident"},
    "circle": {"GET": "public"},
    "services": {"GET": "public"},
    "clinics/departments": {"GET": "public"},
    "clinics/departments/<int:department_id>/sessions": {"GET": "public"},
    "clinics/sessions/<uuid:session_id>/slots": {"GET": "public"},
    "patients": {"GET": "resident", "POST": "resident"},
    "patients/<uuid:access_id>": {"DELETE": "resident"},
    "clinics/holds": {"POST": "resident"},
    "clinics/appointments": {"GET": "resident", "POST": "resident"},
    "clinics/appointments/<str:number>": {"GET": "resident"},
    "clinics/appointments/<str:number>/cancel": {"POST": "resident"},
    "clinics/appointments/<str:number>/check-in": {"POST": "resident"},
    "clinics/appointments/<str:number>/calendar.ics": {"GET": "resident"},
    "clinics/calendar/<str:token>": {"GET": "public"},
    "clinics/waitlist": {"GET": "resident", "POST": "resident"},
    "clinics/waitlist/<uuid:wait_id>": {"DELETE": "resident"},
    "clinics/waitlist/<uuid:wait_id>/accept": {"POST": "resident"},
    "clinics/waitlist/<uuid:wait_id>/decline": {"POST": "resident"},
    "clinics/restrictions": {"GET": "resident"},
    "clinics/restrictions/<uuid:restriction_id>/appeal": {"POST": "resident"},
    "clinics/referrals": {"GET": "resident"},
    "clinics/referrals/<uuid:referral_id>/consent": {"POST": "resident"},
    "clinics/referrals/<uuid:referral_id>/withdraw": {"POST": "resident"},
    "schools/rounds": {"GET": "public"},
    "schools/rounds/<uuid:round_id>": {"GET": "public"},
    "schools/rounds/<uuid:round_id>/intakes": {"GET": "public"},
    "schools/rounds/<uuid:round_id>/history": {"GET": "public"},
    "schools/rounds/<uuid:round_id>/draw": {"GET": "public"},
    "schools/rounds/<uuid:round_id>/draw/files/<str:name>": {"GET": "public"},
    "schools/catchment": {"GET": "public"},
    "children": {"GET": "resident", "POST": "resident"},
    "children/guardians/<uuid:guardianship_id>": {"DELETE": "resident"},
    "children/guardians/<uuid:guardianship_id>/confirm": {"POST": "resident"},
    "schools/applications": {"GET": "resident", "POST": "resident"},
    "schools/applications/<uuid:application_id>": {"GET": "resident", "PUT": "resident"},
    "schools/applications/<uuid:application_id>/documents": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/documents/<uuid:document_id>": {"DELETE": "resident"},
    "schools/applications/<uuid:application_id>/submit": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/withdraw": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/object": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/result": {"GET": "resident"},
    "schools/applications/<uuid:application_id>/offer/accept": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/offer/decline": {"POST": "resident"},
    "schools/applications/<uuid:application_id>/offer/appeal": {"POST": "resident"},
    "feedback/categories": {"GET": "public"},
    "feedback/suggest": {"POST": "resident"},
    "feedback/suggest/<uuid:inquiry_id>/solved": {"POST": "resident"},
    "feedback/cases/<str:number>/supplement": {"POST": "resident"},
    "feedback/cases/<str:number>/answer": {"POST": "resident"},
    "feedback/cases/<str:number>/nudge": {"POST": "resident"},
    "feedback/cases/<str:number>/reopen": {"POST": "resident"},
    "feedback/cases": {"GET": "resident", "POST": "resident"},
    "feedback/cases/<str:number>": {"GET": "resident"},
    "feedback/cases/<str:number>/rate": {"POST": "resident"},
    "feedback/cases/<str:number>/withdraw": {"POST": "resident"},
    "feedback/stats": {"GET": "public"},
    "feedback/board": {"GET": "public"},
    "feedback/board/<str:public_number>": {"GET": "public"},
    "feedback/board/<str:public_number>/follow": {"PUT": "resident", "DELETE": "resident"},
}
VERBS = ("get", "post", "put", "delete", "patch")
SAMPLE = {
    "<int:department_id>": "1",
    "<uuid:session_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:access_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:wait_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:restriction_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:referral_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:round_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:guardianship_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:application_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:document_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<str:name>": "roster.jsonl",
    "<str:purpose>": "basic_service",
    "<str:token>": "ABCDEFGHJK",
    "<uuid:article_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:inquiry_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<uuid:facility_id>": "01a209de-0c60-70f5-a543-b6c136728a37",
    "<str:number>": "1",
    "<str:public_number>": "ABCDEFGHJK",
}


def api_routes() -> dict[str, object]:
    found: dict[str, object] = {}

    def walk(patterns: list[object], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)  # type: ignore[attr-defined]
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith("api/v1/"):
                found[path.removeprefix("api/v1/")] = (
                    getattr(pattern.callback, "cls", None) or pattern.callback
                )

    walk(get_resolver().url_patterns, "")
    return found


def test_each_route_stands_in_the_matrix_with_its_verbs():
    routes = {
        path: {verb.upper() for verb in VERBS if hasattr(view, verb)} for path, view in api_routes().items()
    }

    assert routes == {path: set(verbs) for path, verbs in MATRIX.items()}


def test_each_view_names_its_permission():
    for path, view in api_routes().items():
        kinds = set(view.permission_classes)  # type: ignore[attr-defined]
        assert kinds <= {Public, ResidentOnly}, path
        assert Unreachable not in kinds
        assert ("resident" in MATRIX[path].values()) == (ResidentOnly in kinds), path


@pytest.mark.parametrize(
    ("path", "method", "who"), [(p, m, w) for p, row in MATRIX.items() for m, w in row.items()]
)
def test_the_matrix_is_true(db, path, method, who):
    real = path
    for part, value in SAMPLE.items():
        real = real.replace(part, value)

    without = ResidentClient(None, "").send(method, real, {}).status_code
    with_token = resident_make().send(method, real, {}).status_code

    assert (without == 401) == (who == "resident")
    assert with_token not in (401, 403, 500)
    assert without != 500
