"""A round from announcing it to its end."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import IntegrityError, connection, transaction

from apps.capacity.models import Claim, Pool
from apps.common.errors import constraint_of
from apps.notifications.models import InboxMessage
from apps.schools import draw_selectors, selectors, services, verify
from apps.schools.errors import (
    CertificateFails,
    DrawTwoPeople,
    RoundMoveRefused,
    RoundNotReady,
    RoundUnknown,
)
from apps.schools.models import (
    AllocationRun,
    Application,
    Cutoff,
    Draw,
    FrozenEntry,
    Offer,
    PreferenceResult,
    RosterFreeze,
    WaitingPlace,
)
from apps.schools.services import By
from apps.schools.states import RoundState
from tests.factories.people import staff_make
from tests.factories.schools import DAY, family_make, round_make, round_run
from tests.factories.schools_ground import school_make


def _files(held) -> dict[str, bytes]:
    held.row.refresh_from_db()
    told = draw_selectors.draw_public(held=held.row)
    return {name: draw_selectors.file_public(held=held.row, name=name) for name in told.files}


def test_a_small_round_from_opening_to_offers_that_anyone_can_check(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 2, "s2": 1})
    for choices in (["s1", "s2"], ["s1", "s2"], ["s1"], ["s2", "s1"], ["s1", "s2"]):
        family_make(held, choices, now=now)

    at = round_run(held, until=RoundState.PUBLISHED, now=now)

    offers = Offer.objects.filter(intake__round=held.row)
    assert offers.count() == 3
    assert {one.state for one in offers} == {"offered"}
    assert Claim.objects.filter(pk__in=offers.values("claim")).count() == 3
    assert (
        sorted(Application.objects.values_list("state", flat=True)) == ["allocated"] * 3 + ["unallocated"] * 2
    )
    assert PreferenceResult.objects.count() == 9
    assert Cutoff.objects.filter(category=None).count() == 2
    files = _files(held)
    told = verify.verify(files, roster_hash=RosterFreeze.objects.get().sha256)
    assert told[0] == f"批次 {held.row.code}：5 名儿童，3 个学位，3 人录取。"
    kinds = list(InboxMessage.objects.values_list("kind", flat=True))
    assert kinds.count("schools.offered") == 3
    assert kinds.count("schools.no_place") == 2
    assert kinds.count("schools.receipt") == 5
    # The bundle has pseudonyms only, and each family has its own.
    names = {json.loads(line)["id"] for line in files["roster.jsonl"].splitlines()[1:]}
    assert names == {selectors.roster_code(application_id=one.application_id) for one in held.families}
    assert at > held.row.fix_until


def test_who_got_no_place_waits_where_it_would_rather_be_in_the_order_of_the_allocation(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1})
    for _one in range(3):
        family_make(held, ["s1", "s2"], now=now)
    at = round_run(held, until=RoundState.PUBLISHED, now=now)

    waiting = list(WaitingPlace.objects.order_by("intake__code", "rank"))
    first, second = Offer.objects.get(intake=held.intakes["s1"]), Offer.objects.get(intake=held.intakes["s2"])
    without = Application.objects.get(state="unallocated")
    assert {(one.intake.code, one.application_id) for one in waiting} == {
        ("s1", second.application_id), ("s1", without.pk), ("s2", without.pk),
    }  # fmt: skip
    assert [one.rank for one in waiting if one.intake.code == "s1"] == [2, 3]
    # The first declines; the place goes to who stands first in the list, in the same transaction.
    by = By(resident_id=first.application.filed_by_id)
    services.offer_decline(application_id=first.application_id, by=by, now=at)
    story = next(
        one
        for one in selectors.result_of(application=second.application)
        if one.preference.intake.code == "s1"
    )
    assert story.offer_until == at + dt.timedelta(hours=48)
    taken = services.offer_accept(
        application_id=second.application_id, by=By(resident_id=second.application.filed_by_id),
        intake_id=held.intakes["s1"].pk, now=at + DAY,
    )  # fmt: skip
    assert (taken.state, taken.origin, taken.intake.code) == ("accepted", "waiting", "s1")
    # What it held goes on to who has none.
    second.refresh_from_db()
    assert (second.state, second.note) == ("declined", "换为s1班")
    last = services.offer_accept(
        application_id=without.pk, by=By(resident_id=without.filed_by_id), now=at + DAY
    )
    assert last.intake.code == "s2"
    without.refresh_from_db()
    assert without.state == "allocated"
    assert Pool.objects.filter(used__gt=1).count() == 0


def test_steps_wait_for_their_time_and_for_decisions(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    act = {"round_id": held.pk, "staff": office.head}

    with pytest.raises(RoundNotReady):
        services.round_close(now=now, **act)
    with pytest.raises(RoundMoveRefused):
        services.round_freeze(now=now, **act)
    services.round_close(now=held.row.closes_at, **act)
    with pytest.raises(RoundNotReady):
        services.round_freeze(now=held.row.fix_until - DAY, **act)
    with pytest.raises(RoundNotReady) as undecided:
        services.round_freeze(now=held.row.fix_until, **act)
    assert "1" in undecided.value.facts["why"]
    for reviewer in office.reviewers[:2]:
        services.application_review(
            application_id=family.application_id, staff=reviewer, verdict="agree", now=now
        )
    services.round_freeze(now=held.row.fix_until, **act)
    services.round_commit(now=held.row.fix_until + dt.timedelta(minutes=1), **act)
    reveal = {
        "round_id": held.pk,
        "public_number": "0123456",
        "public_source": "演示",
        "now": held.row.fix_until + DAY,
    }
    with pytest.raises(DrawTwoPeople):
        services.round_reveal(staff=office.head, **reveal)
    with pytest.raises(RoundMoveRefused):
        services.round_allocate(now=held.row.fix_until + DAY, **act)
    services.round_reveal(staff=office.other_head, **reveal)
    with pytest.raises(RoundMoveRefused):
        services.round_reveal(staff=office.other_head, **reveal)
    services.round_allocate(now=held.row.fix_until + DAY, **act)
    services.round_publish(now=held.row.fix_until + DAY, **act)
    with pytest.raises(RoundNotReady):
        services.round_finish(now=held.row.waiting_until - DAY, **act)
    services.offers_lapse(now=held.row.answer_until)
    services.round_finish(now=held.row.waiting_until, **act)
    held.row.refresh_from_db()
    assert held.row.state == "final"
    assert [event.verb for event in held.row.events.all()] == [
        "open", "close", "freeze", "commit", "reveal", "allocate", "publish", "finish",
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["no places", "no class", "stage", "reserves", "past"])
def test_a_round_that_is_not_ready_is_not_announced(office, now, what) -> None:
    reserves = {("s1", "a"): 2, ("s1", "b"): 1} if what == "reserves" else None
    held = round_make(now=now, office=office, opened=False, reserves=reserves)
    if what == "no places":
        held.row.intakes.all().delete()
    if what == "no class":
        held.row.categories.all().delete()
    if what == "stage":
        held.intakes["s1"].school = school_make(stage="senior")
        held.intakes["s1"].save()
    with pytest.raises(RoundNotReady):
        services.round_open(
            round_id=held.pk, staff=office.head, now=held.row.closes_at if what == "past" else now
        )


def test_only_people_of_the_unit_take_steps(office, now) -> None:
    held = round_make(now=now, office=office)
    with pytest.raises(RoundUnknown):
        services.round_close(
            round_id=held.pk, staff=staff_make("supervisor", unit="CG"), now=held.row.closes_at
        )


def test_papers_that_did_not_come_in_time_turn_an_application_down(office, now) -> None:
    held = round_make(now=now, office=office)
    family_make(held, ["s1"], now=now)
    late = family_make(held, ["s1"], now=now)
    services.application_review(
        application_id=late.application_id, staff=office.reviewers[0], verdict="ask", reasons=["paper_missing"], now=now
    )  # fmt: skip
    round_run(held, until=RoundState.FROZEN, now=now)
    assert late.application.state == "rejected"
    assert RosterFreeze.objects.get().applicants == 1
    assert InboxMessage.objects.filter(kind="schools.late").count() == 1


def test_a_change_of_places_has_a_public_reason_and_stands_still_while_the_draw_runs(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1})
    families = [family_make(held, ["s1"], now=now) for _one in range(2)]
    change = {"intake_id": held.intakes["s1"].pk, "staff": office.head}
    services.plan_change(places=3, reason="扩班", now=now, **change)
    services.plan_change(places=1, reason="教室维修", now=now, **change)
    counted = selectors.intakes_public(round_id=held.pk)[0]
    assert (counted.intake.plan, counted.places) == (1, 1)
    assert [(one.before, one.after, one.reason) for one in counted.changes] == [
        (1, 3, "扩班"),
        (3, 1, "教室维修"),
    ]
    at = round_run(held, until=RoundState.FROZEN, now=now)
    with pytest.raises(RoundMoveRefused):
        services.plan_change(places=2, reason="x", now=at, **change)
    at = round_run(held, until=RoundState.PUBLISHED, now=at)
    services.plan_change(places=2, reason="新增学位", now=at, **change)
    waiting = next(one for one in families if one.application.state == "unallocated")
    assert (
        services.offer_accept(application_id=waiting.application_id, by=waiting.by, now=at).origin
        == "waiting"
    )


def test_nothing_is_kept_where_the_checker_finds_a_fault(office, now, monkeypatch) -> None:
    from apps.schools.allocation import Outcome
    from apps.schools.services import drawing

    held = round_make(now=now, office=office, places={"s1": 1})
    for _one in range(2):
        family_make(held, ["s1"], now=now)
    at = round_run(held, until=RoundState.DRAWN, now=now)
    right = drawing.allocate

    def swapped(roster, seed):
        found = right(roster, seed).assigned
        first, second = found
        return Outcome({first: found[second], second: found[first]})

    monkeypatch.setattr(drawing, "allocate", swapped)
    with pytest.raises(CertificateFails):
        services.round_allocate(round_id=held.pk, staff=office.head, now=at)
    assert not AllocationRun.objects.exists()
    held.row.refresh_from_db()
    assert held.row.state == "drawn"


@pytest.mark.parametrize(
    ("step", "before", "breaks", "left"),
    [
        ("round_freeze", RoundState.VERIFYING, "receipts_told", (RosterFreeze, FrozenEntry)),
        (
            "round_publish",
            RoundState.ALLOCATED,
            "offers_told",
            (Offer, PreferenceResult, Cutoff, WaitingPlace, Claim),
        ),
    ],
)
def test_a_step_that_breaks_off_in_its_last_act_keeps_nothing_and_can_be_taken_again(
    office, now, monkeypatch, step, before, breaks, left
) -> None:
    held = round_make(now=now, office=office, places={"s1": 1})
    for _one in range(2):
        family_make(held, ["s1"], now=now)
    at = max(round_run(held, until=before, now=now), held.row.fix_until) + dt.timedelta(hours=1)
    states = sorted(Application.objects.values_list("state", flat=True))

    def gone(**_given) -> None:
        raise ConnectionError("the worker was killed")

    with monkeypatch.context() as broken:
        broken.setattr(f"apps.schools.notices.{breaks}", gone)
        with pytest.raises(ConnectionError), transaction.atomic():
            getattr(services, step)(round_id=held.pk, staff=office.head, now=at)

    held.row.refresh_from_db()
    assert held.row.state == before
    assert [model.objects.count() for model in left] == [0] * len(left)
    assert sorted(Application.objects.values_list("state", flat=True)) == states
    getattr(services, step)(round_id=held.pk, staff=office.head, now=at)
    assert all(model.objects.exists() for model in left)


def test_twins_get_places_at_one_school_or_none_and_share_a_lot(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 3, "s2": 1})
    first = family_make(held, ["s1", "s2"], now=now, address="和平大道1号101室")
    second = family_make(held, ["s1", "s2"], now=now, address="和平大道1号101室", resident=first.resident)
    family_make(held, ["s1", "s2"], now=now)
    services.twins_bind(application_ids=[first.application_id, second.application_id], by=first.by, now=now)
    round_run(held, until=RoundState.PUBLISHED, now=now)
    assert selectors.roster_code(application_id=first.application_id) == selectors.roster_code(
        application_id=second.application_id
    )
    places = {selectors.offer_live(application_id=one.application_id).intake.code for one in (first, second)}
    assert places == {"s1"}
    assert "双" not in json.dumps(AllocationRun.objects.get().bundle, ensure_ascii=False)


# --- The database ---------------------------------------------------------------------------------------------------


def _refused(sql: str, *values) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return constraint_of(caught.value)


def test_what_is_frozen_stands_whoever_writes(office, now) -> None:
    held = round_make(now=now, office=office, reserves={("s1", "a"): 1})
    family = family_make(held, ["s1", "s2"], now=now)
    round_run(held, until=RoundState.FROZEN, now=now)
    app, intake = str(family.application_id), str(held.intakes["s1"].pk)
    _refused("UPDATE schools_preference SET position = position + 1 WHERE application_id = %s", app)
    _refused("DELETE FROM schools_preference WHERE application_id = %s", app)
    _refused(
        "INSERT INTO schools_preference (application_id, intake_id, position, in_catchment, band) VALUES (%s, %s, 3, true, 0)", app, intake
    )  # fmt: skip
    for field, value in (
        ("points", "99"),
        ("category_id", str(held.categories["b"].pk)),
        ("address_hash", "'x'"),
        ("state", "'verified'"),
    ):
        _refused(f"UPDATE schools_application SET {field} = {value} WHERE id = %s", app)
    _refused("UPDATE schools_intake SET plan = 9 WHERE id = %s", intake)
    _refused("DELETE FROM schools_intakereserve WHERE intake_id = %s", intake)
    _refused("UPDATE schools_prioritycategory SET rank = 9 WHERE round_id = %s", str(held.pk))
    _refused("UPDATE schools_admissionround SET policy = 'draw' WHERE id = %s", str(held.pk))
    _refused("UPDATE schools_rosterfreeze SET sha256 = 'x' WHERE round_id = %s", str(held.pk))
    _refused("DELETE FROM schools_frozenentry WHERE round_id = %s", str(held.pk))
    # Forward only, and only on grounds.
    _refused("UPDATE schools_admissionround SET state = 'open' WHERE id = %s", str(held.pk))
    _refused("UPDATE schools_admissionround SET state = 'drawn' WHERE id = %s", str(held.pk))
    assert "round_has_grounds" in _refused(
        "UPDATE schools_admissionround SET state = 'committed' WHERE id = %s", str(held.pk)
    )


def test_a_draw_is_made_once(office, now) -> None:
    held = round_make(now=now, office=office)
    family_make(held, ["s1"], now=now)
    round_run(held, until=RoundState.DRAWN, now=now)
    key = str(held.pk)
    assert "draw_once" in _refused("UPDATE schools_draw SET public_number = '9999' WHERE round_id = %s", key)
    assert "draw_once" in _refused("UPDATE schools_draw SET commitment = 'x' WHERE round_id = %s", key)
    assert "draw_stays" in _refused("DELETE FROM schools_draw WHERE round_id = %s", key)
    assert Draw.objects.get().public_number == "20260511"


def test_no_offer_without_a_place_of_its_intake(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1})
    for _one in range(2):
        family_make(held, ["s1"], now=now)
    round_run(held, until=RoundState.PUBLISHED, now=now)
    offer, without = Offer.objects.get(), Application.objects.get(state="unallocated")
    copy = (
        "INSERT INTO schools_offer (id, application_id, child_id, intake_id, claim_id, state, origin, answer_until, made_at, note) "
        "SELECT gen_random_uuid(), %s, %s, %s, claim_id, 'offered', origin, answer_until, made_at, '' FROM schools_offer"
    )
    assert "claim_id" in _refused(copy, str(without.pk), str(without.child_id), str(offer.intake_id))
    assert "offer_fits" in _refused(copy, str(without.pk), str(offer.child_id), str(offer.intake_id))
    assert "offer_has_place" in _refused(
        "UPDATE schools_offer SET intake_id = %s", str(held.intakes["s2"].pk)
    )
    _refused("UPDATE capacity_pool SET used = 2 WHERE capacity_id = %s", str(held.intakes["s1"].capacity_id))
