"""What residents hand in is taken whatever stands in it, and recorded to be checked."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.common import clock as project_clock
from apps.feedback import services as feedback
from apps.feedback.models import Case, Rating, TimelineEntry
from apps.feedback.states import CaseState
from apps.safety import services
from apps.safety.models import MediaCheck, TextCheck, WordListVersion
from apps.safety.states import Scene
from tests.factories.cases import case_make
from tests.factories.people import staff_make
from tests.factories.pictures import jpeg

BLOCKED = "收到刷-单 返利的信息，怎么举报？"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def written(db):
    """The checks of texts: kind, state, source, reason and scene."""
    return lambda: list(
        TextCheck.objects.order_by("id").values_list("subject_kind", "state", "source", "reason", "scene")
    )


def test_a_submission_records_one_check_with_the_hash_and_not_the_text(clock, resident, written):
    case = case_make(resident, text="路灯不亮。", allow_public=True)

    assert written() == [("feedback.case", "pending", "", "", Scene.FORUM)]
    check = TextCheck.objects.get()
    now = project_clock.now()
    assert (check.subject_id, check.resident_id) == (str(case.id), resident.resident_id)
    assert check.text_sha256 == sha256("路灯不亮。")
    assert (check.created_at, check.due_at, check.attempts) == (now, now, 0)
    active = WordListVersion.objects.filter(is_active=True, word_list__purpose="both")
    assert check.list_versions == list(active.values_list("id", flat=True))
    assert not any("路灯" in str(value) for value in vars(check).values())


def test_what_may_not_be_published_is_checked_as_a_comment(resident, written):
    case_make(resident, allow_public=False)

    assert written() == [("feedback.case", "pending", "", "", Scene.COMMENT)]


def test_a_word_that_is_always_looked_at_sends_the_text_to_a_person_and_never_refuses_the_case(
    resident, written
):
    answer = resident.post("feedback/cases", {"request_type": "help", "text": BLOCKED})

    assert answer.status_code == 201
    assert written() == [("feedback.case", "review", "words", "word", Scene.COMMENT)]
    assert Case.objects.get().text == BLOCKED


def test_a_word_that_is_only_a_hint_leaves_the_verdict_to_wechat(resident, written):
    case_make(resident, text="小区里有人高价回收烟酒。")

    assert written() == [("feedback.case", "pending", "", "", Scene.COMMENT)]


def test_wechat_is_asked_after_the_commit_and_not_about_what_a_person_looks_at_anyway(resident, woken):
    post = {"request_type": "help", "text": "路灯不亮。"}
    photo = resident.upload(io.BytesIO(jpeg())).json()["id"]

    plain = woken(lambda: resident.post("feedback/cases", post))
    blocked = woken(lambda: resident.post("feedback/cases", {**post, "text": BLOCKED}))
    pictured = woken(lambda: resident.post("feedback/cases", {**post, "uploads": [photo]}))

    def asked(wake_ups):
        return [one for one in wake_ups if one[0].startswith("safety.")]

    assert asked(plain) == [("safety.text_check", "interactive", None)]
    assert asked(blocked) == []
    assert asked(pictured) == [
        ("safety.text_check", "interactive", None),
        ("safety.media_check", "callback", None),
    ]


def test_each_photo_of_a_submission_gets_a_check_of_its_own(resident):
    photos = [resident.upload(io.BytesIO(jpeg())).json()["id"] for _each in range(3)]

    case = case_make(resident, uploads=photos)

    checks = MediaCheck.objects.order_by("upload_id")
    assert [str(one.upload_id) for one in checks] == sorted(photos)
    assert {(one.subject_kind, one.subject_id, one.state, one.trace_id) for one in checks} == {
        ("feedback.case", str(case.id), "pending", None)
    }


def test_what_is_added_answered_and_written_at_a_reopening_is_checked_with_its_photos(
    clock, resident, written
):
    case = case_make(resident, state=CaseState.SIGNED)
    photo = resident.upload(io.BytesIO(jpeg())).json()["id"]
    worker = staff_make("handler", unit="CG")
    resident.post(f"feedback/cases/{case.number}/supplement", {"text": "补充一句", "uploads": [photo]})
    feedback.case_reply(
        number=case.number, staff=worker, version=None, text="已处理。", now=project_clock.now()
    )
    rated = {"resolved": False, "satisfaction": 1, "comment": "没有修好"}
    assert resident.post(f"feedback/cases/{case.number}/rate", rated).status_code == 200
    assert resident.post(f"feedback/cases/{case.number}/reopen", {"text": "还是不亮"}).status_code == 200

    assert written() == [
        ("feedback.case", "pending", "", "", Scene.COMMENT),
        ("feedback.entry", "pending", "", "", Scene.COMMENT),
        ("feedback.rating", "pending", "", "", Scene.COMMENT),
        ("feedback.entry", "pending", "", "", Scene.COMMENT),
    ]
    entry = TimelineEntry.objects.get(verb="supplement")
    assert MediaCheck.objects.get().subject_id == str(entry.id)
    texts = ["路灯不亮，晚上看不清台阶。", "补充一句", "没有修好", "还是不亮"]
    assert list(TextCheck.objects.order_by("id").values_list("text_sha256", flat=True)) == [
        sha256(text) for text in texts
    ]


def test_an_empty_comment_and_what_a_clerk_wrote_down_are_not_checked(resident, clerk, written):
    rated = case_make(resident, state=CaseState.REPLIED)
    resident.post(f"feedback/cases/{rated.number}/rate", {"resolved": True, "satisfaction": 5})
    called = case_make(resident, state=CaseState.REPLIED)
    feedback.case_call_back(
        number=called.number, staff=clerk, version=None, resolved=True, satisfaction=4, comment="居民说好了",
        now=project_clock.now(),
    )  # fmt: skip

    assert Rating.objects.count() == 2
    assert [kind for kind, *_rest in written()] == ["feedback.case", "feedback.case"]


def test_a_refused_submission_leaves_no_check(resident):
    answer = resident.post(
        "feedback/cases", {"request_type": "help", "text": "路灯不亮", "uploads": ["0" * 8 + "-0000-7000-8000-" + "0" * 12]}
    )  # fmt: skip

    assert answer.status_code == 400
    assert (TextCheck.objects.count(), MediaCheck.objects.count(), Case.objects.count()) == (0, 0, 0)


def test_a_check_costs_a_submission_one_statement_and_photos_one_more(resident):
    given = {
        "subject_kind": "feedback.case", "subject_id": case_make(resident).id, "resident_id": resident.resident_id,
        "scene": Scene.COMMENT, "now": project_clock.now(),
    }  # fmt: skip
    services.text_check_open(**given, text="先读一次词库")
    photo = resident.upload(io.BytesIO(jpeg())).json()["id"]

    with CaptureQueriesContext(connection) as text:
        services.text_check_open(**given, text="路灯不亮")
    with CaptureQueriesContext(connection) as media:
        services.media_check_open(**given, upload_ids=[photo])
    with CaptureQueriesContext(connection) as none:
        services.text_check_open(**given, text=" ")
        services.media_check_open(**given, upload_ids=[])

    words = [sql for sql in text.captured_queries if "wordlistversion" in sql["sql"]]
    assert len(text.captured_queries) - len(words) == 1
    assert (len(media.captured_queries), len(none.captured_queries)) == (1, 0)
