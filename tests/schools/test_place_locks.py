"""One place per home: taking it, siblings, releasing it, races, and statements written by hand."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction

from apps.common import clock as the_clock
from apps.common.ids import uuid7
from apps.schools.errors import ReasonMissing
from apps.schools.ground_errors import PlaceLocked, PlaceLockReleased, PlaceLockUnknown
from apps.schools.ground_selectors import lock_rule
from apps.schools.models import PlaceLock
from apps.schools.services.locks import place_lock_release, place_lock_take
from tests.factories.people import staff_make
from tests.factories.schools_ground import STAGE, home_known, lock_rule_make, school_make
from tests.races.test_news import code_or, taking_turns

HOME, OTHER_HOME = "h" * 64, "o" * 64
ANNA, BORIS, CARL = "a" * 64, "b" * 64, "c" * 64
ON = dt.date(2026, 9, 1)


def take(child=ANNA, *, home=HOME, on=ON, siblings=(), stage=STAGE):
    return place_lock_take(
        stage=stage, address_hash=home, child_hash=child, school_code="S", on=on, source="QS2026001", sibling_hashes=siblings
    )  # fmt: skip


def locked(on=ON, *, home=HOME, siblings=(), stage=STAGE) -> bool:
    return home_known(stage=stage, year=2026, on=on, home=home, siblings=siblings).locked


def raw(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


INSERT = """INSERT INTO schools_placelock (id, stage, address_hash, child_hash, school_id, locked_from, locked_to, source)
    VALUES (%s, 'primary', %s, %s, 'S', %s, %s, 'by hand')"""


@pytest.fixture
def now(db, clock) -> dt.datetime:
    school_make("S")
    return the_clock.now()


@pytest.fixture
def rule(now):
    return lock_rule_make()


def test_a_home_gives_its_place_for_the_years_of_the_rule(rule):
    lock = take()

    assert lock is not None
    assert (lock.locked_from, lock.locked_to, lock.of_sibling, lock.source) == (
        ON, dt.date(2032, 9, 1), None, "QS2026001",
    )  # fmt: skip
    days = [ON - dt.timedelta(days=1), ON, dt.date(2032, 8, 31), dt.date(2032, 9, 1)]
    assert [locked(day) for day in days] == [False, True, True, False]
    assert (locked(home=OTHER_HOME), locked(stage="junior"), locked(home="")) == (False, False, False)


def test_a_leap_day_ends_on_the_first_of_march(now):
    lock_rule_make(years=6, valid_from=dt.date(2024, 1, 1))

    assert take(on=dt.date(2024, 2, 29)).locked_to == dt.date(2030, 3, 1)
    assert take(home=OTHER_HOME, on=dt.date(2024, 3, 1)).locked_to == dt.date(2030, 3, 1)


def test_where_no_rule_is_in_force_nothing_is_locked(now):
    lock_rule_make(valid_to=ON)

    assert take() is None
    assert PlaceLock.objects.count() == 0
    assert (lock_rule(STAGE, ON - dt.timedelta(days=1)) is not None, lock_rule(STAGE, ON)) == (True, None)
    take(on=ON - dt.timedelta(days=1))
    assert (locked(ON - dt.timedelta(days=1)), locked(ON)) == (True, False)


def test_another_child_is_refused_and_the_same_one_is_not(rule):
    first = take()

    with pytest.raises(PlaceLocked):
        take(BORIS)
    with pytest.raises(PlaceLocked):
        take(BORIS, on=dt.date(2032, 8, 31))
    assert take().pk == first.pk
    assert take(on=dt.date(2027, 9, 1)).pk == first.pk
    assert PlaceLock.objects.count() == 1
    assert take(BORIS, on=dt.date(2032, 9, 1)).of_sibling is None


def test_a_place_that_will_be_used_within_the_years_is_no_other_childs(rule):
    take(on=dt.date(2028, 9, 1))

    with pytest.raises(PlaceLocked):
        take(BORIS)
    assert not locked()


def test_brothers_and_sisters_share_a_home_and_strangers_do_not(rule):
    first = take()
    second = take(BORIS, on=dt.date(2028, 9, 1), siblings=(ANNA,))

    assert second.of_sibling == first
    assert take(BORIS, on=dt.date(2028, 9, 1), siblings=(ANNA,)).pk == second.pk
    assert (locked(siblings=(ANNA,)), locked(siblings=(BORIS,)), locked()) == (False, True, True)
    # The first one's years are over, the second one's are not.
    later = dt.date(2033, 9, 1)
    assert (locked(later), locked(later, siblings=(BORIS,))) == (True, False)
    for siblings in ((), (ANNA,)):
        with pytest.raises(PlaceLocked):
            take(CARL, on=later, siblings=siblings)
    assert take(CARL, on=later, siblings=(BORIS,)).of_sibling == first
    assert PlaceLock.objects.count() == 3


def test_siblings_count_where_the_rule_does_not_exempt_them(now):
    lock_rule_make(siblings_exempt=False)
    take()

    assert locked(siblings=(ANNA,))
    with pytest.raises(PlaceLocked):
        take(BORIS, siblings=(ANNA,))
    assert PlaceLock.objects.count() == 1


def test_homes_without_an_address_are_not_one_home(rule):
    with pytest.raises(ValueError, match="hash"):
        take(home="")
    assert PlaceLock.objects.count() == 0


def test_queries_are_few(rule, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        locked(siblings=(ANNA,))
    # 4, and BEGIN and the savepoint with their ends.
    with django_assert_max_num_queries(8):
        take()


# --- Releasing ------------------------------------------------------------------------------------------------------


def test_a_released_place_is_free_and_who_and_why_is_kept(rule, now):
    lock, staff = take(), staff_make()

    place_lock_release(lock_id=lock.pk, reason=" 产权变更 ", staff=staff, now=now)

    lock.refresh_from_db()
    assert (lock.released_at, locked()) == (now, False)
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id, entry.change_message) == (staff.pk, str(lock.pk), "产权变更")
    assert take(BORIS).of_sibling is None
    with pytest.raises(PlaceLockReleased):
        place_lock_release(lock_id=lock.pk, reason="again", staff=staff, now=now)
    with pytest.raises(PlaceLockUnknown):
        place_lock_release(lock_id=uuid7(), reason="x", staff=staff, now=now)
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201])
def test_a_release_needs_a_reason(rule, now, reason):
    lock = take()

    with pytest.raises(ReasonMissing):
        place_lock_release(lock_id=lock.pk, reason=reason, staff=staff_make(), now=now)
    lock.refresh_from_db()
    assert (lock.released_at, LogEntry.objects.count()) == (None, 0)


def test_a_siblings_lock_stays_when_the_first_ones_is_released(rule, now):
    first = take()
    take(BORIS, siblings=(ANNA,))
    place_lock_release(lock_id=first.pk, reason="迁出", staff=staff_make(), now=now)

    assert locked()
    with pytest.raises(PlaceLocked):
        take(CARL)


# --- By hand --------------------------------------------------------------------------------------------------------


def test_a_second_place_by_hand_is_refused(rule):
    take()

    with pytest.raises(IntegrityError, match="place_lock_one_per_home"):
        raw(INSERT, uuid7(), HOME, BORIS, "2028-01-01", "2034-01-01")
    with pytest.raises(IntegrityError, match="place_lock_span"):
        raw(INSERT, uuid7(), OTHER_HOME, BORIS, "2028-01-01", "2028-01-01")
    raw(INSERT, uuid7(), HOME, BORIS, "2032-09-01", "2038-09-01")
    raw(INSERT, uuid7(), OTHER_HOME, BORIS, "2028-01-01", "2034-01-01")
    assert PlaceLock.objects.count() == 3


def test_a_released_place_is_not_taken_back_by_hand_while_it_is_used(rule, now):
    first = take()
    place_lock_release(lock_id=first.pk, reason="迁出", staff=staff_make(), now=now)
    take(BORIS)

    with pytest.raises(IntegrityError, match="place_lock_one_per_home"):
        raw("UPDATE schools_placelock SET released_at = NULL WHERE id = %s", first.pk)


# --- Races ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ground(whole_db):
    school_make("S")
    lock_rule_make()


@pytest.mark.parametrize("_round", range(3))
def test_twenty_children_want_one_home_and_one_gets_it(ground, at_once, _round):
    acts = taking_turns(*[lambda n=n: take(f"{n:064d}") for n in range(20)])

    answers = at_once(20, lambda: code_or("taken", acts))

    assert sorted(answers) == ["place_locked"] * 19 + ["taken"]
    assert PlaceLock.objects.count() == 1


def test_one_child_twenty_times_is_one_lock(ground, at_once):
    locks = at_once(20, take)

    assert len({one.pk for one in locks}) == 1
    assert PlaceLock.objects.count() == 1


def test_siblings_at_once_all_stand_beside_one(ground, at_once):
    children = [f"{n:064d}" for n in range(4)]
    acts = taking_turns(*[lambda c=c: take(c, siblings=children) for c in children])

    at_once(16, acts)

    rows = list(PlaceLock.objects.all())
    first = [row for row in rows if row.of_sibling_id is None]
    assert (len(rows), len(first)) == (4, 1)
    assert {row.of_sibling_id for row in rows} == {None, first[0].pk}


def test_a_stranger_and_a_sibling_at_once_after_the_first_ones_years(ground, at_once):
    """Each is right alone: the sibling's lock reaches into the days that the stranger wants."""
    take(ANNA)
    late = dt.date(2032, 9, 1)
    acts = taking_turns(
        lambda: take(BORIS, on=dt.date(2031, 9, 1), siblings=(ANNA,)), lambda: take(CARL, on=late)
    )

    answers = at_once(2, lambda: code_or("taken", acts))

    assert sorted(answers) == ["place_locked", "taken"]
    assert PlaceLock.objects.count() == 2


def test_a_lock_by_hand_that_is_not_committed_yet_is_waited_for(ground):
    """The constraint decides against whoever does not ask the service."""
    inserted, answer = threading.Event(), []

    def stranger() -> None:
        inserted.wait(10)
        try:
            answer.append(code_or("taken", lambda: take(BORIS)))
        finally:
            connection.close()

    thread = threading.Thread(target=stranger)
    thread.start()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [uuid7(), HOME, ANNA, "2026-09-01", "2032-09-01"])
        inserted.set()
        thread.join(0.5)
        assert answer == []
    thread.join(10)

    assert answer == ["place_locked"]
    assert PlaceLock.objects.get().child_hash == ANNA


# --- The desk -------------------------------------------------------------------------------------------------------


def test_a_place_is_released_at_the_desk_with_a_reason_and_never_typed(rule, now, desk):
    lock, keeper = take(), staff_make()
    names = ["view_placelock", "change_placelock", "add_placelock"]
    keeper.user_permissions.set(Permission.objects.filter(codename__in=names))
    looker = staff_make()
    looker.user_permissions.set(Permission.objects.filter(codename="view_placelock"))
    page = f"/admin/schools/placelock/{lock.pk}/"

    assert desk(keeper).get("/admin/schools/placelock/add/").status_code == 403
    shown = desk(keeper).get(f"{page}change/").content.decode()
    assert ('id="release"' in shown, HOME in shown, ANNA in shown) == (True, False, False)
    assert 'id="release"' not in desk(looker).get(f"{page}change/").content.decode()
    assert desk(looker).post(f"{page}release/", {"reason": "x"}).status_code == 404
    assert desk(keeper).get(f"{page}release/").status_code == 405
    desk(keeper).post(f"{page}release/", {"reason": " "})
    assert PlaceLock.objects.get().released_at is None

    desk(keeper).post(f"{page}release/", {"reason": "产权变更"})

    assert PlaceLock.objects.get().released_at == now
    assert 'id="release"' not in desk(keeper).get(f"{page}change/").content.decode()
