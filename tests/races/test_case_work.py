"""Two at once, on real PostgreSQL: twenty clicks on one case, a merge against a reply, two clerks at one dispatch."""

from collections import Counter

from apps.common import clock
from apps.feedback import services
from apps.feedback.errors import MergeRefused
from apps.feedback.models import Case, Extension, Question, TimelineEntry
from apps.feedback.states import CaseState
from apps.notifications.models import InboxMessage
from tests.factories.cases import case_make
from tests.factories.people import resident_make, staff_make


def attempt(name, refusals, **given):
    def call():
        try:
            getattr(services, name)(now=clock.now(), **given)
        except refusals as refused:
            return refused.code
        return "done"

    return call


def verbs(case):
    return list(TimelineEntry.objects.filter(case=case).order_by("id").values_list("verb", flat=True))


def test_of_twenty_moves_of_one_case_from_one_screen_one_wins_and_the_timeline_is_exact(at_once):
    case = case_make(resident_make(), state=CaseState.SIGNED)
    handlers = [staff_make("handler", unit="CG") for _each in range(20)]
    queue = iter(handlers)

    def reply():
        call = attempt(
            "case_reply", (services.CaseChanged, services.MoveRefused), number=case.number, staff=next(queue),
            version=case.version, text="好",
        )  # fmt: skip
        return call()

    answers = Counter(at_once(20, reply))

    assert answers == {"done": 1, "case_changed": 19}
    assert verbs(case) == ["submit", "accept", "dispatch", "sign", "reply"]
    assert Case.objects.get(pk=case.pk).version == case.version + 1
    assert InboxMessage.objects.filter(kind="feedback.replied").count() == 1


def test_of_twenty_clicks_in_the_admin_one_gets_through_and_nineteen_are_409(at_once, desk):
    from django.urls import reverse

    case = case_make(resident_make(), state=CaseState.DISPATCHED)
    browsers = iter([desk(staff_make("handler", unit="CG")) for _each in range(20)])
    url = reverse("admin:feedback_case_move", args=[case.pk, "sign"])

    answers = at_once(20, lambda: next(browsers).post(url, {"version": case.version}).status_code)

    assert Counter(answers) == {302: 1, 409: 19}
    assert verbs(case)[-1] == "sign"
    assert verbs(case).count("sign") == 1


def test_two_clerks_dispatch_one_case_and_one_of_them_learns_of_the_other(at_once):
    case = case_make(resident_make())
    clerks = [staff_make("intake_clerk") for _each in range(2)]
    units = iter([("CG", clerks[0]), ("SW", clerks[1])])

    def dispatch():
        unit, clerk = next(units)
        call = attempt(
            "case_dispatch",
            (services.CaseChanged,),
            number=case.number,
            staff=clerk,
            version=1,
            unit=unit,
            note="",
        )
        return call()

    assert Counter(at_once(2, dispatch)) == {"done": 1, "case_changed": 1}
    assert verbs(case) == ["submit", "dispatch"]


def test_a_merge_and_a_reply_at_once_never_leave_a_reporter_without_the_answer(at_once):
    for _round in range(6):
        resident, other = resident_make(), resident_make()
        master, case = case_make(resident, state=CaseState.SIGNED), case_make(other)
        handler, clerk = staff_make("handler", unit="CG"), staff_make("intake_clerk")
        acts = iter(
            [
                attempt("case_reply", (), number=master.number, staff=handler, version=None, text="修好了"),
                attempt(
                    "case_merge",
                    (MergeRefused,),
                    number=case.number,
                    staff=clerk,
                    version=None,
                    into=master.number,
                ),
            ]
        )

        outcome = at_once(2, lambda acts=acts: next(acts)())

        after = Case.objects.get(pk=case.pk)
        assert Case.objects.get(pk=master.pk).state == "replied"
        # Either it was merged in time and has the answer, or the merge was refused and the desk still has it.
        assert (after.state, "merge_refused" in outcome) in {("replied", False), ("submitted", True)}
        told = InboxMessage.objects.filter(resident_id=other.resident_id, kind="feedback.replied").count()
        assert told == (after.state == "replied")


def test_two_merges_that_point_at_each_other_do_not_both_happen(at_once):
    first, second = case_make(resident_make()), case_make(resident_make())
    clerk = staff_make("intake_clerk")
    pairs = iter([(first, second), (second, first)])

    def merge():
        case, into = next(pairs)
        call = attempt(
            "case_merge", (MergeRefused, services.MoveRefused), number=case.number, staff=clerk, version=None,
            into=into.number,
        )  # fmt: skip
        return call()

    answers = at_once(2, merge)

    assert sorted(answers)[0] == "done"
    assert Counter(answers)["done"] == 1
    states = sorted(Case.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True))
    assert states == ["merged", "submitted"]


def test_of_twenty_nudges_at_once_one_counts(at_once):
    resident = resident_make()
    case = case_make(resident, state=CaseState.IN_PROGRESS)

    answers = at_once(20, lambda: resident.post(f"feedback/cases/{case.number}/nudge"))

    assert Counter(a.status_code for a in answers) == {200: 1, 409: 19}
    assert Case.objects.get(pk=case.pk).nudges == 1


def test_of_eight_answers_to_one_question_one_counts(at_once):
    resident = resident_make()
    case = case_make(resident, state=CaseState.SIGNED)
    handler = staff_make("handler", unit="CG")
    services.case_ask(number=case.number, staff=handler, version=None, text="？？", now=clock.now())
    body = {"question": str(Question.objects.get().id), "text": "三号楼"}

    answers = at_once(8, lambda: resident.post(f"feedback/cases/{case.number}/answer", body))

    assert Counter(a.status_code for a in answers) == {200: 1, 409: 7}
    assert verbs(case)[-2:] == ["ask", "answer"]


def test_of_two_chiefs_one_decides_an_extension(at_once):
    case = case_make(resident_make(), state=CaseState.SIGNED)
    handler = staff_make("handler", unit="CG")
    services.extension_ask(
        number=case.number, staff=handler, version=None, workdays=3, reason="x", now=clock.now()
    )
    chiefs = iter([staff_make("supervisor", unit="CG") for _each in range(4)])
    version = Case.objects.get(pk=case.pk).version

    def grant():
        call = attempt(
            "extension_grant",
            (services.CaseChanged,),
            number=case.number,
            staff=next(chiefs),
            version=version,
        )
        return call()

    assert Counter(at_once(4, grant)) == {"done": 1, "case_changed": 3}
    assert Case.objects.get(pk=case.pk).extension_workdays == 3
    assert Extension.objects.get().state == "granted"


def test_two_sweeps_at_once_remind_once(at_once):
    import datetime as dt

    from apps.feedback.models import Reminder
    from apps.notifications.models import StaffNotice

    handler = staff_make("handler", unit="CG")
    case_make(resident_make(), state=CaseState.SIGNED)
    later = clock.now() + dt.timedelta(days=60)

    at_once(4, lambda: services.reminders_send(now=later))

    assert Reminder.objects.count() == Reminder.objects.values("case", "stage", "step").distinct().count()
    assert StaffNotice.objects.filter(staff=handler, kind="feedback.late").count() == 2
