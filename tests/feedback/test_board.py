"""Who may put what on the public board, and what happens to it there."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.common.geo import Point
from apps.feedback import board_states as states
from apps.feedback import services
from apps.feedback.board_errors import (
    BoardEntryChanged,
    BoardEntryNotFound,
    BoardMoveRefused,
    BoardReasonMissing,
    BoardRefused,
    BoardTextMissing,
    NotRedacted,
)
from apps.feedback.board_places import CELL_M, place_shown
from apps.feedback.board_states import BoardState, BoardVerb, Place
from apps.feedback.models import BoardEntry, BoardEvent, Category
from apps.feedback.services import CaseNotFound
from apps.feedback.states import CaseState, RequestType
from tests.factories.board import answered_make, entry_make, texts_of
from tests.factories.cases import case_make
from tests.factories.people import staff_make

PII = "我叫王秀英，电话19900000001，门口的路灯不亮。晚上看不清台阶。"


def board(anyone, **query):
    return anyone.get("feedback/board", **query).json()["results"]


def test_a_proposal_holds_redacted_texts_and_only_counts_of_what_was_found(resident, clerk):
    case = answered_make(resident, text=PII)

    entry = services.board_propose(case_id=case.id, staff=clerk, now=project_clock.now())

    assert entry.state == "proposed"
    assert entry.text == "我叫王**，电话****，门口的路灯不亮。晚上看不清台阶。"
    assert entry.title == "我叫王**，电话****，门口的路灯不亮"
    assert entry.reply_text == "已处理。"
    assert entry.findings == {"name": 1, "mobile": 1}
    assert list(entry.events.values_list("verb", "staff_id", "version")) == [("propose", clerk.id, 1)]


def test_nothing_is_public_before_a_person_has_confirmed_it(resident, anyone, clerk):
    entry = entry_make(resident, published=False)
    number = entry.case.public_number

    assert board(anyone) == []
    assert anyone.get(f"feedback/board/{number}").status_code == 404

    services.board_publish(
        entry_id=entry.id, staff=clerk, version=1, texts=texts_of(entry), now=project_clock.now()
    )

    stored = BoardEntry.objects.get(pk=entry.pk)
    assert (stored.state, stored.confirmed_by_id, stored.version) == ("published", clerk.id, 2)
    assert anyone.get(f"feedback/board/{number}").json()["public_number"] == number


@pytest.mark.parametrize(
    "draft",
    [
        {"allow_public": False},
        {"request_type": RequestType.REPORT},
        {"category": "1602"},  # 邻里矛盾, sensitive
    ],
)
def test_without_consent_or_of_a_sensitive_kind_a_case_can_not_even_be_proposed(resident, clerk, draft):
    case = answered_make(resident, **draft)

    with pytest.raises(BoardRefused):
        services.board_propose(case_id=case.id, staff=clerk, now=project_clock.now())

    assert BoardEntry.objects.count() == 0


def test_a_case_without_an_answer_can_not_be_proposed(resident, clerk):
    case = case_make(resident, state=CaseState.IN_PROGRESS, allow_public=True)

    with pytest.raises(BoardRefused):
        services.board_propose(case_id=case.id, staff=clerk, now=project_clock.now())

    assert BoardEntry.objects.count() == 0


def test_only_the_desk_moderates(resident, handler, staff):
    entry = entry_make(resident, published=False)
    case = answered_make(resident)
    head = staff("desk_head")

    with pytest.raises(CaseNotFound):
        services.board_propose(case_id=case.id, staff=handler, now=project_clock.now())
    with pytest.raises(BoardEntryNotFound):
        services.board_publish(
            entry_id=entry.id, staff=handler, version=None, texts=texts_of(entry), now=project_clock.now()
        )
    services.board_publish(
        entry_id=entry.id, staff=head, version=1, texts=texts_of(entry), now=project_clock.now()
    )

    assert list(BoardEntry.objects.values_list("state", "confirmed_by_id")) == [("published", head.id)]


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("title", "19900000001", "mobile"),
        ("text", "王师傅说不管", "name"),
        ("reply_text", "请加微信号test_0001", "chat"),
        ("note", "3栋2单元501室已修好", "building"),
    ],
)
@pytest.mark.parametrize("act", ["board_publish", "board_save"])
def test_a_text_that_still_names_someone_is_refused_with_field_and_kind(
    resident, clerk, act, field, text, kind
):
    entry = entry_make(resident, published=False)

    with pytest.raises(NotRedacted) as refused:
        getattr(services, act)(
            entry_id=entry.id,
            staff=clerk,
            version=1,
            texts=texts_of(entry, **{field: text}),
            now=project_clock.now(),
        )

    assert (refused.value.attr, refused.value.facts["kind"]) == (field, kind)
    assert text not in refused.value.text()
    stored = BoardEntry.objects.get(pk=entry.pk)
    assert (stored.state, stored.version, getattr(stored, field)) == ("proposed", 1, getattr(entry, field))
    assert stored.events.count() == 1


@pytest.mark.parametrize(
    ("field", "text"), [("title", " "), ("title", "长" * 61), ("text", ""), ("note", "长" * 501)]
)
def test_texts_have_their_lengths(resident, clerk, field, text):
    entry = entry_make(resident, published=False)

    with pytest.raises(BoardTextMissing) as refused:
        services.board_save(
            entry_id=entry.id,
            staff=clerk,
            version=1,
            texts=texts_of(entry, **{field: text}),
            now=project_clock.now(),
        )

    assert refused.value.attr == field


def test_a_decision_on_a_stale_screen_is_refused_and_writes_nothing(resident, clerk):
    entry = entry_make(resident, published=False)
    services.board_save(
        entry_id=entry.id,
        staff=clerk,
        version=1,
        texts=texts_of(entry, title="新题目"),
        now=project_clock.now(),
    )

    with pytest.raises(BoardEntryChanged):
        services.board_publish(
            entry_id=entry.id, staff=clerk, version=1, texts=texts_of(entry), now=project_clock.now()
        )

    stored = BoardEntry.objects.get(pk=entry.pk)
    assert (stored.state, stored.title, stored.version) == ("proposed", "新题目", 2)


def test_of_four_who_publish_at_once_one_does(at_once, resident):
    moderators = [staff_make("intake_clerk") for _each in range(4)]
    entry = entry_make(resident, published=False)
    waiting = iter(moderators)

    def publish():
        try:
            services.board_publish(
                entry_id=entry.id,
                staff=next(waiting),
                version=1,
                texts=texts_of(entry),
                now=project_clock.now(),
            )
        except BoardEntryChanged:
            return "changed"
        return "published"

    assert sorted(at_once(4, publish)) == ["changed", "changed", "changed", "published"]
    assert list(entry.events.order_by("id").values_list("verb", flat=True)) == ["propose", "publish"]


@pytest.mark.parametrize("source", list(BoardState))
@pytest.mark.parametrize("verb", list(BoardVerb))
def test_each_pair_of_state_and_verb_is_in_the_table_or_refused(resident, clerk, source, verb):
    entry = entry_make(resident, published=source in (BoardState.PUBLISHED, BoardState.TAKEN_DOWN))
    if source is BoardState.TAKEN_DOWN:
        services.board_take_down(
            entry_id=entry.id, staff=clerk, version=None, reason="x", now=project_clock.now()
        )
    if source is BoardState.REJECTED:
        services.board_reject(
            entry_id=entry.id, staff=clerk, version=None, reason="x", now=project_clock.now()
        )
    common = {"staff": clerk, "now": project_clock.now()}
    acts = {
        BoardVerb.PROPOSE: lambda: services.board_propose(case_id=entry.case_id, **common),
        BoardVerb.SAVE: lambda: services.board_save(
            entry_id=entry.id, version=None, texts=texts_of(entry), **common
        ),
        BoardVerb.PUBLISH: lambda: services.board_publish(
            entry_id=entry.id, version=None, texts=texts_of(entry), **common
        ),
        BoardVerb.REJECT: lambda: services.board_reject(
            entry_id=entry.id, version=None, reason="x", **common
        ),
        BoardVerb.TAKE_DOWN: lambda: services.board_take_down(
            entry_id=entry.id, version=None, reason="x", **common
        ),
    }
    events = BoardEvent.objects.count()

    try:
        move = states.board_move_find(verb=verb, source=source, roles=states.MODERATORS)
    except states.BoardMoveNotAllowed:
        with pytest.raises(BoardMoveRefused):
            acts[verb]()
        assert BoardEntry.objects.get(pk=entry.pk).state == source.value
        assert BoardEvent.objects.count() == events
    else:
        acts[verb]()
        assert BoardEntry.objects.get(pk=entry.pk).state == move.target.value
        assert BoardEvent.objects.count() == events + 1


def test_each_state_can_be_reached_and_needs_a_reason_to_end():
    assert {move.target for move in states.BOARD_MOVES} == set(BoardState)
    assert {move.verb for move in states.BOARD_MOVES if move.needs_reason} == {
        BoardVerb.REJECT,
        BoardVerb.TAKE_DOWN,
    }


@pytest.mark.parametrize("reason", ["", "  ", "长" * 301])
def test_rejecting_and_taking_down_need_a_reason(resident, clerk, reason):
    entry = entry_make(resident)

    with pytest.raises(BoardReasonMissing):
        services.board_take_down(
            entry_id=entry.id, staff=clerk, version=None, reason=reason, now=project_clock.now()
        )

    assert BoardEntry.objects.get(pk=entry.pk).state == "published"


def test_taken_down_means_gone_with_the_next_request(whole_db, resident, anyone, clerk):
    entry = entry_make(resident)
    assert len(board(anyone)) == 1

    services.board_take_down(
        entry_id=entry.id, staff=clerk, version=None, reason="居民要求", now=project_clock.now()
    )

    assert board(anyone) == []
    stored = BoardEntry.objects.get(pk=entry.pk)
    assert (stored.taken_down_reason, stored.taken_down_at is not None) == ("居民要求", True)


def test_a_case_that_is_taken_up_again_leaves_the_board(resident, anyone):
    entry = entry_make(resident)
    waiting = entry_make(resident, published=False)

    with transaction.atomic():
        services.board_case_reopened(case=entry.case, now=project_clock.now())
        services.board_case_reopened(case=waiting.case, now=project_clock.now())

    assert board(anyone) == []
    assert list(BoardEntry.objects.order_by("id").values_list("state", flat=True)) == [
        "taken_down",
        "rejected",
    ]
    assert list(entry.events.order_by("id").values_list("verb", "staff_id")[2:]) == [("take_down", None)]


def test_what_comes_back_is_made_anew_from_the_case(resident, clerk):
    entry = entry_make(resident, note="已换成节能灯。")
    services.board_take_down(
        entry_id=entry.id, staff=clerk, version=None, reason="重办", now=project_clock.now()
    )

    again = services.board_propose(case_id=entry.case_id, staff=clerk, now=project_clock.now())

    assert (again.id, again.state, again.note, again.taken_down_reason) == (entry.id, "proposed", "", "")
    assert (again.published_at, again.confirmed_by_id) == (None, None)


def test_a_category_that_becomes_sensitive_takes_its_entries_away_at_once(resident, anyone, clerk):
    published, waiting = entry_make(resident), entry_make(resident, published=False)
    Category.objects.filter(code="0201").update(sensitive=True)
    forget_all()

    assert board(anyone) == []
    assert anyone.get(f"feedback/board/{published.case.public_number}").status_code == 404
    with pytest.raises(BoardRefused):
        services.board_publish(
            entry_id=waiting.id, staff=clerk, version=None, texts=texts_of(waiting), now=project_clock.now()
        )


def test_a_note_is_dated_by_when_it_was_written_not_by_each_save(clock, resident, clerk):
    entry = entry_make(resident)
    save = lambda **texts: services.board_save(  # noqa: E731
        entry_id=entry.id, staff=clerk, version=None, texts=texts_of(BoardEntry.objects.get(pk=entry.pk), **texts),
        now=project_clock.now(),
    )  # fmt: skip

    first = save(note="沿线路灯全部换新。").noted_at
    clock.shift(dt.timedelta(days=2))

    assert save(title="路灯").noted_at == first
    assert save(note="").noted_at is None


def test_the_history_of_an_entry_is_never_rewritten(resident):
    event = entry_make(resident).events.first()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        BoardEvent.objects.filter(pk=event.pk).update(reason="x")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"confirmed_by": None}, "board_published_has_confirmer"),
        ({"state": "taken_down"}, "board_taken_down_has_reason"),
        ({"state": "wrong"}, "board_state"),
        ({"lng": 114.4}, "board_place_whole"),
        ({"note": "x"}, "board_note_has_date"),
        ({"title": ""}, "board_texts"),
    ],
)
def test_the_database_keeps_what_the_services_promise(resident, changed, name):
    entry = entry_make(resident)

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BoardEntry.objects.filter(pk=entry.pk).update(**changed)


def test_a_home_is_shown_as_the_middle_of_its_cell_and_always_the_same():
    home = Point(114.39707, 30.634215, "gcj02")
    shown = place_shown(point=home, place=Place.CELL)

    assert place_shown(point=home, place=Place.CELL) == shown
    assert shown != home
    assert shown.distance_m(home) <= CELL_M * 0.71
    # A neighbour some metres on is in the same place to the public.
    assert place_shown(point=Point(114.39709, 30.63423, "gcj02"), place=Place.CELL) == shown
    assert place_shown(point=home.to("wgs84"), place=Place.CELL) == shown


@pytest.mark.parametrize(
    ("category", "place"), [("0201", "exact"), ("0505", "cell"), ("1003", "cell"), ("0905", "cell")]
)
def test_only_public_facilities_are_shown_where_they_are(resident, category, place):
    given = Point(114.397071, 30.634216, "gcj02")

    entry = entry_make(resident, category=category, point=given)

    exact = (entry.lng, entry.lat) == (114.39707, 30.63422)
    assert (entry.place, exact) == (place, place == "exact")


def test_a_long_masked_text_still_fits(resident, clerk):
    case = answered_make(resident, text="找王老师。" * 400)

    entry = services.board_propose(case_id=case.id, staff=clerk, now=project_clock.now())

    assert len(entry.text) <= 2000
    assert entry.findings == {"name": 400}


def test_the_desk_sees_original_and_proposal_and_publishes_by_the_form(resident, clerk, desk):
    case = answered_make(resident, text=PII)
    client = desk(clerk)

    opened = client.post(reverse("admin:feedback_board_propose", args=[case.pk]))
    entry = BoardEntry.objects.get(case=case)
    page = client.get(opened["Location"])
    done = client.post(
        reverse("admin:feedback_board_act", args=[entry.pk]),
        {
            "verb": "publish",
            "version": 1,
            "title": "路灯不亮",
            "text": entry.text,
            "reply_text": "已修好。",
            "note": "",
        },
    )

    assert opened.status_code == done.status_code == 302
    body = page.content.decode()
    assert "<mark" in body
    assert "19900000001</mark>" in body
    assert "我叫王**，电话****" in body
    assert "no-store" in page["Cache-Control"]
    assert list(BoardEntry.objects.values_list("state", "title")) == [("published", "路灯不亮")]


def test_a_refused_form_keeps_what_was_typed_and_says_why(resident, clerk, desk):
    entry = entry_make(resident, published=False)

    answer = desk(clerk).post(
        reverse("admin:feedback_board_act", args=[entry.pk]),
        {
            "verb": "publish",
            "version": 1,
            "title": "找王师傅",
            "text": "很长的说明",
            "reply_text": "已修好。",
        },
    )

    assert answer.status_code == 400
    assert "很长的说明" in answer.content.decode()
    assert BoardEntry.objects.get(pk=entry.pk).state == "proposed"


def test_others_do_not_reach_the_boards_desk(resident, handler, desk):
    entry = entry_make(resident, published=False)
    case = answered_make(resident)
    client = desk(handler)

    assert client.get(reverse("admin:feedback_boardentry_changelist")).status_code == 403
    assert client.get(reverse("admin:feedback_boardentry_change", args=[entry.pk])).status_code == 404
    assert client.post(reverse("admin:feedback_board_propose", args=[case.pk])).status_code == 404
    answer = client.post(
        reverse("admin:feedback_board_act", args=[entry.pk]), {"verb": "reject", "version": 1, "reason": "x"}
    )
    assert answer.status_code == 404
    assert list(BoardEntry.objects.values_list("state", flat=True)) == ["proposed"]


def test_the_list_of_the_desk_takes_as_many_statements_at_ten_entries_as_at_two(resident, clerk, desk):
    client, counts = desk(clerk), []
    for more in (2, 8):
        for _each in range(more):
            entry_make(resident, published=False)
        client.get("/admin/")
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(reverse("admin:feedback_boardentry_changelist"))
        assert answer.status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]
