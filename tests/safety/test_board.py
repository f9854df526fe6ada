"""What has not passed its content check is not published, and staff see why."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.common import clock as project_clock
from apps.feedback import services as feedback
from apps.feedback.board_errors import BoardRefused
from apps.feedback.models import BoardEntry
from apps.feedback.states import CaseState
from apps.safety import services
from apps.safety.models import MediaCheck, TextCheck
from apps.safety.states import Verb
from tests.factories.board import content_clear, texts_of
from tests.factories.cases import case_make

BLOCKED = "收到刷单返利的信息，怎么举报？"


def publish(entry, staff):
    return feedback.board_publish(
        entry_id=entry.id, staff=staff, version=None, texts=texts_of(entry), now=project_clock.now()
    )


@pytest.fixture
def proposed(clerk):
    """Propose an answered case for the board."""
    return lambda case: feedback.board_propose(case_id=case.id, staff=clerk, now=project_clock.now())


def passed(rows) -> None:
    rows.update(state="passed", source="wechat", reason="", label=100)


@pytest.mark.parametrize(
    ("text", "changed", "told"),
    [
        ("路灯不亮。", {}, "尚未完成"),
        (BLOCKED, {}, "内容安全"),
        ("路灯不亮。", {"state": "risky", "source": "wechat", "label": 20002}, "风险"),
    ],
)
def test_publishing_waits_for_the_check_of_the_text(resident, clerk, proposed, text, changed, told):
    case = case_make(resident, state=CaseState.REPLIED, allow_public=True, text=text)
    entry = proposed(case)
    if changed:
        TextCheck.objects.filter(subject_id=str(case.id)).update(**changed)

    with pytest.raises(BoardRefused) as refused:
        publish(entry, clerk)

    assert refused.value.status == 409
    assert told in refused.value.text()
    stored = BoardEntry.objects.get(id=entry.id)
    assert (stored.state, stored.version, stored.events.count()) == ("proposed", 1, 1)

    content_clear(case)
    assert publish(entry, clerk).state == "published"


def test_publishing_waits_for_the_photos_too_and_ends_where_a_person_keeps_one_back(
    resident, clerk, proposed, with_photo
):
    case, photo = with_photo(resident, state=CaseState.REPLIED, allow_public=True)
    entry = proposed(case)
    passed(TextCheck.objects.filter(subject_id=str(case.id)))
    with pytest.raises(BoardRefused):
        publish(entry, clerk)

    services.media_check_decide(
        check_id=photo.id, staff=clerk, verb=Verb.CONFIRM, note="含人脸", now=project_clock.now()
    )

    with pytest.raises(BoardRefused) as refused:
        publish(entry, clerk)
    assert "不" in refused.value.text()
    assert BoardEntry.objects.get(id=entry.id).state == "proposed"


def test_what_wechat_let_pass_is_published_without_a_person(resident, clerk, proposed, with_photo):
    case, _photo = with_photo(resident, state=CaseState.REPLIED, allow_public=True)
    entry = proposed(case)
    passed(TextCheck.objects.all())
    passed(MediaCheck.objects.all())

    assert publish(entry, clerk).state == "published"


def test_a_doubted_case_is_worked_on_like_any_other_and_its_resident_sees_no_difference(
    resident, clerk, handler
):
    case = case_make(resident, state=CaseState.REPLIED, text=BLOCKED)

    shown = resident.get(f"feedback/cases/{case.number}").json()

    assert (shown["state"], shown["text"], shown["reply"]["text"]) == ("replied", BLOCKED, "已处理。")


def test_the_page_and_the_queue_of_a_case_show_that_its_content_waits(resident, clerk, handler, desk):
    doubted = case_make(resident, state=CaseState.DISPATCHED, text=BLOCKED)
    plain = case_make(resident, state=CaseState.DISPATCHED)
    passed(TextCheck.objects.filter(subject_id=str(plain.id)))
    check = TextCheck.objects.get(subject_id=str(doubted.id))
    link = reverse("admin:safety_textcheck_change", args=[check.id])

    def page(person, case):
        return desk(person).get(reverse("admin:feedback_case_change", args=[case.id])).content.decode()

    assert link in page(clerk, doubted)
    assert "内容检测" in page(handler, doubted)
    assert link not in page(handler, doubted)
    assert "内容检测" not in page(clerk, plain)
    queue = desk(handler).get(reverse("admin:feedback_case_changelist")).content.decode()
    assert queue.count("内容待核看") == 1
