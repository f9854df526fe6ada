"""The clinic's desk in the admin: the day, acts, walk-ins, suspending, referrals; nobody sees another clinic's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from apps.accounts.models import AccessLog
from apps.accounts.models import Department as Unit
from apps.clinics.models import (
    Alliance,
    Appointment,
    AttendanceRule,
    BookingRule,
    ClinicSession,
    Patient,
    Referral,
    Restriction,
    SessionTemplate,
    Suspension,
)
from apps.common import clock as the_clock
from tests.factories.clinics import (
    attendance_make,
    book,
    department_make,
    id_number,
    institution_make,
    patient_make,
    session_make,
)
from tests.factories.people import staff_make

pytestmark = pytest.mark.django_db
BASE = "/admin/clinics"


def client_of(staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def unit(department):
    unit = Unit.objects.order_by("id").first()
    department.institution.department = unit
    department.institution.save()
    return unit


@pytest.fixture
def clerk(unit):
    return staff_make("service_operator", unit=unit.code)


@pytest.fixture
def desk(clerk):
    return client_of(clerk)


@pytest.fixture
def stranger(unit):
    other = Unit.objects.exclude(pk=unit.pk).order_by("id").first()
    return client_of(staff_make("service_operator", unit=other.code))


@pytest.fixture
def held(department, tomorrow, now):
    return session_make(department, starts_at=tomorrow, now=now, pools={"public": 1, "counter": 1})


@pytest.fixture
def booked(resident, held, now) -> Appointment:
    number = book(resident, held.slots[0], patient_make(resident.resident_id, now=now)).json()["number"]
    return Appointment.objects.get(number=number)


def path_of(held, door="change") -> str:
    return f"{BASE}/clinicsession/{held.session.pk}/{door}/"


def act(desk, held, booked, verb, **more):
    fresh = Appointment.objects.get(pk=booked.pk)
    body = {"appointment": str(booked.pk), "version": fresh.version, "verb": verb} | more
    return desk.post(path_of(held, "act"), body, follow=True)


def test_the_day_sheet_masks_names_until_someone_says_why(desk, held, booked, resident):
    page = desk.get(path_of(held)).content.decode()
    assert booked.number in page
    assert "演示患者" not in page

    refused = desk.post(path_of(held, "sheet"), {"reason": " "}, follow=True).content.decode()
    assert "演示患者" not in refused
    assert not AccessLog.objects.exists()
    sheet = desk.post(path_of(held, "sheet"), {"reason": "叫号"}).content.decode()

    assert "演示患者" in sheet
    look = AccessLog.objects.get()
    assert (look.resident_id, look.subject, look.reason) == (resident.resident_id, booked.number, "叫号")


def test_acts_go_through_the_table_and_say_what_came_of_it(clerk, held, booked, clock):
    clock.move_to(booked.starts_at)
    desk = client_of(clerk)
    checked = desk.post(path_of(held, "check-in"), {"code": booked.check_in_code}, follow=True)
    assert "已到诊" in checked.content.decode()
    act(desk, held, booked, "fulfil")
    assert Appointment.objects.get().state == "fulfilled"
    refused = act(desk, held, booked, "undo")
    assert "请说明" in refused.content.decode()
    act(desk, held, booked, "undo", reason="点错")

    assert Appointment.objects.get().state == "arrived"
    assert desk.get(path_of(held, "act")).status_code == 405
    assert act(desk, held, booked, "no-such-verb").status_code == 404


def test_another_clinics_desk_sees_and_does_nothing(stranger, held, booked):
    assert stranger.get(path_of(held)).status_code == 404
    for door, body in (
        ("act", {"appointment": str(booked.pk), "version": 1, "verb": "check_in"}),
        ("check-in", {"code": booked.check_in_code}), ("walk-in", {}), ("suspend", {"reason": "r"}), ("sheet", {"reason": "r"}),
    ):  # fmt: skip
        assert stranger.post(path_of(held, door), body).status_code == 404
    assert booked.number not in stranger.get(f"{BASE}/appointment/").content.decode()

    assert Appointment.objects.get().state == "booked"
    assert not Suspension.objects.exists()


def test_whoever_stands_at_the_counter_is_booked_with_their_card(desk, held):
    body = {"slot": str(held.slots[0].pk), "name": "演示来人", "id_number": id_number()}

    done = desk.post(path_of(held, "walk-in"), body, follow=True).content.decode()
    wrong = desk.post(path_of(held, "walk-in"), body | {"id_number": "123"}, follow=True).content.decode()
    nothing = desk.post(path_of(held, "walk-in"), {}, follow=True).content.decode()

    made = Appointment.objects.get()
    assert (made.channel, made.claim.pool.name, made.patient.name) == ("counter", "counter", "演示来人")
    assert made.number in done
    assert "证件" in wrong
    assert "请检查" in nothing
    assert Patient.objects.count() == 1


def test_a_session_is_suspended_at_the_desk(desk, held, booked):
    refused = desk.post(path_of(held, "suspend"), {"reason": ""}, follow=True).content.decode()
    assert "请说明" in refused
    desk.post(path_of(held, "suspend"), {"reason": "医生生病"}, follow=True)

    assert Suspension.objects.get().met == 1
    assert "医生生病" in desk.get(path_of(held)).content.decode()


def test_a_single_session_is_added_and_a_taken_practitioner_refused(desk, department, held, tomorrow):
    starts = the_clock.local(tomorrow) + dt.timedelta(hours=3)
    body = {
        "department": department.pk, "practitioner": held.session.practitioner_id, "room": "", "minutes": 30, "public": 2,
        "counter": 0, "starts_at_0": f"{starts:%Y-%m-%d}", "starts_at_1": f"{starts:%H:%M}",
        "ends_at_0": f"{starts:%Y-%m-%d}", "ends_at_1": f"{starts + dt.timedelta(hours=1):%H:%M}",
    }  # fmt: skip
    assert desk.post(f"{BASE}/clinicsession/add/", body).status_code == 302
    again = desk.post(f"{BASE}/clinicsession/add/", body, follow=True)
    backwards = desk.post(f"{BASE}/clinicsession/add/", body | {"ends_at_1": f"{starts:%H:%M}"}, follow=True)

    assert ClinicSession.objects.exclude(pk=held.session.pk).get().slots.count() == 2
    assert "已有其他出诊安排" in again.content.decode()
    assert backwards.status_code == 200
    assert ClinicSession.objects.count() == 2


def test_an_appeal_is_decided_with_words(desk, resident, department, now):
    patient = patient_make(resident.resident_id, now=now)
    held = Restriction.objects.create(
        patient=patient, institution=department.institution, rule=attendance_make(), first_on=dt.date(2026, 3, 1),
        until_on=dt.date(2026, 4, 1), created_at=now, appeal="open", appeal_text="那天地铁停运", appealed_at=now,
    )  # fmt: skip
    path = f"{BASE}/restriction/{held.pk}"
    assert "那天地铁停运" in desk.get(f"{path}/change/").content.decode()

    desk.post(f"{path}/decide/", {"decision": "lift", "words": ""})
    assert Restriction.objects.get().appeal == "open"
    desk.post(f"{path}/decide/", {"decision": "lift", "words": "情况属实"})
    assert Restriction.objects.get().appeal == "lifted"


def test_a_referral_is_written_read_with_a_reason_answered_and_booked(desk, department, unit, now, tomorrow):
    alliance = Alliance.objects.create(name="演示医联体")
    clinic = department.institution
    clinic.alliance = alliance
    clinic.save()
    other = Unit.objects.exclude(pk=unit.pk).order_by("id").first()
    hospital = institution_make(now=now, unit=other, alliance=alliance, level="tertiary")
    receiver = client_of(staff_make("service_operator", unit=other.code))
    body = {
        "name": "演示患者", "id_number": id_number(), "sender": clinic.pk, "receiver": hospital.pk, "department": "",
        "urgency": "routine", "reason_text": "反复胸痛", "summary_text": "高血压病史",
    }  # fmt: skip
    assert desk.post(f"{BASE}/referral/add/", body).status_code == 302
    referral = Referral.objects.get()
    path = f"{BASE}/referral/{referral.pk}"
    assert receiver.get(f"{path}/change/").status_code == 302  # a draft is nobody else's
    desk.post(f"{path}/act/consent/", {"text": "当面签字"})
    desk.post(f"{path}/act/send/", {"version": referral.version})
    assert Referral.objects.get().state == "sent"

    page = receiver.get(f"{path}/change/").content.decode()
    assert "反复胸痛" not in page
    shown = receiver.post(f"{path}/act/read/", {"text": "接诊"}, follow=True).content.decode()
    assert "反复胸痛" in shown
    assert "反复胸痛" not in receiver.get(f"{path}/change/").content.decode()
    receiver.post(f"{path}/act/accept/", {"version": Referral.objects.get().version})
    assert Referral.objects.get().state == "accepted"
    assert receiver.post(f"{path}/act/nonsense/", {}).status_code == 404
    expert = department_make(hospital)
    held = session_make(expert, starts_at=tomorrow, now=now, pools={"referral": 1})
    assert str(held.slots[0].pk) in receiver.get(f"{path}/change/").content.decode()
    receiver.post(
        f"{path}/act/book/", {"version": Referral.objects.get().version, "slot": str(held.slots[0].pk)}
    )

    booked = Referral.objects.get()
    assert (booked.state, booked.appointment.channel, booked.appointment.claim.pool.name) == (
        "booked", "referral", "referral",
    )  # fmt: skip


def test_rules_are_kept_by_administrators_and_never_overlap(department, desk):
    admin = client_of(staff_make("administrator"))
    rule = {
        "institution": "", "valid_from": "2026-06-01", "valid_to": "", "source": "区卫健局", "strikes": 3, "window_days": 90,
        "restrict_days": 30,
    }  # fmt: skip
    assert desk.get(f"{BASE}/attendancerule/add/").status_code == 403
    assert admin.post(f"{BASE}/attendancerule/add/", rule).status_code == 302
    twice = admin.post(f"{BASE}/attendancerule/add/", rule | {"valid_from": "2026-07-01"})
    assert twice.status_code == 200
    assert AttendanceRule.objects.count() == 1
    shown = admin.get(f"{BASE}/bookingrule/{BookingRule.objects.get().pk}/change/")
    assert shown.status_code == 200


def test_weekly_sessions_are_written_at_the_desk(desk, department):
    body = {
        "department": department.pk, "practitioner": "", "room": "", "weekday": 2, "starts": "09:00", "ends": "11:00",
        "slot_minutes": 30, "public": 2, "referral": 0, "counter": 1, "elderly": 0, "opens_to_all_hours": 24, "valid_from": "2026-01-01", "valid_to": "",
        "exceptions-TOTAL_FORMS": 0, "exceptions-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert desk.post(f"{BASE}/sessiontemplate/add/", body).status_code == 302
    assert SessionTemplate.objects.get().pools == {"public": 2, "counter": 1}
    foreign = department_make(institution_make(now=the_clock.now()))
    refused = desk.post(f"{BASE}/sessiontemplate/add/", body | {"department": foreign.pk})

    assert refused.status_code == 200
    assert SessionTemplate.objects.count() == 1
