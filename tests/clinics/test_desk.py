"""The clinic's desk in the admin: the day, acts, walk-ins, suspending, referrals; nobody sees another clinic's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from apps.accounts.models import AccessLog
from apps.accounts.models import Department as Unit
from apps.capacity.models import Pool, TotalChange
from apps.clinics import services
from apps.clinics.errors import SlotUnknown
from apps.clinics.models import (
    Alliance,
    Appointment,
    AppointmentEvent,
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
from tests.factories.people import resident_make, staff_make

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
        ("units", {"slot": f"{held.slots[0].pk}:public:1", "total": "5", "reason": "r"}), ("ring", {"reason": "r"}),
        ("told", {"appointment": str(booked.pk)}),
    ):  # fmt: skip
        assert stranger.post(path_of(held, door), body).status_code == 404
    assert booked.number not in stranger.get(f"{BASE}/appointment/").content.decode()

    assert Appointment.objects.get().state == "booked"
    assert not Suspension.objects.exists()
    assert not TotalChange.objects.exists()
    assert not AccessLog.objects.exists()


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


def units(desk, slot, total, *, seen=1, pool="public", reason="医生加号", held):
    body = {"slot": f"{slot.pk}:{pool}:{seen}", "total": total, "reason": reason}
    return desk.post(path_of(held, "units"), body, follow=True)


def pools_of(slot) -> dict[str, int]:
    return dict(Pool.objects.filter(capacity=slot.capacity_id).values_list("name", "total"))


def test_units_of_a_slot_are_raised_and_lowered_with_a_reason_that_stays(desk, clerk, held):
    slot = held.slots[0]
    assert f"{slot.pk}:public:1" in desk.get(path_of(held)).content.decode()

    units(desk, slot, 3, held=held)
    units(desk, slot, 2, seen=3, reason="医生早退", held=held)
    units(desk, slot, 2, pool="counter", reason="窗口加号", held=held)

    assert pools_of(slot) == {"public": 2, "counter": 2}
    assert pools_of(held.slots[1]) == {"public": 1, "counter": 1}
    assert list(TotalChange.objects.order_by("id").values_list("before", "after", "reason", "actor")) == [
        (1, 3, "医生加号", f"staff:{clerk.pk}"), (3, 2, "医生早退", f"staff:{clerk.pk}"), (1, 2, "窗口加号", f"staff:{clerk.pk}"),
    ]  # fmt: skip
    page = desk.get(path_of(held)).content.decode()
    assert "医生早退" in page
    assert f"{slot.pk}:public:2" in page


def test_units_stay_above_what_is_taken_and_two_clerks_do_not_undo_each_other(desk, held, booked):
    slot = held.slots[0]

    below = units(desk, slot, 0, held=held).content.decode()
    stale = units(desk, slot, 2, seen=4, held=held).content.decode()
    unsaid = units(desk, slot, 2, reason=" ", held=held).content.decode()
    for total in ("201", "-1", "", "3.5"):
        units(desk, slot, total, held=held)

    assert "已占用 1 个" in below
    assert "1" in stale
    assert "请说明" in unsaid
    assert pools_of(slot) == {"public": 1, "counter": 1}
    assert not TotalChange.objects.exists()


def test_units_of_another_session_of_no_pool_or_of_what_is_not_held_are_not_changed(
    desk, clerk, held, booked, department, tomorrow, now, clock
):
    there = session_make(department, starts_at=tomorrow + dt.timedelta(days=1), now=now)
    for chosen in (
        f"{there.slots[0].pk}:public:1",
        f"{held.slots[0].pk}:vip:1",
        "x:public:1",
        "",
        f"{held.slots[0].pk}",
    ):
        body = {"slot": chosen, "total": "5", "reason": "r"}
        assert desk.post(path_of(held, "units"), body).status_code == 404
    assert desk.get(path_of(held, "units")).status_code == 405
    with pytest.raises(SlotUnknown):
        services.slot_units_change(
            slot_id=held.slots[0].pk, pool="public", total=5, seen=1, staff=staff_make("administrator"), reason="r", now=now
        )  # fmt: skip
    units(desk, held.slots[0], 5, pool="referral", held=held)
    clock.move_to(held.slots[0].ends_at)
    desk = client_of(clerk)  # at work again
    units(desk, held.slots[0], 5, held=held)
    units(desk, held.slots[1], 5, held=held)
    desk.post(path_of(there, "suspend"), {"reason": "停诊"})
    units(desk, there.slots[0], 5, held=there)

    assert list(TotalChange.objects.values_list("pool__capacity_id", "after")) == [
        (held.slots[1].capacity_id, 5)
    ]


def test_added_units_are_offered_to_who_waits_before_anybody_takes_them(desk, held, booked, department, now):
    persons = []
    for _each in range(2):
        one = resident_make()
        persons.append((one, patient_make(one.resident_id, now=now)))
    for slot in held.slots[1:]:  # else something is free and nobody may wait
        other = resident_make()
        book(other, slot, patient_make(other.resident_id, now=now))
    (first, patient), (second, other_patient) = persons
    services.waitlist_join(
        department_id=department.pk, patient_id=patient.pk, resident_id=first.resident_id, first_on=held.session.on,
        last_on=held.session.on, now=now,
    )  # fmt: skip

    said = units(desk, held.slots[0], 2, held=held).content.decode()

    assert book(second, held.slots[0], other_patient).json()["errors"][0]["code"] == "slot_full"
    assert first.get("clinics/waitlist").json()["results"][0]["offer"]["slot"] == str(held.slots[0].pk)
    assert TotalChange.objects.count() == 1
    assert "1" in said
    # At the counter who waits on the phone gets none.
    units(desk, held.slots[0], 2, pool="counter", held=held)
    assert Pool.objects.get(capacity=held.slots[0].capacity_id, name="counter").used == 0


def test_who_was_booked_at_the_counter_is_rung_after_a_suspension(desk, clerk, held, booked):
    walk = {
        "slot": str(held.slots[1].pk), "name": "来人甲", "id_number": id_number(), "phone": "138-0000 0000",
    }  # fmt: skip
    desk.post(path_of(held, "walk-in"), walk)
    assert (
        "请检查" in desk.post(path_of(held, "walk-in"), walk | {"phone": "12"}, follow=True).content.decode()
    )
    counter = Appointment.objects.get(channel="counter")
    assert counter.patient.phone == "13800000000"
    assert "ring-YY" not in desk.get(path_of(held)).content.decode()

    said = desk.post(path_of(held, "suspend"), {"reason": "医生生病"}, follow=True).content.decode()

    assert f"ring-{counter.number}" in said
    assert f"ring-{booked.number}" not in said
    assert "来人甲" not in said
    assert "13800000000" not in said
    desk.post(path_of(held, "ring"), {"reason": " "})
    assert not AppointmentEvent.objects.filter(verb="look").exists()
    page = desk.post(path_of(held, "ring"), {"reason": "通知停诊"}).content.decode()
    assert "来人甲" in page
    assert "13800000000" in page
    assert "演示患者" not in page
    look = AppointmentEvent.objects.get(verb="look")
    assert (look.appointment_id, look.staff_id, look.note) == (counter.pk, clerk.pk, "通知停诊")
    assert not AccessLog.objects.exists()  # nobody else was looked at
    for _twice in range(2):
        desk.post(path_of(held, "told"), {"appointment": str(counter.pk)})
    assert AppointmentEvent.objects.get(verb="tell").staff_id == clerk.pk
    assert "/told/" not in desk.get(path_of(held)).content.decode()
    assert desk.post(path_of(held, "told"), {"appointment": "x"}).status_code == 404
    desk.post(path_of(held, "told"), {"appointment": str(booked.pk)})  # a notice reached them
    assert AppointmentEvent.objects.filter(verb="tell").count() == 1


def test_a_look_at_the_names_of_the_day_is_recorded_of_each_booked_how_ever(desk, held, booked):
    desk.post(
        path_of(held, "walk-in"), {"slot": str(held.slots[1].pk), "name": "来人甲", "id_number": id_number()}
    )

    desk.post(path_of(held, "sheet"), {"reason": "叫号"})

    counter = Appointment.objects.get(channel="counter")
    assert AccessLog.objects.get().subject == booked.number
    assert AppointmentEvent.objects.get(verb="look").appointment_id == counter.pk


def test_a_telephone_fills_in_for_none_and_never_replaces_one(desk, held):
    body = {"slot": str(held.slots[0].pk), "name": "来人甲", "id_number": id_number()}
    for slot, phone, kept in (
        (0, "", None),
        (1, "13800000000", "13800000000"),
        (1, "13900000000", "13800000000"),
    ):
        desk.post(path_of(held, "walk-in"), body | {"slot": str(held.slots[slot].pk), "phone": phone})
        assert Patient.objects.get().phone == kept
        Appointment.objects.update(state="cancelled")
