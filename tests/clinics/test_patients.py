"""Who a resident may book for; numbers of documents; one row a person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from apps.clinics.models import Patient, PatientAccess
from apps.common.identity import identity_of, other_number
from tests.factories.clinics import id_number, patient_make
from tests.factories.people import code_of, resident_make

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 10)


def body(**given):
    return {"relation": "self", "name": "演示患者", "id_number": id_number(), "consent": True} | given


# The published example of GB 11643-1999, and what one wrong character makes of it.
@pytest.mark.parametrize(
    ("text", "born", "female"),
    [
        ("11010519491231002X", dt.date(1949, 12, 31), True),
        ("11010519491231002x", dt.date(1949, 12, 31), True),
        (" 440524 18800101 0014", None, None),
        ("110105194912310021", None, None),
        ("11010519491331002X", None, None),
        ("1101051949123100", None, None),
        ("", None, None),
    ],
)
def test_a_number_says_when_its_holder_was_born_or_is_none(text, born, female):
    found = identity_of(text, today=TODAY)

    assert (found and found.birth_on, found and found.is_female) == (born, female)


def test_other_documents_have_letters_and_digits():
    assert (other_number(" e 1234567 "), other_number("E1"), other_number("E1234-567")) == (
        "E1234567",
        None,
        None,
    )


def test_a_person_is_entered_once_encrypted_and_shown_masked(resident, now):
    answer = resident.post("patients", body(), key="a")

    shown = answer.json()
    assert (answer.status_code, shown["name_masked"], shown["age"], shown["relation"]) == (
        201,
        "演***",
        45,
        "self",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, id_number FROM clinics_patient")
        raw = cursor.fetchone()
    assert "演示".encode() not in bytes(raw[0])
    assert b"990000" not in bytes(raw[1])
    assert Patient.objects.get().gender == "female"
    assert [one["id"] for one in resident.get("patients").json()["results"]] == [shown["id"]]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"id_number": "123"}, "identity_invalid"),
        ({"id_kind": "other", "id_number": "E1234567"}, "identity_invalid"),
        ({"relation": "child"}, "patient_not_a_child"),
        ({"consent": False}, "patient_consent_missing"),
        ({"relation": "parent", "days": 367}, "max_value"),
        ({"relation": "cousin"}, "invalid_choice"),
    ],
)
def test_what_can_not_be_is_refused_and_nobody_is_entered(resident, given, code):
    answer = resident.post("patients", body(**given), key="a")

    assert (answer.status_code, code_of(answer)) == (400, code)
    assert not Patient.objects.exists()
    assert not PatientAccess.objects.exists()


def test_another_name_for_a_known_number_tells_nothing(resident, now):
    number = id_number()
    patient_make(resident_make().resident_id, now=now, number=number)

    answer = resident.post("patients", body(id_number=number, name="别的名字"), key="a")

    assert (answer.status_code, code_of(answer)) == (400, "patient_mismatch")
    assert not PatientAccess.objects.filter(resident_id=resident.resident_id).exists()


def test_oneself_once_and_eight_persons_at_most(resident, now):
    patient_make(resident.resident_id, now=now)
    assert code_of(resident.post("patients", body(), key="a")) == "patient_already"
    for _number in range(7):
        patient_make(resident.resident_id, now=now, relation="parent")

    assert code_of(resident.post("patients", body(relation="parent"), key="b")) == "patients_too_many"
    assert PatientAccess.objects.count() == 8


def test_a_parents_consent_ends_by_its_day_and_at_once_when_taken_back(resident, now, clock):
    patient_make(resident.resident_id, now=now, relation="parent")
    access = PatientAccess.objects.get()
    assert access.valid_to == dt.date(2027, 1, 4)
    clock.move_to(dt.datetime(2027, 1, 5, 2, tzinfo=dt.UTC))
    assert resident.get("patients").json()["results"] == []
    clock.move_to(now)
    assert len(resident.get("patients").json()["results"]) == 1

    assert resident_make().send("DELETE", f"patients/{access.pk}", {}).status_code == 404
    assert resident.send("DELETE", f"patients/{access.pk}", {}).status_code == 204
    assert resident.get("patients").json()["results"] == []


def test_a_consent_that_ran_out_is_given_anew_and_fills_no_place(resident, now, clock):
    number = id_number()
    patient_make(resident.resident_id, now=now, relation="parent", number=number)
    for _number in range(7):
        patient_make(resident.resident_id, now=now, relation="parent")
    clock.move_to(dt.datetime(2027, 1, 5, 2, tzinfo=dt.UTC))

    answer = resident.post("patients", body(relation="parent", id_number=number, days=30), key="a")

    assert (answer.status_code, answer.json()["valid_to"]) == (201, "2027-02-04")
    assert PatientAccess.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize(
    ("born", "until"),
    [(dt.date(2010, 5, 1), dt.date(2028, 4, 30)), (dt.date(2012, 2, 29), dt.date(2030, 2, 28))],
)
def test_a_parent_acts_for_a_child_until_it_comes_of_age(resident, now, clock, born, until):
    patient_make(resident.resident_id, now=now, relation="child", born=born)

    assert PatientAccess.objects.get().valid_to == until
    clock.move_to(dt.datetime.combine(until + dt.timedelta(days=1), dt.time(4), dt.UTC))
    assert resident.get("patients").json()["results"] == []


def test_only_one_resident_is_a_person_themselves(resident, now):
    number, first = id_number(), resident_make()
    patient_make(first.resident_id, now=now, number=number)

    answer = resident.post("patients", body(id_number=number), key="a")

    assert (answer.status_code, code_of(answer)) == (400, "patient_mismatch")
    assert PatientAccess.objects.get().resident_id == first.resident_id
    assert resident.post("patients", body(id_number=number, relation="other"), key="b").status_code == 201
