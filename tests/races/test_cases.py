"""Two at once on real PostgreSQL."""

from collections import Counter

from apps.common import clock
from apps.feedback import services
from apps.feedback.models import Case, Rating, TimelineEntry
from apps.feedback.states import CaseState
from tests.factories.cases import case_make
from tests.factories.people import resident_make, staff_make

GOOD = {"request_type": "help", "text": "路灯不亮", "category": "0201"}


def test_one_idempotency_key_from_eight_threads_makes_one_case(at_once):
    resident = resident_make()

    answers = at_once(8, lambda: resident.post("feedback/cases", GOOD, key="double"))

    assert Counter(a.status_code for a in answers) == {201: 8}
    assert len({a.content for a in answers}) == 1
    assert Case.objects.count() == 1


def test_of_two_replies_at_once_one_is_given(at_once):
    case = case_make(resident_make(), state=CaseState.SIGNED)
    handler = staff_make("handler", unit="CG")

    def reply():
        try:
            services.case_reply(number=case.number, staff=handler, version=None, text="好", now=clock.now())
        except services.MoveRefused:
            return "refused"
        return "given"

    assert Counter(at_once(6, reply)) == {"given": 1, "refused": 5}
    assert TimelineEntry.objects.filter(case=case, verb="reply").count() == 1


def test_of_a_withdrawal_and_a_dispatch_at_once_the_second_sees_the_first(at_once):
    resident, clerk = resident_make(), staff_make("intake_clerk")
    case = case_make(resident)
    acts = iter(["withdraw", "dispatch"])

    def act():
        if next(acts) == "withdraw":
            return resident.post(f"feedback/cases/{case.number}/withdraw", {"reason": "x"}).status_code
        try:
            services.case_dispatch(
                number=case.number, staff=clerk, version=1, unit="CG", note="", now=clock.now()
            )
        except (services.MoveRefused, services.CaseChanged):
            return "refused"
        return "dispatched"

    outcome = set(at_once(2, act))

    assert outcome in ({200, "refused"}, {200, "dispatched"})
    assert Case.objects.get(pk=case.pk).state == "withdrawn"


def test_of_many_ratings_at_once_one_counts(at_once):
    resident = resident_make()
    case = case_make(resident, state=CaseState.REPLIED)

    answers = at_once(
        6, lambda: resident.post(f"feedback/cases/{case.number}/rate", {"resolved": True, "satisfaction": 5})
    )

    assert Counter(a.status_code for a in answers) == {200: 1, 409: 5}
    assert Rating.objects.count() == 1


def test_numbers_do_not_collide(at_once):
    resident = resident_make()

    numbers = at_once(8, lambda: resident.post("feedback/cases", GOOD).json()["number"])

    assert len(set(numbers)) == 8
