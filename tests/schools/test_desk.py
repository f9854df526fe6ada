"""The admission office's desk in the admin: rounds step by step, reviews by two, the counter, appeals; nobody sees another unit's."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AccessLog, Department
from apps.capacity.models import TotalChange
from apps.common import clock as the_clock
from apps.schools import services
from apps.schools.models import (
    AdmissionRound,
    Appeal,
    Application,
    ApplicationDocument,
    CatchmentVersion,
    EducationCommunity,
    Intake,
    IntakeReserve,
    Offer,
    PlaceLock,
    RegisterRow,
    School,
)
from apps.schools.states import RoundState
from tests.factories.clinics import id_number
from tests.factories.people import resident_make, staff_make
from tests.factories.pictures import jpeg
from tests.factories.schools import (
    DAY,
    Family,
    Round,
    draft,
    family_make,
    round_make,
    round_run,
    second_guardian,
    verify,
)
from tests.factories.schools_ground import (
    COMMUNITY,
    area_make,
    csv_file,
    lock_rule_make,
    school_make,
    version_make,
)
from tests.guards.test_messages import english

BASE = "/admin/schools"
HOME = "和平大道1388号3栋2单元501室"
WORDS = "孩子的居住证明登记有误，现已更正。"
MODELS = (
    "application", "admissionround", "offer", "appeal", "intakereserve", "school", "educationcommunity", "catchmentversion",
    "placelock", "placelockrule", "registerrow",
)  # fmt: skip


def client_of(staff) -> Client:
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def head(office) -> Client:
    return client_of(office.head)


@pytest.fixture
def clerk(office) -> Client:
    return client_of(office.reviewers[0])


@pytest.fixture
def stranger(office) -> Client:
    return client_of(staff_make("supervisor", unit="CG"))


@pytest.fixture
def held(office, now) -> Round:
    return round_make(now=now, office=office, places={"s1": 1, "s2": 1})


@pytest.fixture
def family(held, now) -> Family:
    return family_make(
        held, ["s1", "s2"], now=now, address=HOME, child=draft(name="演示小明", number=id_number(born=dt.date(2020, 3, 1)))
    )  # fmt: skip


def page_of(family: Family) -> str:
    return f"{BASE}/application/{family.application_id}/change/"


def act(desk: Client, family: Family, verb: str, **given) -> str:
    answer = desk.post(f"{BASE}/application/{family.application_id}/act/{verb}/", given, follow=True)
    assert answer.status_code == 200, (verb, answer.status_code)
    return answer.content.decode()


def review(desk: Client, family: Family, verb: str = "agree", **given) -> str:
    return act(desk, family, verb, version=family.application.version, **given)


def step(desk: Client, held: AdmissionRound, verb: str, **given) -> str:
    answer = desk.post(f"{BASE}/admissionround/{held.pk}/step/{verb}/", given, follow=True)
    assert answer.status_code == 200, (verb, answer.status_code)
    return answer.content.decode()


def names(family: Family) -> tuple[str, ...]:
    row = family.application
    return row.child.name, row.child.id_number, str(row.address)


# --- Pages ------------------------------------------------------------------------------------------------------------


def everything(held: Round, now: dt.datetime) -> dt.datetime:
    """Make a row of each model, and a published round."""
    lock_rule_make()
    community = EducationCommunity.objects.create(name="演示教联体")
    school = held.intakes["s1"].school
    school.community = community
    school.save()
    version = version_make()
    area_make(version, school, community_id=COMMUNITY)
    coming = round_make(now=now, office=held.office, opened=False, name="筹备中的招生")
    IntakeReserve.objects.create(intake=coming.intakes["s1"], category=coming.categories["a"], seats=1)
    services.place_lock_take(
        stage="primary", address_hash="h", child_hash="c", school_code=school.pk, on=dt.date(2025, 9, 1), source="演示"
    )  # fmt: skip
    RegisterRow.objects.create(kind="hukou", year=2026, person_hash="p", address_hash="h", imported_at=now)
    for _one in range(2):
        family_make(held, ["s1", "s2"], now=now)
    at = round_run(held, until=RoundState.PUBLISHED, now=now)
    without = next(one for one in held.families if one.application.state == "unallocated")
    services.appeal_make(
        application_id=without.application_id, resident_id=without.resident.resident_id, text=WORDS, now=at
    )
    return at


def test_every_page_answers_in_chinese_and_masks_who_it_is_about(held, family, office, now) -> None:
    everything(held, now)
    secrets = [one for made in held.families for one in names(made)]
    known = {row.number for row in Application.objects.all()} | set(
        School.objects.values_list("pk", flat=True)
    )
    rows = 0
    for staff in (office.head, office.reviewers[0]):
        desk = client_of(staff)
        for model in MODELS:
            listed = desk.get(f"{BASE}/{model}/")
            allowed = staff.has_perm(f"schools.view_{model}")
            assert listed.status_code == (200 if allowed else 403), model
            if not allowed:
                continue
            pages = [listed]
            found = {
                "application": Application, "admissionround": AdmissionRound, "offer": Offer, "appeal": Appeal,
                "intakereserve": IntakeReserve, "school": School, "educationcommunity": EducationCommunity,
                "catchmentversion": CatchmentVersion, "placelock": PlaceLock, "registerrow": RegisterRow,
            }.get(model)  # fmt: skip
            for row in found.objects.all() if found else []:
                pages.append(desk.get(reverse(f"admin:schools_{model}_change", args=[row.pk])))
                rows += 1
            if staff.has_perm(f"schools.add_{model}") and model != "registerrow":
                pages.append(desk.get(f"{BASE}/{model}/add/"))
            for page in pages:
                assert page.status_code == 200, (model, page.status_code, page.headers.get("Location"))
                left = {
                    text: words for text, words in english(page, known).items() if set(words.split()) - {"XW"}
                }  # fmt: skip
                assert left == {}, model
                body = page.content.decode()
                assert not any(secret in body for secret in [*secrets, WORDS]), model
    assert rows > 20


def test_another_units_staff_see_and_do_nothing(held, family, stranger, now) -> None:
    everything(held, now)
    paper = ApplicationDocument.objects.create(
        application_id=family.application_id, kind="hukou", content=b"x", size_bytes=1, sha256="x", added_at=now
    )  # fmt: skip
    number = family.application.number
    for model in ("application", "admissionround", "offer", "appeal"):
        assert number not in stranger.get(f"{BASE}/{model}/").content.decode()
    assert held.row.name not in stranger.get(f"{BASE}/admissionround/").content.decode()
    # Django leads from a row that is not there to the start page.
    assert stranger.get(page_of(family)).status_code == 302
    assert stranger.get(f"{BASE}/admissionround/{held.pk}/change/").status_code == 302
    before = Application.objects.count(), Offer.objects.values_list("state", flat=True)[0]
    for verb in (
        "read",
        "agree",
        "settle",
        "points",
        "submit",
        "accept",
        "decline",
        "enrol",
        "revoke",
        "guardian",
    ):
        assert (
            stranger.post(
                f"{BASE}/application/{family.application_id}/act/{verb}/", {"text": "r"}
            ).status_code
            == 404
        )
    for verb in [*(one.value for one in RoundState), "finish", "places"]:
        assert (
            stranger.post(f"{BASE}/admissionround/{held.pk}/step/{verb}/", {"reason": "r"}).status_code == 404
        )
    appeal = Appeal.objects.get()
    for verb in ("read", "grant", "dismiss"):
        assert stranger.post(f"{BASE}/appeal/{appeal.pk}/act/{verb}/", {"text": "r"}).status_code == 404
    assert stranger.get(f"{BASE}/application/paper/{paper.pk}.jpg").status_code == 404
    assert not AccessLog.objects.exists()
    assert (Application.objects.count(), Offer.objects.values_list("state", flat=True)[0]) == before
    # Nor are another unit's rounds offered to who adds reserves.
    assert "筹备中的招生" not in stranger.get(f"{BASE}/intakereserve/add/").content.decode()


def test_acts_that_are_none_and_ways_that_are_none_are_refused(held, family, head, clerk) -> None:
    path = f"{BASE}/application/{family.application_id}/act"
    assert head.get(f"{path}/read/").status_code == 405
    assert head.post(f"{path}/no-such-act/").status_code == 404
    # A family that applied by phone answers by phone.
    for verb in ("submit", "withdraw", "accept", "decline"):
        assert head.post(f"{path}/{verb}/").status_code == 404
    assert clerk.post(f"{path}/revoke/", {"text": "r"}).status_code == 404
    assert clerk.post(f"{BASE}/admissionround/{held.pk}/step/close/").status_code == 404
    assert head.post(f"{BASE}/admissionround/{held.pk}/step/nonsense/").status_code == 404
    assert head.get(f"{BASE}/admissionround/{held.pk}/step/close/").status_code == 405
    assert family.application.state == "submitted"


# --- A round ----------------------------------------------------------------------------------------------------------


def round_body(now: dt.datetime, **given) -> dict:
    moments = {"opens_at": -1, "closes_at": 10, "fix_until": 20, "answer_until": 40, "waiting_until": 80}
    body = {
        "code": "p2026", "name": "2026年小学招生", "stage": "primary", "year": 2026,
        "department": Department.objects.get(code="JY").pk, "source": "演示", "waiting_answer_hours": 48, "starts_on": "2026-09-01",
        "born_from": "2019-09-01", "born_to": "2020-08-31", "max_choices": 3, "policy": "deferred", "parallel_width": 1, "band_m": 0,
        "public_number_source": "公证摇号", "categories-TOTAL_FORMS": 1, "categories-INITIAL_FORMS": 0, "categories-0-code": "a",
        "categories-0-name": "有户有房", "categories-0-rank": 0, "intakes-TOTAL_FORMS": 1, "intakes-INITIAL_FORMS": 0,
        "intakes-0-code": "s1", "intakes-0-school": "S900", "intakes-0-name": "一年级", "intakes-0-plan": 1,
    }  # fmt: skip
    for name, days in moments.items():
        at = the_clock.local(now + days * DAY)
        body |= {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}
    return body | given


def test_a_round_is_prepared_and_taken_to_publication_by_two_supervisors(office, head, now, clock) -> None:
    assert client_of(office.reviewers[0]).get(f"{BASE}/admissionround/add/").status_code == 403
    school_make("S900")
    backwards = head.post(f"{BASE}/admissionround/add/", round_body(now, opens_at_0="2030-01-01"))
    assert (backwards.status_code, AdmissionRound.objects.count()) == (200, 0)
    assert "先后有序" in backwards.content.decode()
    assert head.post(f"{BASE}/admissionround/add/", round_body(now)).status_code == 302
    held = AdmissionRound.objects.get()
    assert (held.state, held.intakes.get().plan, held.categories.get().name) == ("setup", 1, "有户有房")
    reserve = {"intake": held.intakes.get().pk, "category": held.categories.get().pk, "seats": 2}
    assert head.post(f"{BASE}/intakereserve/add/", reserve).status_code == 302

    refused = step(head, held, "open")
    assert "保留学位多于招生计划" in refused
    assert AdmissionRound.objects.get().state == "setup"
    kept = IntakeReserve.objects.get()
    assert head.post(f"{BASE}/intakereserve/{kept.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not IntakeReserve.objects.exists()
    step(head, held, "open")
    assert AdmissionRound.objects.get().state == "open"
    # What was announced is not edited any more.
    assert (
        head.post(f"{BASE}/admissionround/{held.pk}/change/", round_body(now, name="改名")).status_code == 403
    )
    made = Round(held, {"s1": Intake.objects.get()}, {}, office)
    for _one in range(2):
        family_make(made, ["s1"], now=now)
    step(head, held, "close")
    assert AdmissionRound.objects.get().state == "open"  # its last day has not passed
    clock.move_to(held.closes_at)
    step(client_of(office.head), held, "close")
    for one in made.families:
        verify(made, one, now=the_clock.now())
    clock.move_to(held.fix_until)
    head, other = client_of(office.head), client_of(office.other_head)
    step(head, held, "freeze")
    clock.shift(dt.timedelta(minutes=1))
    step(head, held, "commit")
    clock.shift(dt.timedelta(minutes=1))
    number = {"public_number": "20260511", "public_source": "公证处公告第8号"}
    refused = step(head, held, "reveal", **number)
    assert AdmissionRound.objects.get().state == "committed"
    assert "不能是生成密数的人" in refused
    step(other, held, "reveal", public_number="12", public_source="x")
    assert AdmissionRound.objects.get().state == "committed"
    step(other, held, "reveal", **number)
    step(head, held, "allocate")
    assert AdmissionRound.objects.get().state == "allocated"
    assert not Offer.objects.exists()
    page = step(head, held, "publish")

    held.refresh_from_db()
    assert held.state == "published"
    assert Offer.objects.count() == 1
    assert list(held.events.values_list("verb", "staff")) == [
        (verb, office.other_head.pk if verb == "reveal" else office.head.pk)
        for verb in ("open", "close", "freeze", "commit", "reveal", "allocate", "publish")
    ]
    for told in (held.freeze.sha256, held.draw.commitment, "20260511", held.run.sha256):
        assert told in page
    assert held.draw.secret not in page
    # Once is once.
    for verb in ("open", "close", "freeze", "commit", "allocate", "publish"):
        step(head, held, verb)
    assert held.events.count() == 7


def test_places_are_changed_with_a_reason_that_everyone_reads(held, head, office) -> None:
    intake = held.intakes["s1"]
    for wrong in ({"places": "0"}, {"places": "x"}, {"reason": " "}, {"intake": "x"}):
        step(head, held.row, "places", **({"intake": intake.pk, "places": "3", "reason": "扩班"} | wrong))
    assert not TotalChange.objects.exists()
    step(head, held.row, "places", intake=intake.pk, places="3", reason="扩班")
    change = TotalChange.objects.get()
    assert (change.before, change.after, change.reason, change.actor) == (1, 3, "扩班", office.head.username)
    # Of another round: not through this one's door.
    other = round_make(now=the_clock.now(), office=office)
    path = f"{BASE}/admissionround/{held.pk}/step/places/"
    assert (
        head.post(path, {"intake": other.intakes["s1"].pk, "places": "9", "reason": "x"}).status_code == 404
    )
    assert TotalChange.objects.count() == 1


# --- Reviewing --------------------------------------------------------------------------------------------------------


def test_two_people_verify_at_the_desk_and_a_refusal_says_why(held, family, office) -> None:
    first, second = client_of(office.reviewers[0]), client_of(office.reviewers[1])
    stale = act(first, family, "agree", version=family.application.version - 1)
    assert family.application.state == "submitted"
    assert "有人" in stale
    review(first, family)
    assert family.application.state == "first_review"
    refused = review(first, family)
    assert "另一" in refused
    assert family.application.state == "first_review"
    without = review(second, family, "ask")
    assert (family.application.state, "理由" in without or "原因" in without) == ("first_review", True)
    review(second, family, "ask", reasons=["paper_missing"], text="请补户口簿")
    assert family.application.state == "needs_fix"
    services.application_submit(application_id=family.application_id, by=family.by, now=the_clock.now())
    review(first, family)
    review(second, family)
    assert family.application.state == "verified"
    reviews = list(family.application.reviews.values_list("pass_number", "stage", "verdict"))
    assert reviews == [(1, 1, "agree"), (1, 2, "ask"), (2, 1, "agree"), (2, 2, "agree")]


def test_an_objection_is_settled_at_the_desk_before_it_is_verified(held, family, office, now) -> None:
    father = second_guardian(family, now=now)
    services.application_object(
        application_id=family.application_id, resident_id=father.resident.resident_id, text="我不同意这个学校。", now=now
    )  # fmt: skip
    first, second = client_of(office.reviewers[0]), client_of(office.reviewers[1])
    page = first.get(page_of(family)).content.decode()
    assert "act-settle" in page
    assert "我不同意这个学校" not in page
    review(first, family)
    review(second, family)
    assert family.application.state == "first_review"
    act(first, family, "settle", text=" ")
    assert family.application.objection_settled_at is None
    assert "我不同意这个学校" in act(first, family, "read", text="核对异议")
    act(first, family, "settle", text="双方签署同意书")
    review(second, family)
    assert family.application.state == "verified"


def test_personal_data_are_shown_once_after_a_reason_and_the_look_is_recorded(
    held, family, office, clerk
) -> None:
    row = family.application
    page = clerk.get(page_of(family)).content.decode()
    assert row.child.name_masked in page
    assert not any(one in page for one in names(family))

    shown = act(clerk, family, "read", text="核对户口簿")

    assert all(one in shown for one in names(family))
    look = AccessLog.objects.get()
    assert (look.resident_id, look.staff_id, look.subject, look.reason) == (
        family.resident.resident_id, office.reviewers[0].pk, row.number, "核对户口簿",
    )  # fmt: skip
    assert not any(one in clerk.get(page_of(family)).content.decode() for one in names(family))
    assert AccessLog.objects.count() == 1
    listed = resident_make(openid=family.resident.openid).get("me/access-log").json()
    assert row.number in str(listed)


def test_the_second_guardian_is_confirmed_by_papers(held, family, clerk, now) -> None:
    father, child = resident_make(), family.application.child
    asked = services.child_add(
        resident_id=father.resident_id,
        draft=draft("father", name=child.name, number=child.id_number),
        now=now,
    )
    assert "act-guardian-1" in clerk.get(page_of(family)).content.decode()
    foreign = services.child_add(resident_id=father.resident_id, draft=draft(), now=now)
    path = f"{BASE}/application/{family.application_id}/act/guardian/"
    for wrong in ("", "x", str(foreign.pk)):
        assert clerk.post(path, {"guardianship": wrong}).status_code == 404
    act(clerk, family, "guardian", guardianship=asked.pk)
    asked.refresh_from_db()
    assert asked.confirmed_at is not None
    assert asked.confirmed_by_staff is not None


def test_drafts_of_families_are_theirs_alone(held, clerk, now) -> None:
    begun = family_make(held, ["s1"], now=now, submitted=False)
    assert begun.application.number not in clerk.get(f"{BASE}/application/").content.decode()
    assert clerk.get(page_of(begun)).status_code == 302


# --- The counter ------------------------------------------------------------------------------------------------------


def counter_body(held: Round, **given) -> dict[str, object]:
    return {
        "round": held.pk, "category": held.categories["a"].pk, "guardian_name": "演示祖母", "telephone": "13800000000",
        "child_name": "演示小红", "id_kind": "resident", "id_number": id_number(born=dt.date(2020, 3, 1)), "birth_on": "", "gender": "",
        "home_address": HOME, "community": COMMUNITY, "choice_1": held.intakes["s1"].pk, "choice_2": held.intakes["s2"].pk,
    } | given  # fmt: skip


def test_an_application_from_the_counter_goes_the_same_way_by_other_people(held, office, clock) -> None:
    held.categories["a"].papers = "户口簿"
    held.categories["a"].save()
    entering = client_of(office.reviewers[2])
    body = counter_body(held)

    made = entering.post(f"{BASE}/application/add/", body, follow=True)

    row = Application.objects.get()
    assert (row.state, row.filed_by_staff_id, row.filed_by_id, row.on_behalf_of) == (
        "draft", office.reviewers[2].pk, None, "演示祖母",
    )  # fmt: skip
    assert row.number in made.content.decode()
    assert list(row.preferences.values_list("intake__code", "position")) == [("s1", 1), ("s2", 2)]
    family = Family(resident_make(agreed=False), row.child_id, row.pk)
    missing = act(entering, family, "submit")
    assert family.application.state == "draft"
    assert "还缺：材料" in missing
    act(entering, family, "paper", kind="hukou")
    act(entering, family, "paper", kind="hukou", file=SimpleUploadedFile("x.jpg", b"no picture"))
    assert not ApplicationDocument.objects.exists()
    act(entering, family, "paper", kind="hukou", file=SimpleUploadedFile("x.jpg", jpeg(), "image/jpeg"))
    act(entering, family, "submit")
    assert family.application.state == "submitted"
    review(entering, family)
    assert family.application.state == "submitted"
    first, second = client_of(office.reviewers[0]), client_of(office.reviewers[1])
    # Nobody applied by phone, so the look stands in the application's own journal.
    assert "演示小红" in act(first, family, "read", text="核对")
    paper = first.get(f"{BASE}/application/paper/{ApplicationDocument.objects.get().pk}.jpg")
    assert (paper.status_code, paper["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in paper["Cache-Control"]
    looks = row.events.filter(verb="read", staff=office.reviewers[0])
    assert [one.note for one in looks] == ["child and address: 核对", "paper hukou: review"]
    assert "演示小红" not in first.get(page_of(family)).content.decode()
    review(first, family)
    review(second, family)
    assert family.application.state == "verified"
    held.families.append(family)
    at = round_run(held, until=RoundState.PUBLISHED, now=the_clock.now())
    clock.move_to(at)
    entering = client_of(office.reviewers[2])
    act(entering, family, "accept")
    assert Offer.objects.get().state == "accepted"
    act(entering, family, "enrol")
    assert family.application.state == "enrolled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_number": "123"}, {"id_kind": "other", "id_number": "E12345678"}, {"choice_2": "", "choice_1": ""}, {"telephone": "12"},
        {"category": ""}, {"home_address": ""}, {"choice_2": "same"},
    ],
)  # fmt: skip
def test_what_is_wrong_at_the_counter_is_said_and_nothing_is_kept(held, clerk, wrong) -> None:
    body = counter_body(held) | wrong
    if wrong.get("choice_2") == "same":
        body["choice_2"] = body["choice_1"]

    answer = clerk.post(f"{BASE}/application/add/", body, follow=True)

    assert answer.status_code == 200
    assert not Application.objects.exists()
    assert "演示小红" not in str(LogEntry.objects.values_list("object_repr", flat=True))


def test_a_family_without_a_phone_accepts_at_the_counter_what_its_waiting_list_offers(
    held, office, now, clock
) -> None:
    entering = office.reviewers[2]
    client_of(entering).post(f"{BASE}/application/add/", counter_body(held, choice_2=""))
    row = Application.objects.get()
    family = Family(resident_make(agreed=False), row.child_id, row.pk)
    act(client_of(entering), family, "submit")
    held.families.append(family)
    for _one in range(3):
        family_make(held, ["s1"], now=now)
    at = round_run(held, until=RoundState.PUBLISHED, now=now)
    clock.move_to(at)
    desk = client_of(entering)
    if row.offers.exists():
        act(desk, family, "decline")
        assert Offer.objects.get(application=row).state == "declined"
        return
    assert "act-accept" not in desk.get(page_of(family)).content.decode()
    services.plan_change(intake_id=held.intakes["s1"].pk, places=4, reason="扩班", staff=office.head, now=at)
    assert "act-accept" in desk.get(page_of(family)).content.decode()
    act(desk, family, "accept")
    assert Offer.objects.get(application=row).origin == "waiting"


# --- Offers and appeals -----------------------------------------------------------------------------------------------


def test_an_appeal_is_read_once_and_decided_by_another_person(held, family, office, now, clock) -> None:
    at = everything(held, now)
    clock.move_to(at)
    appeal = Appeal.objects.select_related("application").get()
    path = f"{BASE}/appeal/{appeal.pk}"
    head, clerk = client_of(office.head), client_of(office.reviewers[0])
    assert WORDS not in head.get(f"{path}/change/").content.decode()
    assert WORDS in head.post(f"{path}/act/read/", {"text": "办理复核"}, follow=True).content.decode()
    assert WORDS not in head.get(f"{path}/change/").content.decode()
    look = AccessLog.objects.get()
    assert (look.resident_id, look.subject, look.reason) == (
        appeal.made_by_id,
        appeal.application.number,
        "办理复核",
    )
    decide = {"text": "复核属实", "intake": held.intakes["s1"].pk}
    refused = clerk.post(f"{path}/act/dismiss/", decide, follow=True).content.decode()
    assert Appeal.objects.get().state == "open"
    assert "未参与审核" in refused
    head.post(f"{path}/act/grant/", decide | {"text": " "})
    full = head.post(f"{path}/act/grant/", decide, follow=True).content.decode()
    assert (Appeal.objects.get().state, "学位" in full) == ("open", True)
    step(head, held.row, "places", intake=held.intakes["s1"].pk, places="9", reason="复核增加学位")
    head.post(f"{path}/act/grant/", decide)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.decision, appeal.intake_id) == ("upheld", "复核属实", held.intakes["s1"].pk)
    assert appeal.application.offers.get().origin == "appeal"
    assert head.post(f"{path}/act/nonsense/").status_code == 404
    assert head.get(f"{path}/act/read/").status_code == 405


def test_a_place_is_taken_back_at_the_desk_with_a_reason(held, family, office, now, clock) -> None:
    clock.move_to(round_run(held, until=RoundState.PUBLISHED, now=now))
    head = client_of(office.head)
    act(head, family, "revoke", text=" ")
    assert family.application.state == "allocated"
    act(head, family, "revoke", text="材料不实")
    assert (family.application.state, Offer.objects.get().note) == ("unallocated", "材料不实")


# --- Reference --------------------------------------------------------------------------------------------------------


def test_a_catchment_is_written_published_and_stands(office, head) -> None:
    school = school_make("S901")
    body = {
        "name": "2026年小学学区", "stage": "primary", "valid_from": "2026-01-01", "valid_to": "", "source": "区教育局",
        "areas-TOTAL_FORMS": 1, "areas-INITIAL_FORMS": 0, "areas-0-school": school.pk, "areas-0-community": COMMUNITY,
        "areas-0-road": "", "areas-0-number_from": "", "areas-0-number_to": "", "areas-0-parity": "all",
    }  # fmt: skip
    assert head.post(f"{BASE}/catchmentversion/add/", body).status_code == 302
    version = CatchmentVersion.objects.get()
    path = f"{BASE}/catchmentversion/{version.pk}"
    assert client_of(office.reviewers[0]).post(f"{path}/publish/").status_code == 404
    head.post(f"{path}/publish/", follow=True)
    version.refresh_from_db()
    assert version.published_at is not None
    assert head.post(f"{path}/change/", body | {"name": "改名"}).status_code == 403
    hits = resident_make().get("schools/catchment", stage="primary", community=COMMUNITY).json()
    assert [one["school_code"] for one in hits] == ["S901"]


def test_a_register_is_imported_whole_or_not_at_all(head, clerk) -> None:
    right = csv_file([("地址", "社区编号"), (HOME, COMMUNITY), ("和平大道9号1室", COMMUNITY)])
    wrong = csv_file([("地址", "社区编号"), (HOME, COMMUNITY), ("和平大道9号1室", "000000000000")])
    path = f"{BASE}/registerrow/add/"
    assert clerk.get(path).status_code == 403
    assert head.get(path).status_code == 200

    def load(file: io.BytesIO, **more):
        upload = SimpleUploadedFile("r.csv", file.read(), "text/csv")
        return head.post(path, {"kind": "property", "year": 2026, "file": upload} | more, follow=True)

    assert load(wrong).status_code == 400
    assert load(csv_file([]), kind="nonsense").status_code == 400
    assert not RegisterRow.objects.exists()
    done = load(right)
    assert (done.status_code, RegisterRow.objects.count()) == (200, 2)
    assert HOME not in done.content.decode()


def test_a_homes_place_is_released_with_a_reason(office, head, clerk) -> None:
    lock_rule_make()
    lock = services.place_lock_take(
        stage="primary", address_hash="h", child_hash="c", school_code=school_make().pk, on=dt.date(2025, 9, 1), source="演示"
    )  # fmt: skip
    path = f"{BASE}/placelock/{lock.pk}"
    assert clerk.post(f"{path}/release/", {"reason": "迁出"}).status_code == 404
    head.post(f"{path}/release/", {"reason": " "})
    assert PlaceLock.objects.get().released_at is None
    head.post(f"{path}/release/", {"reason": "迁出本区"})
    assert PlaceLock.objects.get().released_at is not None
    assert LogEntry.objects.get().change_message == "迁出本区"
