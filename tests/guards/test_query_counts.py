"""Statements for each list and detail view, equal at 2 and at 20 rows.  UPDATE_QUERY_COUNTS=1 writes the file anew."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.common import clock
from apps.common.changes import forget_all
from apps.feedback.states import CaseState
from apps.news.models import Article
from tests.factories.articles import article_published
from tests.factories.cases import case_make
from tests.factories.network_points import MIDDLE, hours_make, point_make
from tests.factories.people import policy_now
from tests.factories.pictures import jpeg
from tests.factories.schools import draft, family_make, office_make, round_make

BASELINE = Path(__file__).with_name("query_counts.json")


def counted(call) -> int:
    forget_all()
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    assert answer.status_code in (200, 201), answer.content[:300]
    return len([q for q in captured.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def articles(count: int) -> list[Article]:
    return [article_published(title=f"稿件 {number}", summary="摘要") for number in range(count)]


class Schools:
    """Rounds in which one child has applied, the newest of them with as many intakes as there are rows."""

    def __init__(self, resident) -> None:
        policy_now()
        self.resident, self.now, self.office = resident, clock.now(), office_make()
        self.child_id, self.last = None, {}
        self.desk = Client()
        self.desk.force_login(self.office.head, backend="django.contrib.auth.backends.ModelBackend")

    def grow(self, before: int, rows: int) -> None:
        """Add what is missing to ``rows``."""
        for place in range(before, rows):
            whole = place == rows - 1
            held = round_make(
                now=self.now, office=self.office, starts_on=(self.now + dt.timedelta(days=200)).date(), max_choices=12,
                places={f"s{number}": 1 for number in range(rows if whole else 1)},
            )  # fmt: skip
            family = family_make(
                held, list(held.intakes)[:12] if whole else ["s0"], now=self.now, resident=self.resident,
                child=draft(), child_id=self.child_id,
            )  # fmt: skip
            self.child_id = family.child_id
            self.resident.upload_to(
                f"schools/applications/{family.application_id}/documents",
                io.BytesIO(jpeg()),
                {"kind": "hukou"},
            )
            self.last = {"round": str(held.pk), "application": str(family.application_id)}

    def desk_wakes(self) -> None:
        """Open each page once: what a process keeps of the tables' names is asked for once."""
        for model, key in PAGES.items():
            self.desk.get(f"/admin/schools/{model}/{self.last[key]}/change/")

    def calls(self, anyone) -> dict:
        """Return the list and detail views."""
        page = lambda model: f"/admin/schools/{model}/{self.last[PAGES[model]]}/change/"  # noqa: E731
        return {
            "GET children": lambda: self.resident.get("children"),
            "GET schools/applications": lambda: self.resident.get("schools/applications"),
            "GET schools/applications/{id}": lambda: self.resident.get(f"schools/applications/{self.last['application']}"),
            "GET schools/applications/{id}/result": lambda: self.resident.get(
                f"schools/applications/{self.last['application']}/result"
            ),
            "GET schools/catchment": lambda: anyone.get("schools/catchment", stage="primary", address="和平大道1号"),
            "GET schools/rounds": lambda: anyone.get("schools/rounds", limit=20),
            "GET schools/rounds/{id}": lambda: anyone.get(f"schools/rounds/{self.last['round']}"),
            "GET schools/rounds/{id}/draw": lambda: anyone.get(f"schools/rounds/{self.last['round']}/draw"),
            "GET schools/rounds/{id}/history": lambda: anyone.get(f"schools/rounds/{self.last['round']}/history"),
            "GET schools/rounds/{id}/intakes": lambda: anyone.get(f"schools/rounds/{self.last['round']}/intakes"),
            "admin school applications": lambda: self.desk.get("/admin/schools/application/"),
            "admin school application": lambda: self.desk.get(page("application")),
            "admin admission rounds": lambda: self.desk.get("/admin/schools/admissionround/"),
            "admin admission round": lambda: self.desk.get(page("admissionround")),
        }  # fmt: skip


PAGES = {"application": "application", "admissionround": "round"}


@pytest.fixture
def views(resident, anyone, clerk):
    desk = Client()
    desk.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    state = {"rows": 0}
    schools = Schools(resident)

    def grow(rows: int) -> None:
        schools.grow(state["rows"], rows)
        for _each in range(rows - state["rows"]):
            photo = resident.upload(io.BytesIO(jpeg())).json()["id"]
            case_make(resident, state=CaseState.REPLIED, uploads=[photo])
            resident.post("inbox/read", {"all": False, "ids": []})
        for number in range(state["rows"], rows):
            point = point_make(f"网点{number}", at=MIDDLE)
            hours_make(point, (0, 1440))
            resident.post(f"facilities/{point.id}/corrections", {"field": "hours", "text": "周一不开门"})
            last["point"] = str(point.id)
        for article in articles(rows - state["rows"]):
            resident.put(f"articles/{article.id}/favourite", {})
        state["rows"] = rows

    def last_case() -> str:
        return resident.get("feedback/cases", limit=1).json()["results"][0]["number"]

    def last_article() -> str:
        return anyone.get("articles", limit=1).json()["results"][0]["id"]

    case_page = lambda: reverse("admin:feedback_case_changelist")  # noqa: E731
    calls = {
        "GET articles": lambda: anyone.get("articles"),
        "GET articles?q": lambda: anyone.get("articles", q="稿件"),
        "GET articles/{id}": lambda path=None: anyone.get(f"articles/{last['article']}"),
        "GET circle": lambda: anyone.get("circle", near=f"{MIDDLE.lng},{MIDDLE.lat}"),
        "GET columns": lambda: anyone.get("columns"),
        "GET facilities": lambda: anyone.get("facilities", kind="test_kind"),
        "GET facilities/{id}": lambda: anyone.get(f"facilities/{last['point']}"),
        "GET facilities?near": lambda: anyone.get(
            "facilities", near=f"{MIDDLE.lng},{MIDDLE.lat}", kind="test_kind"
        ),
        "GET facilities?open_now": lambda: anyone.get("facilities", open_now="1", kind="test_kind"),
        "GET facilities?q": lambda: anyone.get("facilities", q="网点", kind="test_kind"),
        "GET feedback/cases": lambda: resident.get("feedback/cases"),
        "GET feedback/cases/{number}": lambda: resident.get(f"feedback/cases/{last['case']}"),
        "GET feedback/categories": lambda: anyone.get("feedback/categories"),
        "GET inbox": lambda: resident.get("inbox"),
        "GET inbox/unread-count": lambda: resident.get("inbox/unread-count"),
        "GET me/facility-corrections": lambda: resident.get("me/facility-corrections"),
        "GET me/favourites": lambda: resident.get("me/favourites"),
        "GET services": lambda: anyone.get("services"),
        "GET subscriptions": lambda: resident.get("subscriptions"),
        "GET streets": lambda: anyone.get("streets"),
        "admin case queue": lambda: desk.get(case_page()),
        "admin start page": lambda: desk.get("/admin/"),
        "admin case page": lambda: desk.get(last["page"]),
        **schools.calls(anyone),
    }
    last: dict[str, str] = {}

    def measure(rows: int) -> dict[str, int]:
        from apps.feedback.models import Case

        grow(rows)
        last.update(case=last_case(), article=last_article())
        last["page"] = reverse("admin:feedback_case_change", args=[Case.objects.get(number=last["case"]).pk])
        desk.get("/admin/")  # the session's first request writes it
        schools.desk_wakes()
        return {name: counted(call) for name, call in calls.items()}

    return measure


def test_lists_take_as_many_statements_at_20_rows_as_at_2_and_as_the_baseline_says(views):
    two, twenty = views(2), views(20)

    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(twenty, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    assert two == twenty
    assert twenty == json.loads(BASELINE.read_text(encoding="utf-8"))


def test_a_submission_with_a_photo_takes_at_most_14_statements(resident):
    photo = resident.upload(io.BytesIO(jpeg())).json()["id"]
    # The dated tables and the model of suggestions are kept in memory from the first submission on.
    assert resident.post("feedback/cases", {"request_type": "help", "text": "路灯不亮"}).status_code == 201
    body = {
        "request_type": "help",
        "text": "路灯不亮",
        "category": "0201",
        "street": "420107003",
        "uploads": [photo],
    }

    with CaptureQueriesContext(connection) as captured:
        answer = resident.post("feedback/cases", body, key="k")

    statements = [q["sql"] for q in captured.captured_queries]
    assert answer.status_code == 201
    # In this test the outermost transaction is the test's own: BEGIN and COMMIT appear as SAVEPOINT and RELEASE.
    assert len(statements) <= 14, "\n".join(statements)
