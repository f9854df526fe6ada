"""Offers after publication: answers, deadlines, waiting lists, appeals, enrolment; never more than there are places."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.capacity import services as capacity
from apps.capacity.models import Claim, Pool, WaitEntry
from apps.notifications.models import InboxMessage
from apps.schools import selectors, services
from apps.schools.errors import (
    AppealOtherPerson,
    ApplicationUnknown,
    NoPlaceLeft,
    OfferOver,
    OfferUnknown,
    ReasonMissing,
    RoundNotReady,
)
from apps.schools.ground_errors import PlaceLocked
from apps.schools.models import Appeal, Application, Offer, PlaceLock, WaitingPlace
from apps.schools.states import OFFER_LIVE, RoundState
from tests.factories.people import code_of, resident_make, staff_make
from tests.factories.schools import (
    DAY,
    Family,
    Round,
    family_make,
    round_make,
    round_run,
    second_guardian,
)
from tests.factories.schools_ground import lock_rule_make

HOURS = dt.timedelta(hours=48)
WORDS = "孩子的居住证明登记有误，现已更正。"


def sound(held: Round, at: dt.datetime) -> dict[str, int]:
    """Check places against offers and counters against claims; returns the live offers of each intake."""
    counted = capacity.reconcile(now=at)
    assert (counted.differing, counted.used) == (0, counted.claimed)
    live: dict[str, int] = {}
    for seats in selectors.intakes_public(round_id=held.pk):
        pool = Pool.objects.get(capacity_id=seats.intake.capacity_id)
        offers = Offer.objects.filter(intake=seats.intake, state__in=OFFER_LIVE, claim__ended_at=None).count()
        waiting = WaitingPlace.objects.filter(intake=seats.intake, entry__state="offered").count()
        assert offers + waiting == seats.offered + seats.accepted == pool.used <= pool.total == seats.places
        assert seats.free == pool.total - pool.used
        live[seats.intake.code] = offers
    return live


def published(held: Round, now: dt.datetime) -> dt.datetime:
    at = round_run(held, until=RoundState.PUBLISHED, now=now)
    sound(held, at)
    return at


def of(held: Round, application_id) -> Family:
    return next(one for one in held.families if one.application_id == application_id)


def holder(held: Round, code: str = "s1") -> Family:
    return of(held, Offer.objects.get(intake=held.intakes[code], state="offered").application_id)


def next_of(held: Round, code: str = "s1") -> Family:
    """Return who stands first in a waiting list."""
    place = WaitingPlace.objects.filter(intake=held.intakes[code]).order_by("rank").first()
    return of(held, place.application_id)


def kinds(family: Family) -> list[str]:
    told = InboxMessage.objects.filter(resident_id=family.resident.resident_id)
    return [one.removeprefix("schools.") for one in told.order_by("id").values_list("kind", flat=True)]


@pytest.fixture
def one_place(office, now) -> Round:
    """Three want the only place."""
    held = round_make(now=now, office=office, places={"s1": 1})
    for _one in range(3):
        family_make(held, ["s1"], now=now)
    return held


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_a_place_is_accepted_once_by_phone_and_stays_taken(one_place, now, clock) -> None:
    at = published(one_place, now)
    family = holder(one_place)
    clock.move_to(at)
    resident = resident_make(openid=family.resident.openid)
    path = f"schools/applications/{family.application_id}/offer/accept"

    first, again = resident.post(path, {}, key="k"), resident.post(path, {}, key="k2")

    assert (first.status_code, again.status_code) == (200, 200), first.content
    assert (first.json()["offer"]["state"], again.json()["offer"]["state"]) == ("accepted", "accepted")
    offer = Offer.objects.get()
    assert (offer.answered_by_id, offer.claim.state, offer.claim.expires_at) == (
        resident.resident_id,
        "taken",
        None,
    )
    assert kinds(family)[-2:] == ["offered", "answered"]
    # Nothing that lapses touches what was accepted.
    assert services.offers_lapse(now=one_place.row.answer_until + DAY) == 0
    capacity.expired_sweep(now=one_place.row.answer_until + DAY)
    assert sound(one_place, at) == {"s1": 1}


def test_one_guardian_declines_and_the_next_is_offered_it_in_the_same_transaction(one_place, now) -> None:
    at = published(one_place, now)
    first, second = holder(one_place), next_of(one_place)

    declined = services.offer_decline(application_id=first.application_id, by=first.by, now=at)

    assert (declined.state, declined.answered_by_id) == ("declined", first.resident.resident_id)
    assert Claim.objects.get(pk=declined.claim_id).state == "released"
    assert first.application.state == "unallocated"
    entry = WaitEntry.objects.get(pk=WaitingPlace.objects.get(application_id=second.application_id).entry_id)
    assert (entry.state, entry.claim.expires_at) == ("offered", at + HOURS)
    assert kinds(second)[-1] == "offered"
    assert sound(one_place, at) == {"s1": 0}
    with pytest.raises(OfferUnknown):
        services.offer_accept(application_id=first.application_id, by=first.by, now=at)
    with pytest.raises(OfferUnknown):
        services.offer_decline(application_id=first.application_id, by=first.by, now=at)


def test_two_guardians_must_both_want_to_decline_and_the_other_is_told(one_place, now) -> None:
    fathers = {one.application_id: second_guardian(one, now=now) for one in one_place.families}
    at = published(one_place, now)
    mother = holder(one_place)
    father = fathers[mother.application_id]
    act = {"application_id": mother.application_id, "now": at}

    for _twice in range(2):
        asked = services.offer_decline(by=mother.by, **act)

    assert (asked.state, asked.decline_asked_by_id) == ("offered", mother.resident.resident_id)
    asks = InboxMessage.objects.filter(kind="schools.decline_asked")
    assert list(asks.values_list("resident_id", flat=True)) == [father.resident.resident_id]
    assert mother.application.state == "allocated"
    assert sound(one_place, at) == {"s1": 1}

    assert services.offer_decline(by=father.by, **act).state == "declined"
    assert (kinds(mother)[-1], kinds(father)[-1]) == ("answered", "answered")
    assert sound(one_place, at) == {"s1": 0}


def test_an_acceptance_ends_what_the_other_asked_and_both_must_ask_anew(one_place, now) -> None:
    fathers = {one.application_id: second_guardian(one, now=now) for one in one_place.families}
    at = published(one_place, now)
    mother = holder(one_place)
    father = fathers[mother.application_id]
    act = {"application_id": mother.application_id, "now": at}

    services.offer_decline(by=mother.by, **act)
    accepted = services.offer_accept(by=father.by, **act)

    assert (accepted.state, accepted.decline_asked_by_id) == ("accepted", None)
    # The father alone can not give up now what the mother had wanted to: she may have changed her mind.
    assert services.offer_decline(by=father.by, **act).state == "accepted"
    # Nor does a mind that changed count: who accepts again takes back what they asked.
    services.offer_accept(by=father.by, **act)
    assert services.offer_decline(by=mother.by, **act).state == "accepted"
    assert Offer.objects.get().decline_asked_by_id == mother.resident.resident_id
    # What a guardian asked who is none any more counts nothing.
    row = selectors.children_of(resident_id=mother.resident.resident_id)[0]
    third = second_guardian(mother, now=at, relation="other")
    services.guardian_end(guardianship_id=row.pk, resident_id=mother.resident.resident_id, now=at)
    assert services.offer_decline(by=father.by, **act).state == "accepted"
    assert services.offer_decline(by=third.by, **act).state == "declined"
    sound(one_place, at)


def test_what_is_not_answered_lapses_at_the_deadline_and_goes_on(one_place, now, clock) -> None:
    published(one_place, now)
    first, second = holder(one_place), next_of(one_place)
    deadline = one_place.row.answer_until

    with pytest.raises(OfferOver):
        services.offer_accept(application_id=first.application_id, by=first.by, now=deadline)
    with pytest.raises(OfferOver):
        services.offer_decline(application_id=first.application_id, by=first.by, now=deadline)
    assert services.offers_lapse(now=deadline - dt.timedelta(seconds=1)) == 0
    clock.move_to(deadline)
    assert services.offers_lapse(now=deadline) == 1
    assert services.offers_lapse(now=deadline) == 0

    offer = Offer.objects.get()
    assert (offer.state, offer.answered_by_id, offer.answered_by_staff_id) == ("lapsed", None, None)
    assert (first.application.state, kinds(first)[-1], kinds(second)[-1]) == (
        "unallocated",
        "lapsed",
        "offered",
    )
    taken = services.offer_accept(application_id=second.application_id, by=second.by, now=deadline)
    assert (taken.state, taken.origin, second.application.state) == ("accepted", "waiting", "allocated")
    assert sound(one_place, deadline) == {"s1": 1}


def test_the_counter_shows_no_more_than_there_is_when_the_kernel_sweeps_before_the_round_does(
    one_place, now
) -> None:
    published(one_place, now)
    first, second = holder(one_place), next_of(one_place)
    deadline = one_place.row.answer_until

    capacity.expired_sweep(now=deadline)
    services.offer_accept(application_id=second.application_id, by=second.by, now=deadline)

    assert Offer.objects.get(application_id=first.application_id).state == "offered"  # nobody swept yet
    assert sound(one_place, deadline) == {"s1": 1}
    assert services.offers_lapse(now=deadline) == 1
    assert Offer.objects.get(application_id=first.application_id).state == "lapsed"
    assert sound(one_place, deadline) == {"s1": 1}


# --- Waiting lists ----------------------------------------------------------------------------------------------------


def test_an_offer_of_a_waiting_list_lapses_by_the_sweep_and_goes_to_the_third(one_place, now) -> None:
    at = published(one_place, now)
    first = holder(one_place)
    services.offer_decline(application_id=first.application_id, by=first.by, now=at)
    second, third = (
        of(one_place, one.application_id) for one in WaitingPlace.objects.order_by("rank").select_related("application")
    )  # fmt: skip
    with pytest.raises(OfferOver):
        services.offer_accept(application_id=second.application_id, by=second.by, now=at + HOURS)

    capacity.expired_sweep(now=at + HOURS)

    states = dict(WaitingPlace.objects.values_list("application_id", "entry__state"))
    assert (states[second.application_id], states[third.application_id]) == ("lapsed", "offered")
    assert (kinds(second)[-2:], kinds(third)[-1]) == (["offered", "lapsed"], "offered")
    with pytest.raises(OfferUnknown):
        services.offer_accept(application_id=second.application_id, by=second.by, now=at + HOURS)
    # Who declines what the list offers leaves the list.
    intake = one_place.intakes["s1"].pk
    assert (
        services.offer_decline(
            application_id=third.application_id, by=third.by, now=at + HOURS, intake_id=intake
        )
        is None
    )
    assert WaitEntry.objects.get(owner__endswith=str(third.application_id)).state == "left"
    assert sound(one_place, at + HOURS) == {"s1": 0}
    assert not Offer.objects.filter(state__in=OFFER_LIVE).exists()


def test_a_better_place_is_exchanged_and_the_old_one_goes_on_in_the_same_transaction(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1})
    for _one in range(3):
        family_make(held, ["s1", "s2"], now=now)
    at = published(held, now)
    first, second = holder(held, "s1"), holder(held, "s2")
    without = next(one for one in held.families if one.application.state == "unallocated")
    services.offer_accept(application_id=second.application_id, by=second.by, now=at)
    services.offer_decline(application_id=first.application_id, by=first.by, now=at)
    act = {"application_id": second.application_id, "by": second.by}

    taken = services.offer_accept(now=at, intake_id=held.intakes["s1"].pk, **act)

    assert (taken.state, taken.origin) == ("accepted", "waiting")
    before = Offer.objects.get(intake=held.intakes["s2"])
    assert (before.state, before.note, Claim.objects.get(pk=before.claim_id).ended_why) == (
        "declined",
        "换为s1班",
        "decline",
    )
    offered = selectors.waits_open(application_id=without.application_id)
    assert [one.intake.code for one in offered if one.entry.state == "offered"] == ["s2"]
    assert sound(held, at) == {"s1": 1, "s2": 0}
    # It waits for nothing that is worse, and the exchange stands.
    assert list(selectors.waits_open(application_id=second.application_id)) == []
    with pytest.raises(OfferUnknown):
        services.offer_accept(now=at, intake_id=held.intakes["s2"].pk, **act)
    assert second.application.state == "allocated"


def test_an_enrolled_child_exchanges_nothing_and_waits_no_more(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1})
    for _one in range(2):
        family_make(held, ["s1", "s2"], now=now)
    at = published(held, now)
    first, second = holder(held, "s1"), holder(held, "s2")
    services.offer_accept(application_id=second.application_id, by=second.by, now=at)
    services.child_enrol(application_id=second.application_id, staff=office.head, now=at)

    services.offer_decline(application_id=first.application_id, by=first.by, now=at)

    assert list(selectors.waits_open(application_id=second.application_id)) == []
    for verb in (services.offer_accept, services.offer_decline):
        with pytest.raises(OfferUnknown):
            verb(application_id=second.application_id, by=second.by, now=at, intake_id=held.intakes["s1"].pk)
    with pytest.raises(OfferOver):
        services.offer_decline(application_id=second.application_id, by=second.by, now=at)
    with pytest.raises(OfferUnknown):
        services.offer_revoke(application_id=second.application_id, reason="x", staff=office.head, now=at)
    assert sound(held, at) == {"s1": 0, "s2": 1}


# --- Named decisions --------------------------------------------------------------------------------------------------


def test_a_place_is_taken_back_with_a_reason_and_goes_on(one_place, office, now) -> None:
    at = published(one_place, now)
    first, second = holder(one_place), next_of(one_place)
    services.offer_accept(application_id=first.application_id, by=first.by, now=at)
    act = {"application_id": first.application_id, "now": at}
    with pytest.raises(ReasonMissing):
        services.offer_revoke(reason=" ", staff=office.head, **act)
    with pytest.raises(ApplicationUnknown):
        services.offer_revoke(reason="材料不实", staff=staff_make("supervisor", unit="CG"), **act)

    done = services.offer_revoke(reason="材料不实", staff=office.head, **act)

    assert (done.state, done.note, done.answered_by_staff_id) == ("revoked", "材料不实", office.head.pk)
    assert first.application.state == "unallocated"
    assert (kinds(first)[-1], kinds(second)[-1]) == ("answered", "offered")
    assert sound(one_place, at) == {"s1": 0}


def test_an_appeal_gives_a_place_only_where_there_is_one_and_ends_waiting_for_it(
    one_place, office, now, clock
) -> None:
    at = published(one_place, now)
    family = next_of(one_place)
    clock.move_to(at)
    resident = resident_make(openid=family.resident.openid)
    path = f"schools/applications/{family.application_id}/offer/appeal"
    assert resident.post(path, {"text": WORDS}, key="a").status_code == 204
    assert code_of(resident.post(path, {"text": WORDS}, key="b")) == "appeal_refused"
    appeal, intake = Appeal.objects.get(), one_place.intakes["s1"]
    grant = {
        "appeal_id": appeal.pk,
        "granted": True,
        "decision": "复核属实",
        "intake_id": intake.pk,
        "now": at,
    }
    with pytest.raises(AppealOtherPerson):
        services.appeal_decide(staff=office.reviewers[0], **(grant | {"granted": False}))

    with pytest.raises(NoPlaceLeft):
        services.appeal_decide(staff=office.head, **grant)
    assert (Appeal.objects.get().state, Offer.objects.count()) == ("open", 1)

    # Two more places: the waiting list is served first, so for the appeal a third one is named.
    services.plan_change(intake_id=intake.pk, places=4, reason="复核增加学位", staff=office.head, now=at)
    services.appeal_decide(staff=office.head, **grant)

    given = Offer.objects.get(application_id=family.application_id)
    assert (given.state, given.origin, given.answer_until) == ("offered", "appeal", at + HOURS)
    assert (Appeal.objects.get().state, Appeal.objects.get().intake_id) == ("upheld", intake.pk)
    assert family.application.state == "allocated"
    assert list(selectors.waits_open(application_id=family.application_id)) == []
    assert kinds(family)[-2:] == ["offered", "appeal_decided"]
    sound(one_place, at)
    services.offer_accept(application_id=family.application_id, by=family.by, now=at)
    assert Offer.objects.filter(application_id=family.application_id).count() == 1
    sound(one_place, at)


def test_an_appeal_can_make_one_more_place_past_who_waits_and_everyone_reads_of_it(
    one_place, office, now
) -> None:
    at = published(one_place, now)
    first = next_of(one_place)
    last = next(one for one in one_place.families if one not in (first, holder(one_place)))
    appeal = services.appeal_make(
        application_id=last.application_id, resident_id=last.resident.resident_id, text=WORDS, now=at
    )

    services.appeal_decide(
        appeal_id=appeal.pk, granted=True, decision="复核属实", intake_id=one_place.intakes["s1"].pk, staff=office.head, now=at,
        extra=True,
    )  # fmt: skip

    assert Offer.objects.get(application_id=last.application_id).origin == "appeal"
    assert WaitEntry.objects.get(owner__endswith=str(first.application_id)).state == "waiting"
    change = selectors.intakes_public(round_id=one_place.pk)[0].changes[-1]
    assert (change.before, change.after, bool(change.reason), change.actor) == (
        1,
        2,
        True,
        office.head.username,
    )
    assert sound(one_place, at) == {"s1": 2}
    # What was made for one and is not taken goes to who waits first.
    services.offers_lapse(now=at + HOURS)
    assert WaitEntry.objects.get(owner__endswith=str(first.application_id)).state == "offered"
    sound(one_place, at + HOURS)


def test_an_appeal_that_gives_another_place_takes_the_held_one_and_ends_waiting_for_worse_ones(
    office, now
) -> None:
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1, "s3": 1}, max_choices=3)
    for _one in range(4):
        family_make(held, ["s1", "s2", "s3"], now=now)
    at = published(held, now)
    last, without = (
        holder(held, "s3"),
        next(one for one in held.families if one.application.state == "unallocated"),
    )
    services.plan_change(intake_id=held.intakes["s2"].pk, places=4, reason="扩班", staff=office.head, now=at)
    appeal = services.appeal_make(
        application_id=last.application_id, resident_id=last.resident.resident_id, text=WORDS, now=at
    )

    services.appeal_decide(
        appeal_id=appeal.pk, granted=True, decision="复核属实", intake_id=held.intakes["s2"].pk, staff=office.head, now=at
    )  # fmt: skip

    states = dict(
        Offer.objects.filter(application_id=last.application_id).values_list("intake__code", "state")
    )
    assert states == {"s3": "revoked", "s2": "offered"}
    services.offer_accept(application_id=last.application_id, by=last.by, now=at)
    assert [one.intake.code for one in selectors.waits_open(application_id=last.application_id)] == ["s1"]
    offered = {
        one.intake.code: one.entry.state for one in selectors.waits_open(application_id=without.application_id)
    }  # fmt: skip
    assert offered["s3"] == "offered"
    sound(held, at)


def test_a_child_that_holds_a_place_elsewhere_gets_no_second_one_and_nothing_breaks(office, now) -> None:
    first = round_make(now=now, office=office, places={"s1": 1})
    second = round_make(now=now, office=office, places={"s1": 1})
    family = family_make(first, ["s1"], now=now)
    again = family_make(
        second, ["s1"], now=now, resident=family.resident, child_id=family.child_id
    )  # fmt: skip
    assert again.application.checks.get(code="double").outcome == "fail"
    published(first, now)

    at = round_run(second, until=RoundState.ALLOCATED, now=now)
    with pytest.raises(RoundNotReady) as refused:
        services.round_publish(round_id=second.pk, staff=office.head, now=at)

    assert again.application.number in refused.value.facts["why"]
    assert Offer.objects.count() == 1
    services.offer_decline(application_id=family.application_id, by=family.by, now=at)
    services.round_publish(round_id=second.pk, staff=office.head, now=at)
    assert sound(second, at) == {"s1": 1}


# --- Enrolment --------------------------------------------------------------------------------------------------------


@pytest.fixture
def one_home(office, now) -> Round:
    """Two families of one address with a place each, and a rule that a home gives one."""
    lock_rule_make()
    held = round_make(now=now, office=office, places={"s1": 3}, home_papers=True)
    for _one in range(2):
        family_make(held, ["s1"], now=now, address="和平大道88号2栋1单元301室")
    return held


def test_a_home_gives_its_place_once_in_the_years_of_the_rule(one_home, office, now) -> None:
    at = published(one_home, now)
    first, second = one_home.families
    for family in (first, second):
        with pytest.raises(OfferUnknown):
            services.child_enrol(application_id=family.application_id, staff=office.head, now=at)
        services.offer_accept(application_id=family.application_id, by=family.by, now=at)

    done = services.child_enrol(application_id=first.application_id, staff=office.head, now=at)

    lock = PlaceLock.objects.get()
    assert (done.state, first.application.state) == ("enrolled", "enrolled")
    assert (lock.source, lock.locked_from, lock.locked_to) == (
        first.application.number, dt.date(2026, 9, 1), dt.date(2032, 9, 1),
    )  # fmt: skip
    with pytest.raises(PlaceLocked):
        services.child_enrol(application_id=second.application_id, staff=office.head, now=at)
    assert (second.application.state, PlaceLock.objects.count()) == ("allocated", 1)
    assert Offer.objects.get(application_id=second.application_id).state == "accepted"
    assert sound(one_home, at) == {"s1": 2}
    # A brother or sister, of the same guardian, stands beside.
    sister = family_make(
        round_make(now=now, office=office, places={"s1": 1}, home_papers=True), ["s1"], now=now, resident=first.resident,
        address="和平大道88号2栋1单元301室",
    )  # fmt: skip
    assert sister.application.checks.get(code="place_lock").outcome == "ok"


def test_the_schools_own_staff_enrol_and_those_of_others_do_not(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 1})
    own, other = staff_make("service_operator", unit="WJ"), staff_make("service_operator", unit="CG")
    school = held.intakes["s1"].school
    school.department = own.memberships.get().department
    school.save()
    family = family_make(held, ["s1"], now=now)
    at = published(held, now)
    services.offer_accept(application_id=family.application_id, by=family.by, now=at)

    with pytest.raises(ApplicationUnknown):
        services.child_enrol(application_id=family.application_id, staff=other, now=at)
    assert (
        services.child_enrol(application_id=family.application_id, staff=own, now=at).answered_by_staff_id
        == own.pk
    )
    # What was enrolled stays so, whoever comes again.
    with pytest.raises(OfferUnknown):
        services.child_enrol(application_id=family.application_id, staff=own, now=at)
    assert kinds(family)[-2:] == ["answered", "answered"]
    assert sound(held, at) == {"s1": 1}


# --- The end ----------------------------------------------------------------------------------------------------------


def test_a_round_ends_after_its_waiting_lists_and_offers_nothing_any_more(one_place, office, now) -> None:
    at = published(one_place, now)
    first = holder(one_place)
    act = {"round_id": one_place.pk, "staff": office.head}
    services.offer_accept(application_id=first.application_id, by=first.by, now=at)
    until = one_place.row.waiting_until

    with pytest.raises(RoundNotReady):
        services.round_finish(now=until - dt.timedelta(seconds=1), **act)
    services.round_finish(now=until, **act)
    services.offer_revoke(
        application_id=first.application_id, reason="迁出本区", staff=office.head, now=until
    )
    capacity.expired_sweep(now=until)

    assert WaitEntry.objects.filter(state="offered").count() == 0
    assert sound(one_place, until) == {"s1": 0}
    assert Application.objects.filter(state="unallocated").count() == 3


def test_an_offer_near_the_end_of_the_waiting_lists_can_be_answered_until_then_only(one_place, now) -> None:
    published(one_place, now)
    first, second = holder(one_place), next_of(one_place)
    until = one_place.row.waiting_until
    at = one_place.row.answer_until - dt.timedelta(minutes=1)
    services.offer_accept(application_id=first.application_id, by=first.by, now=at)
    services.offer_decline(
        application_id=first.application_id, by=first.by, now=until - dt.timedelta(hours=1)
    )

    entry = WaitEntry.objects.get(owner__endswith=str(second.application_id))
    assert entry.claim.expires_at == until
    with pytest.raises(OfferOver):
        services.offer_accept(application_id=second.application_id, by=second.by, now=until)
    sound(one_place, until)


def test_a_place_of_another_round_is_not_given(one_place, office, now) -> None:
    at = published(one_place, now)
    family = next_of(one_place)
    foreign = round_make(now=now, office=office).intakes["s1"]
    appeal = services.appeal_make(
        application_id=family.application_id, resident_id=family.resident.resident_id, text=WORDS, now=at
    )
    with pytest.raises(Exception, match="appeal_refused"):
        services.appeal_decide(
            appeal_id=appeal.pk, granted=True, decision="x", intake_id=foreign.pk, staff=office.head, now=at
        )  # fmt: skip
    assert Appeal.objects.get().state == "open"
    sound(one_place, at)
