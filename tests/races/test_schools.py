"""School places when many act at once: one child a place, one event an act, two people a verification."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter

import pytest

from apps.capacity import services as capacity
from apps.capacity.models import Claim, Pool, WaitEntry
from apps.common import clock as the_clock
from apps.notifications.models import InboxMessage
from apps.schools import services
from apps.schools.models import (
    Appeal,
    Application,
    ApplicationEvent,
    FrozenEntry,
    Offer,
    Review,
    RosterFreeze,
    WaitingPlace,
)
from apps.schools.states import OFFER_LIVE, RoundState
from tests.factories.people import policy_now
from tests.factories.schools import (
    Family,
    Office,
    Round,
    family_make,
    office_make,
    round_make,
    round_run,
    second_guardian,
    verify,
)
from tests.races.test_news import code_or, taking_turns

WORDS = "孩子的居住证明登记有误，现已更正。"
MOMENT = dt.timedelta(seconds=1)


@pytest.fixture
def now(clock, whole_db) -> dt.datetime:
    return the_clock.now()


@pytest.fixture
def office(now) -> Office:
    policy_now()
    return office_make()


def published(office: Office, now: dt.datetime, families: int, places: int = 1) -> tuple[Round, dt.datetime]:
    held = round_make(now=now, office=office, places={"s1": places})
    for _one in range(families):
        family_make(held, ["s1"], now=now)
    return held, round_run(held, until=RoundState.PUBLISHED, now=now)


def of(held: Round, application_id) -> Family:
    return next(one for one in held.families if one.application_id == application_id)


def sound(at: dt.datetime) -> None:
    """Check counters against claims and offers against places."""
    counted = capacity.reconcile(now=at)
    assert (counted.differing, counted.used) == (0, counted.claimed)
    for pool in Pool.objects.all():
        offers = Offer.objects.filter(claim__pool=pool, state__in=OFFER_LIVE, claim__ended_at=None).count()
        assert offers + Claim.objects.filter(pool=pool, state="offered").count() == pool.used <= pool.total


def test_fifty_click_on_the_last_place_that_a_waiting_list_offers_and_one_gets_it(at_once, office, now):
    held, at = published(office, now, 25)
    holder = of(held, Offer.objects.get().application_id)
    services.offer_decline(application_id=holder.application_id, by=holder.by, now=at)
    families = itertools.cycle([one for one in held.families if one is not holder])
    first = WaitingPlace.objects.get(entry__state="offered").application_id

    def accept() -> str:
        one = next(families)
        return code_or(
            f"accepted {one.application_id}",
            lambda: services.offer_accept(application_id=one.application_id, by=one.by, now=at),
        )

    answers = Counter(at_once(50, accept))

    # Each family clicked twice or three times; whom the list offers it has it, once.
    assert set(answers) == {f"accepted {first}", "offer_unknown"}
    offer = Offer.objects.get(state="accepted")
    assert (offer.application_id, Pool.objects.get().used) == (first, 1)
    assert ApplicationEvent.objects.filter(application_id=first, verb="allocate").count() == 1
    sound(at)


def test_many_appeals_at_once_give_the_last_place_once(at_once, office, now):
    held, at = published(office, now, 11)
    WaitEntry.objects.update(state="left", ended_at=at)
    without = [one for one in held.families if one.application.state == "unallocated"]
    appeals = [
        services.appeal_make(application_id=one.application_id, resident_id=one.resident.resident_id, text=WORDS, now=at)
        for one in without
    ]  # fmt: skip
    intake = held.intakes["s1"]
    services.plan_change(intake_id=intake.pk, places=2, reason="复核增加学位", staff=office.head, now=at)
    turns = itertools.cycle(appeals)

    def grant() -> str:
        one = next(turns)
        return code_or(
            "given",
            lambda: services.appeal_decide(
                appeal_id=one.pk, granted=True, decision="复核属实", intake_id=intake.pk, staff=office.head, now=at
            ),
        )  # fmt: skip

    answers = Counter(at_once(50, grant))

    # The appeal that won is asked about again by other threads: it is decided already.
    assert answers["given"] == 1
    assert set(answers) <= {"given", "no_place_left", "appeal_refused"}
    assert Offer.objects.filter(origin="appeal").count() == Appeal.objects.filter(state="upheld").count() == 1
    assert Pool.objects.get().used == 2
    sound(at)


def test_two_guardians_who_accept_and_decline_at_once_leave_an_accepted_place(at_once, office, now):
    for _round in range(6):
        held = round_make(now=now, office=office, places={"s1": 1})
        mother = family_make(held, ["s1"], now=now)
        father = second_guardian(mother, now=now)
        at = round_run(held, until=RoundState.PUBLISHED, now=now)
        act = {"application_id": mother.application_id, "now": at}

        def decline(act=act, by=mother.by) -> str:
            return code_or("asked", lambda: services.offer_decline(by=by, **act))

        def accept(act=act, by=father.by) -> str:
            return code_or("accepted", lambda: services.offer_accept(by=by, **act))

        assert sorted(at_once(2, taking_turns(decline, accept))) == ["accepted", "asked"]
        offer = Offer.objects.get(application_id=mother.application_id)
        assert (offer.state, offer.answered_by_id) == ("accepted", father.resident.resident_id)
    sound(at)


def test_two_guardians_who_both_decline_at_once_give_the_place_back_once(at_once, office, now):
    for _round in range(6):
        held = round_make(now=now, office=office, places={"s1": 1})
        mother = family_make(held, ["s1"], now=now)
        father = second_guardian(mother, now=now)
        at = round_run(held, until=RoundState.PUBLISHED, now=now)
        turns = itertools.cycle([mother, father])

        def decline(turns=turns, at=at) -> str:
            one = next(turns)
            return code_or(
                "said", lambda: services.offer_decline(application_id=one.application_id, by=one.by, now=at)
            )

        assert at_once(2, decline) == ["said", "said"]
        assert Offer.objects.get(application_id=mother.application_id).state == "declined"
        assert mother.application.state == "unallocated"
    sound(at)


def test_handing_in_many_times_at_once_is_one_event_and_one_notice(at_once, office, now):
    family = family_make(round_make(now=now, office=office), ["s1"], now=now, submitted=False)

    answers = at_once(
        8,
        lambda: code_or(
            "submitted",
            lambda: services.application_submit(application_id=family.application_id, by=family.by, now=now),
        ),
    )

    assert Counter(answers) == {"submitted": 1, "application_move_refused": 7}
    row = family.application
    assert (row.state, row.pass_number, row.checks.count()) == ("submitted", 1, 2)
    assert row.events.count() == InboxMessage.objects.filter(kind="schools.submitted").count() == 1


def test_one_child_begins_one_application_whoever_files_first(at_once, office, now):
    held = round_make(now=now, office=office)
    mother = family_make(round_make(now=now, office=office), ["s1"], now=now)
    father = second_guardian(mother, now=now)
    turns = itertools.cycle([mother, father])

    def begin() -> str:
        one = next(turns)
        return code_or(
            "begun",
            lambda: services.application_begin(
                round_id=held.pk, child_id=one.child_id, by=one.by, filing=services.Filing(), now=now
            ),
        )  # fmt: skip

    assert Counter(at_once(8, begin)) == {"begun": 1, "application_already": 7}
    assert Application.objects.filter(round=held.row).count() == 1


def test_a_freeze_beside_a_family_that_hands_in_has_it_whole_or_not_at_all(at_once, office, now):
    for _round in range(5):
        held = round_make(now=now, office=office)
        family_make(held, ["s1"], now=now)
        late = family_make(held, ["s1"], now=now)
        services.application_review(
            application_id=late.application_id, staff=office.reviewers[0], verdict="ask", reasons=["paper_missing"], now=now
        )  # fmt: skip
        round_run(held, until=RoundState.VERIFYING, now=now)
        until = held.row.fix_until

        def freeze(held=held, until=until) -> str:
            return code_or(
                "frozen", lambda: services.round_freeze(round_id=held.pk, staff=office.head, now=until)
            )

        def submit(late=late, until=until) -> str:
            # By its own clock a moment before the end.
            return code_or(
                "submitted",
                lambda: services.application_submit(
                    application_id=late.application_id, by=late.by, now=until - MOMENT
                ),
            )  # fmt: skip

        answers = sorted(at_once(2, taking_turns(freeze, submit)))

        held.row.refresh_from_db()
        names = FrozenEntry.objects.filter(round=held.row)
        if "submitted" in answers:
            # Undecided, so the roster waits for two people.
            assert answers == ["round_not_ready", "submitted"]
            assert (held.row.state, names.count(), late.application.state) == ("verifying", 0, "submitted")
            verify(held, late, now=until)
            services.round_freeze(round_id=held.pk, staff=office.head, now=until)
            assert names.count() == 2
        else:
            assert answers == ["application_move_refused", "frozen"]
            assert (held.row.state, names.count(), late.application.state) == ("frozen", 1, "rejected")
        assert RosterFreeze.objects.get(round=held.row).applicants == names.count()


def test_two_clicks_on_a_step_of_a_round_are_one_step(at_once, office, now):
    held = round_make(now=now, office=office)
    family_make(held, ["s1"], now=now)
    at = round_run(held, until=RoundState.ALLOCATED, now=now)

    answers = at_once(
        4,
        lambda: code_or(
            "published", lambda: services.round_publish(round_id=held.pk, staff=office.head, now=at)
        ),
    )

    assert Counter(answers) == {"published": 1, "round_move_refused": 3}
    assert (Offer.objects.count(), InboxMessage.objects.filter(kind="schools.offered").count()) == (1, 1)
    sound(at)


def test_two_clerks_who_review_at_once_are_two_people_and_one_is_not(at_once, office, now):
    held = round_make(now=now, office=office)
    same, different = family_make(held, ["s1"], now=now), family_make(held, ["s1"], now=now)

    def agree(family: Family, people) -> str:
        return code_or(
            "agreed",
            lambda: services.application_review(
                application_id=family.application_id, staff=next(people), verdict="agree", now=now
            ),
        )

    one = itertools.cycle(office.reviewers[:1])
    assert Counter(at_once(4, lambda: agree(same, one))) == {"agreed": 1, "review_refused": 3}
    assert same.application.state == "first_review"
    two = itertools.cycle(office.reviewers[:2])
    assert at_once(2, lambda: agree(different, two)) == ["agreed", "agreed"]
    assert different.application.state == "verified"
    reviews = Review.objects.filter(application_id=different.application_id)
    assert set(reviews.values_list("stage", "reviewer")) == {
        (stage, person) for stage, person in zip((1, 2), _order(reviews), strict=True)
    }
    # And who saw an older state does not decide on a newer one.
    third = family_make(held, ["s1"], now=now)
    version, three = third.application.version, itertools.cycle(office.reviewers)

    def seen() -> str:
        return code_or(
            "agreed",
            lambda: services.application_review(
                application_id=third.application_id, staff=next(three), verdict="agree", version=version, now=now
            ),
        )  # fmt: skip

    assert Counter(at_once(3, seen)) == {"agreed": 1, "changed_meanwhile": 2}


def _order(reviews) -> list:
    return list(reviews.order_by("stage").values_list("reviewer", flat=True))


def test_an_answer_in_the_last_moment_and_the_lapse_leave_one_of_both(at_once, office, now):
    for _round in range(6):
        held = round_make(now=now, office=office, places={"s1": 1})
        for _one in range(2):
            family_make(held, ["s1"], now=now)
        round_run(held, until=RoundState.PUBLISHED, now=now)
        family = of(held, Offer.objects.get(intake=held.intakes["s1"]).application_id)
        over = held.row.answer_until

        def accept(family=family, over=over) -> str:
            return code_or(
                "accepted",
                lambda: services.offer_accept(
                    application_id=family.application_id, by=family.by, now=over - MOMENT
                ),
            )

        def lapse(over=over) -> str:
            services.offers_lapse(now=over)
            return "swept"

        def sweep(over=over) -> str:
            capacity.expired_sweep(now=over)
            return "swept"

        answers = Counter(at_once(6, taking_turns(accept, lapse, sweep)))

        services.offers_lapse(now=over)
        offer = Offer.objects.get(application_id=family.application_id)
        waiting = WaitEntry.objects.get(
            queue__endswith=str(held.intakes["s1"].pk), state__in=["waiting", "offered"]
        )
        if answers["accepted"]:
            assert (answers["accepted"], offer.state, waiting.state) == (2, "accepted", "waiting")
        else:
            assert set(answers) <= {"swept", "offer_over", "offer_unknown"}
            assert (offer.state, waiting.state) == ("lapsed", "offered")
        sound(over)


def test_families_that_change_places_with_each_other_do_not_block(at_once, office, now):
    held = round_make(now=now, office=office, places={"s1": 1, "s2": 1})
    families = [family_make(held, ["s1", "s2"], now=now), family_make(held, ["s2", "s1"], now=now)]
    for _one in range(2):
        families += [family_make(held, ["s1", "s2"], now=now), family_make(held, ["s2", "s1"], now=now)]
    at = round_run(held, until=RoundState.PUBLISHED, now=now)
    turns = itertools.cycle(families)

    def act() -> str:
        one = next(turns)
        code_or(
            "declined", lambda: services.offer_decline(application_id=one.application_id, by=one.by, now=at)
        )
        return code_or(
            "accepted", lambda: services.offer_accept(application_id=one.application_id, by=one.by, now=at)
        )

    at_once(12, act)

    sound(at)


def test_two_sweeps_at_once_end_each_offer_once_and_tell_of_it_once(at_once, office, now):
    held, _at = published(office, now, families=6, places=5)
    late = held.row.answer_until

    ended = at_once(4, lambda: services.offers_lapse(now=late))

    assert sum(ended) == 5
    assert InboxMessage.objects.filter(kind="schools.lapsed").count() == 5
    assert not Offer.objects.filter(state__in=OFFER_LIVE).exists()
    sound(late)


def test_two_reminders_at_once_remind_each_family_once(at_once, office, now):
    held = round_make(now=now, office=office)
    for _one in range(6):
        family = family_make(held, ["s1"], now=now)
        services.application_review(
            application_id=family.application_id, staff=office.reviewers[0], verdict="ask", reasons=["paper_missing"], now=now
        )  # fmt: skip
    soon = held.row.fix_until - dt.timedelta(hours=1)

    reminded = at_once(4, lambda: services.papers_remind(now=soon))

    assert sum(reminded) == 6
    assert InboxMessage.objects.filter(kind="schools.papers_soon").count() == 6
