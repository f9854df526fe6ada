"""Following someone else's case, and hearing how it goes on."""

import datetime as dt
from collections import Counter

import pytest
from django.db import transaction

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.board_errors import FollowsFull
from apps.feedback.models import Case, Category, Follow, FollowRound, TimelineEntry
from apps.feedback.services import follows
from apps.feedback.states import CaseState, RequestType, Verb
from apps.notifications import services as notifications
from apps.notifications.kinds import kind_of
from apps.notifications.models import Delivery, InboxMessage
from apps.notifications.services import Told
from tests.factories.board import entry_make
from tests.factories.cases import case_make
from tests.factories.people import code_of, resident_make


def follow(resident, case):
    return resident.put(f"feedback/board/{case.public_number}/follow", {})


def unfollow(resident, case):
    return resident.send("DELETE", f"feedback/board/{case.public_number}/follow", {})


def told(resident):
    rows = InboxMessage.objects.filter(resident_id=resident.resident_id, kind="feedback.followed")
    return [row.fields for row in rows.order_by("id")]


def test_following_and_ending_it_count_once_however_often_they_are_sent(resident, other_resident):
    case = entry_make(resident).case

    assert [follow(other_resident, case).json()["followers"] for _each in range(2)] == [1, 1]
    assert Case.objects.get(pk=case.pk).followers == Follow.objects.count() == 1
    assert unfollow(other_resident, case).json() == {
        "public_number": case.public_number, "following": False, "followers": 0,
    }  # fmt: skip
    assert unfollow(other_resident, case).status_code == 200
    assert Case.objects.get(pk=case.pk).followers == Follow.objects.count() == 0


def test_a_live_case_that_may_be_offered_can_be_followed_before_it_is_published(resident, other_resident):
    case = case_make(resident, state=CaseState.IN_PROGRESS)

    assert follow(other_resident, case).json()["following"] is True


@pytest.mark.parametrize(
    ("state", "draft"),
    [
        (CaseState.REPLIED, {}),  # answered and not published
        (CaseState.IN_PROGRESS, {"category": "0505"}),  # private by default
        (CaseState.IN_PROGRESS, {"category": "1602"}),  # sensitive
        (CaseState.IN_PROGRESS, {"request_type": RequestType.REPORT}),
    ],
)
def test_what_is_neither_published_nor_offered_is_404_and_nothing_is_written(
    resident, other_resident, state, draft
):
    case = case_make(resident, state=state, **draft)

    answer = follow(other_resident, case)

    assert (answer.status_code, code_of(answer)) == (404, "board_entry_not_found")
    assert Follow.objects.count() == 0
    assert Case.objects.get(pk=case.pk).followers == 0


def test_following_needs_the_basic_consent(resident):
    stranger = resident_make(agreed=False)
    case = entry_make(resident).case

    answer = follow(stranger, case)

    assert (answer.status_code, code_of(answer)) == (403, "consent_required")
    assert Follow.objects.count() == 0


def test_a_resident_follows_two_hundred_at_most(resident, other_resident, monkeypatch):
    monkeypatch.setattr(follows, "MAX_FOLLOWS", 2)
    cases = [entry_make(resident).case for _each in range(3)]

    answers = [follow(other_resident, case) for case in cases]

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert code_of(answers[2]) == FollowsFull.code
    assert follow(other_resident, cases[0]).status_code == 200
    assert [Case.objects.get(pk=case.pk).followers for case in cases] == [1, 1, 0]


def test_a_case_that_was_taken_down_can_still_be_left(resident, other_resident, clerk):
    entry = entry_make(resident)
    follow(other_resident, entry.case)
    services.board_take_down(
        entry_id=entry.id, staff=clerk, version=None, reason="x", now=project_clock.now()
    )

    assert unfollow(other_resident, entry.case).json()["following"] is False


def reply_of(case):
    return TimelineEntry.objects.get(case=case, verb=Verb.REPLY.value)


def test_followers_are_told_of_a_step_once_and_without_a_word_of_the_case(clock, resident, other_resident):
    case = case_make(resident, state=CaseState.IN_PROGRESS, text="王某某家漏水，电话19900000001")
    follow(other_resident, case)
    follow(resident, case)  # the resident whose case it is
    clock.shift(dt.timedelta(hours=1))
    entry = TimelineEntry.objects.create(
        case=case,
        at=project_clock.now(),
        verb="reply",
        source="in_progress",
        target="replied",
        actor="handler",
        text="x",
    )
    late = resident_make()
    clock.shift(dt.timedelta(hours=1))
    Follow.objects.create(case=case, resident_id=late.resident_id, created_at=project_clock.now())

    counts = [services.followers_tell(entry_id=entry.id, now=project_clock.now()) for _each in range(2)]

    assert counts == [1, 0]
    assert told(other_resident) == [
        {
            "public_number": case.public_number, "title": "路灯照明", "state": "已答复", "at": "2026年3月10日 11:00",
        }
    ]  # fmt: skip
    assert told(resident) == told(late) == []
    assert Delivery.objects.filter(message__kind="feedback.followed").count() == 0
    assert FollowRound.objects.get().told == 1


def test_a_published_case_is_called_by_its_title(clock, resident, other_resident):
    entry = entry_make(resident, text="路灯不亮。很久了。")
    follow(other_resident, entry.case)
    clock.shift(dt.timedelta(minutes=1))
    step = TimelineEntry.objects.create(
        case=entry.case, at=project_clock.now(), verb="close", source="rated", target="closed", actor="system"
    )

    services.followers_tell(entry_id=step.id, now=project_clock.now())

    assert [fields["title"] for fields in told(other_resident)] == ["路灯不亮"]
    assert resident_inbox(other_resident)[0]["link"] == {
        "page": "pages/feedback/board", "params": {"public_number": entry.case.public_number},
    }  # fmt: skip


def resident_inbox(resident):
    return [row for row in resident.get("inbox").json()["results"] if row["kind"] == "feedback.followed"]


def test_what_units_do_among_themselves_and_what_became_sensitive_is_not_told(
    clock, resident, other_resident
):
    case = case_make(resident, state=CaseState.IN_PROGRESS)
    follow(other_resident, case)
    clock.shift(dt.timedelta(hours=1))

    def step(verb, target):
        made = TimelineEntry.objects.create(
            case=case, at=project_clock.now(), verb=verb, source="in_progress", target=target, actor="handler"
        )
        return services.followers_tell(entry_id=made.id, now=project_clock.now())

    assert step("suspend", "suspended") == 0
    Category.objects.filter(code="0201").update(sensitive=True)
    assert step("reply", "replied") == 0
    assert told(other_resident) == []


def test_a_step_whose_task_was_lost_is_told_by_the_sweep(clock, resident, other_resident):
    case = case_make(resident, state=CaseState.SIGNED)
    clock.shift(dt.timedelta(minutes=1))
    follow(other_resident, case)
    clock.shift(dt.timedelta(minutes=1))
    handler = TimelineEntry.objects.filter(case=case, verb="sign").get().staff
    services.case_reply(
        number=case.number, staff=handler, version=None, text="已处理。", now=project_clock.now()
    )

    assert services.followers_sweep(now=project_clock.now()) == 0  # the task's turn
    clock.shift(dt.timedelta(minutes=3))
    assert services.followers_sweep(now=project_clock.now()) == 1
    assert services.followers_sweep(now=project_clock.now()) == 0
    assert [fields["state"] for fields in told(other_resident)] == ["已答复"]


def test_many_are_told_in_chunks_and_a_repeat_goes_on_where_it_broke_off(clock, resident, monkeypatch):
    monkeypatch.setattr(follows, "CHUNK", 4)
    case = entry_make(resident).case
    step = reply_of(case)
    for _each in range(10):
        follow(resident_make(), case)
    Follow.objects.update(created_at=step.at)
    real, calls = notifications.notices_enqueue_many, Counter()

    def breaks_off(**given):
        calls["n"] += 1
        if calls["n"] == 2:
            raise RuntimeError
        return real(**given)

    with monkeypatch.context() as broken:
        broken.setattr(follows.notifications, "notices_enqueue_many", breaks_off)
        with pytest.raises(RuntimeError):
            services.followers_tell(entry_id=step.id, now=project_clock.now())
    before = (InboxMessage.objects.filter(kind="feedback.followed").count(), FollowRound.objects.count())

    assert before == (4, 0)
    assert services.followers_tell(entry_id=step.id, now=project_clock.now()) == 6
    assert InboxMessage.objects.filter(kind="feedback.followed").count() == 10


def test_telling_many_writes_an_inbox_row_and_where_the_kind_has_a_template_a_delivery(
    resident, other_resident
):
    fields = {"number": "1", "excerpt": "x", "state": "x", "at": "x"}
    people = [Told(one.resident_id, f"many:{one.resident_id}") for one in (resident, other_resident)]

    with transaction.atomic():
        counts = [
            notifications.notices_enqueue_many(
                kind=kind_of("feedback.submitted"), told=people, fields=fields, now=project_clock.now()
            )
            for _each in range(2)
        ]

    assert counts == [2, 0]
    assert set(InboxMessage.objects.values_list("resident_id", flat=True)) == {
        resident.resident_id, other_resident.resident_id,
    }  # fmt: skip
    assert set(Delivery.objects.values_list("message__dedup_key", "state")) == {
        (one.dedup_key, "queued") for one in people
    }
    with pytest.raises(ValueError), transaction.atomic():
        notifications.notices_enqueue_many(
            kind=kind_of("feedback.submitted"), told=people, fields={}, now=project_clock.now()
        )


def test_of_many_follows_at_once_each_counts_once(at_once, resident):
    case = entry_make(resident).case
    follower = resident_make()

    answers = at_once(8, lambda: follow(follower, case).status_code)

    assert Counter(answers) == {200: 8}
    assert Case.objects.get(pk=case.pk).followers == Follow.objects.count() == 1
