"""What a resident does after submitting: add, ask for speed, reopen, hand in for someone else."""

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.models import Case, OnBehalf, Rating, TimelineEntry
from apps.feedback.states import CaseState
from apps.notifications.models import Delivery, InboxMessage
from tests.factories.cases import case_make
from tests.factories.people import attr_of, code_of

GOOD = {"request_type": "help", "text": "路灯不亮", "category": "0201"}


def test_a_supplement_is_added_once_for_a_key_and_the_unit_is_told(resident, handler, noticed):
    case = case_make(resident, state=CaseState.SIGNED)
    path, body = f"feedback/cases/{case.number}/supplement", {"text": "是三号楼门口那一盏"}

    first = resident.post(path, body, key="s1")
    second = resident.post(path, body, key="s1")

    assert (first.status_code, first.json()["state"]) == (200, "signed")
    assert first.content == second.content
    assert TimelineEntry.objects.filter(case=case, verb="supplement").count() == 1
    assert noticed(handler)[-1] == "supplemented"


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "text", "required"),
        ({"text": ""}, "text", "blank"),
        ({"text": "长" * 2001}, "text", "max_length"),
    ],
)
def test_a_supplement_without_words_or_with_too_many_is_refused(resident, body, attr, code):
    case = case_make(resident)

    answer = resident.post(f"feedback/cases/{case.number}/supplement", body)

    assert (answer.status_code, attr_of(answer), code_of(answer)) == (400, attr, code)
    assert TimelineEntry.objects.filter(case=case).count() == 1


def test_an_answered_case_takes_no_supplement(resident):
    case = case_make(resident, state=CaseState.REPLIED)

    answer = resident.post(f"feedback/cases/{case.number}/supplement", {"text": "还有"})

    assert (answer.status_code, code_of(answer)) == (409, "move_refused")


def test_a_second_nudge_within_the_period_is_refused_and_writes_nothing(clock, resident):
    case = case_make(resident, state=CaseState.IN_PROGRESS)
    first = resident.post(f"feedback/cases/{case.number}/nudge")
    clock.shift(dt.timedelta(minutes=25))

    answer = resident.post(f"feedback/cases/{case.number}/nudge")

    assert first.json()["nudge_next_at"] == "2026-03-11T10:00:00+08:00"
    assert "nudge" not in first.json()["can"]
    assert (answer.status_code, code_of(answer)) == (409, "nudge_too_soon")
    assert Case.objects.get(pk=case.pk).nudges == 1
    assert TimelineEntry.objects.filter(case=case, verb="nudge").count() == 1


def test_after_the_period_one_may_nudge_again(clock, resident):
    case = case_make(resident, state=CaseState.IN_PROGRESS)
    for _each in range(2):
        services.case_nudge(
            number=case.number, resident_id=resident.resident_id, text="", now=project_clock.now()
        )
        clock.shift(dt.timedelta(hours=24))

    assert Case.objects.get(pk=case.pk).nudges == 2


def test_a_case_is_reopened_twice_with_a_new_clock_and_not_a_third_time(
    clock, resident, handler, clerk, act, noticed
):
    case = case_make(resident, state=CaseState.REPLIED)
    path = f"feedback/cases/{case.number}"
    for number in (1, 2):
        rated = resident.post(f"{path}/rate", {"resolved": False, "satisfaction": 2})
        assert rated.json()["can"] == ["reopen"]
        again = resident.post(f"{path}/reopen", {"text": "还是不亮"})
        assert (again.status_code, again.json()["state"]) == (200, "reopened")
        assert Case.objects.get(pk=case.pk).reopens == number
        assert Case.objects.get(pk=case.pk).settled_at is None
        act("case_dispatch", case, clerk, unit="CG", note="")
        act("case_sign", case, handler)
        act("case_reply", case, handler, text="又处理了一次。")
    last = resident.post(f"{path}/rate", {"resolved": False, "satisfaction": 1})

    third = resident.post(f"{path}/reopen", {"text": "还是不亮"})

    assert last.json()["can"] == []
    assert (third.status_code, code_of(third)) == (409, "reopened_too_often")
    assert Rating.objects.filter(case=case).count() == 3
    assert noticed(clerk).count("reopened") == 2


def test_the_clock_of_a_reopened_case_begins_anew(clock, resident):
    case = case_make(resident, state=CaseState.REPLIED)
    resident.post(f"feedback/cases/{case.number}/rate", {"resolved": False, "satisfaction": 2})
    clock.shift(dt.timedelta(minutes=20))

    body = resident.post(f"feedback/cases/{case.number}/reopen", {"text": "还是不亮"}).json()

    assert body["due_at"] == "2026-03-17T18:00:00+08:00"
    assert Case.objects.get(pk=case.pk).clock_from == project_clock.now()


def test_a_case_for_an_elder_keeps_name_and_phone_encrypted_and_needs_consent(resident):
    elder = {"name": "测试老人", "phone": "19900005678", "relation": "母亲", "consent": "in_person"}

    made = resident.post("feedback/cases", GOOD | {"on_behalf_of": elder})
    refused = resident.post("feedback/cases", GOOD | {"on_behalf_of": elder | {"consent": "assumed"}})

    assert made.status_code == 201
    row = OnBehalf.objects.get()
    assert (row.name, row.phone, row.consent) == ("测试老人", "19900005678", "in_person")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT name::text, phone::text FROM feedback_onbehalf")
        assert "19900005678" not in str(cursor.fetchone())
    assert (refused.status_code, attr_of(refused)) == (400, "on_behalf_of.consent")
    assert Case.objects.count() == 1


@pytest.mark.parametrize("phone", ["123", "1990000567x", 19900005678, "+8619900005678999"])
def test_a_phone_that_is_none_is_refused(resident, phone):
    elder = {"name": "测试老人", "phone": phone, "relation": "母亲", "consent": "phone"}

    answer = resident.post("feedback/cases", GOOD | {"on_behalf_of": elder})

    assert (answer.status_code, attr_of(answer)) == (400, "on_behalf_of.phone")
    assert Case.objects.count() == 0


def test_a_report_never_shows_its_reporter_to_the_unit_and_never_goes_to_the_reported_one(
    resident, clerk, handler, desk, act
):
    from django.urls import reverse

    from apps.accounts.services import phone_set
    from apps.feedback.errors import ReportedUnit
    from apps.feedback.states import RequestType

    phone_set(resident_id=resident.resident_id, phone="19900001234")
    case = case_make(resident, request_type=RequestType.REPORT, text="窗口收费不开票，我的电话19900001234")
    act("case_classify", case, clerk, category="1502", urgency="normal", reported_unit="JY")
    with pytest.raises(ReportedUnit):
        act("case_dispatch", case, clerk, unit="JY", note="")
    with pytest.raises(ReportedUnit):
        act("case_dispatch", case, clerk, unit="CG", note="", co_units=["JY"])
    act("case_dispatch", case, clerk, unit="CG", note="")

    page = desk(handler).get(reverse("admin:feedback_case_change", args=[case.pk])).content.decode()
    look = desk(handler).post(reverse("admin:feedback_case_contact", args=[case.pk]), {"reason": "核实"})

    assert "19900001234" not in page
    assert "窗口收费不开票" in page
    assert (look.status_code, b"19900001234" in look.content) == (403, False)


def test_a_withdrawal_ends_the_parts_too(resident, clerk, act):
    case = case_make(resident, state=CaseState.DISPATCHED)
    part = Case.objects.get(number=act("case_split", case, clerk, unit="SW", text="请查水管"))

    resident.post(f"feedback/cases/{case.number}/withdraw", {"reason": "不用了"})

    assert Case.objects.get(pk=part.pk).state == "withdrawn"


def test_a_part_has_its_own_unit_and_clock_the_resident_sees_the_whole_and_the_answer_waits_for_it(
    resident, clerk, handler, act
):
    from apps.feedback.errors import PartsOpen
    from tests.factories.people import staff_make

    water = staff_make("handler", unit="SW")
    case = case_make(resident, state=CaseState.SIGNED)
    told_before = InboxMessage.objects.count()
    part = Case.objects.get(number=act("case_split", case, clerk, unit="SW", text="请查水管"))
    with pytest.raises(PartsOpen):
        act("case_reply", case, handler, text="好了")
    act("case_sign", part, water)
    act("case_reply", part, water, text="水管已修")

    assert InboxMessage.objects.count() == told_before
    assert [row["number"] for row in resident.get("feedback/cases").json()["results"]] == [case.number]
    assert resident.get(f"feedback/cases/{part.number}").status_code == 404
    assert "请查水管" not in str(resident.get(f"feedback/cases/{case.number}").json())
    act("case_reply", case, handler, text="都好了")
    assert Case.objects.get(pk=case.pk).state == "replied"


def test_a_clerk_writes_down_what_was_said_on_the_telephone(resident, clerk, handler, act):
    case = case_make(resident, state=CaseState.REPLIED)

    act("case_call_back", case, clerk, resolved=False, satisfaction=2, comment="还没修好")

    rating = Rating.objects.get()
    assert (rating.called_by, rating.resolved, rating.satisfaction) == (clerk, False, 2)
    assert Case.objects.get(pk=case.pk).state == "rated"
    again = resident.post(f"feedback/cases/{case.number}/rate", {"resolved": True, "satisfaction": 5})
    assert (again.status_code, code_of(again)) == (409, "move_refused")


def test_a_better_category_brings_its_deadline(clock, resident, clerk, act):
    case = case_make(resident)

    act("case_classify", case, clerk, category="0202", urgency="normal", reported_unit=None)

    shown = resident.get(f"feedback/cases/{case.number}").json()
    assert (shown["category"], shown["due_at"]) == ("0202", "2026-03-11T10:00:00+08:00")
    act("case_classify", case, clerk, category="0201", urgency="urgent", reported_unit=None)
    assert resident.get(f"feedback/cases/{case.number}").json()["due_at"] == "2026-03-12T18:00:00+08:00"


def test_type_category_and_urgency_decide_the_deadline_together(clock, resident):
    def due(**given):
        return resident.post("feedback/cases", GOOD | given).json()["due_at"]

    assert due() == "2026-03-17T18:00:00+08:00"
    assert due(request_type="consultation") == "2026-03-13T18:00:00+08:00"
    assert due(request_type="consultation", category="0202") == "2026-03-11T10:00:00+08:00"
    assert due(category="0503") == "2026-03-24T18:00:00+08:00"


def test_without_what_the_checklist_asks_for_an_answer_is_refused_and_nothing_leaves(resident, handler, act):
    import io

    from apps.common.files import image_clean
    from apps.common.uploads import upload_keep
    from apps.feedback.errors import EvidenceMissing
    from tests.factories.pictures import jpeg

    case = case_make(resident, state=CaseState.SIGNED, category="0203")
    before = Delivery.objects.count()
    photos = [
        upload_keep(
            clean=image_clean(stream=io.BytesIO(jpeg())),
            owner_id=None,
            purpose="case",
            now=project_clock.now(),
        ).id
        for _each in range(2)
    ]
    with pytest.raises(EvidenceMissing) as refused:
        act("case_reply", case, handler, text="修好了", photos_after=photos[:1])
    assert refused.value.attr == "photo_before"
    assert (Case.objects.get(pk=case.pk).state, Delivery.objects.count()) == ("signed", before)

    act("case_reply", case, handler, text="修好了", photos_before=photos[:1], photos_after=photos[1:])

    entry = TimelineEntry.objects.get(case=case, verb="reply")
    assert (entry.details["photos_after"], entry.details["on_time"]) == ([str(photos[1])], True)
    shown = resident.get(f"feedback/cases/{case.number}").json()["timeline"][-1]
    assert len(shown["uploads"]) == 2


def test_a_residents_photo_can_not_be_taken_as_evidence(resident, handler, act):
    import io

    from apps.common.uploads import UploadNotFound
    from tests.factories.pictures import jpeg

    photo = resident.upload(io.BytesIO(jpeg())).json()["id"]
    case = case_make(resident, state=CaseState.SIGNED)

    with pytest.raises(UploadNotFound):
        act("case_reply", case, handler, text="修好了", photos_after=[photo])

    assert Case.objects.get(pk=case.pk).state == "signed"
