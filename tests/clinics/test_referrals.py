"""Referrals: with consent, within an alliance, answered, booked, reported, referred back down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import AccessLog
from apps.accounts.models import Department as Unit
from apps.clinics import services
from apps.clinics.models import Alliance, Appointment, Referral, ReferralEvent, ReferralTerm
from apps.clinics.referral_errors import (
    ReferralAnswered,
    ReferralChanged,
    ReferralConsentMissing,
    ReferralMoveRefused,
    ReferralOtherAlliance,
    ReferralReasonMissing,
    ReferralRedirectedOften,
    ReferralUnknown,
)
from apps.clinics.referral_selectors import slots_for
from apps.clinics.referral_states import MOVES, ReferralState, Side, Urgency, Verb
from apps.clinics.states import Channel
from apps.clinics.states import Verb as VisitVerb
from apps.common import clock as the_clock
from apps.notifications.models import InboxMessage, StaffNotice
from tests.factories.clinics import department_make, institution_make, patient_make, rule_make, session_make
from tests.factories.people import resident_make, staff_make

pytestmark = pytest.mark.django_db


class Two:
    """A clinic and a hospital of one alliance, each with staff, and a patient."""

    def __init__(self, now, resident) -> None:
        rule_make()
        self.now = now
        units = list(Unit.objects.order_by("id")[:3])
        self.alliance = Alliance.objects.create(name="演示医联体")
        self.clinic = institution_make(now=now, unit=units[0], alliance=self.alliance)
        self.hospital = institution_make(now=now, unit=units[1], alliance=self.alliance, level="tertiary")
        self.third = institution_make(now=now, unit=units[2], alliance=self.alliance, level="secondary")
        self.doctor, self.specialist, self.other = (
            staff_make("service_operator", unit=unit.code) for unit in units
        )
        self.patient = patient_make(resident.resident_id, now=now)

    def draft(self, **given) -> Referral:
        values = {
            "staff": self.doctor, "patient": self.patient, "sender": self.clinic, "receiver": self.hospital,
            "department": None, "urgency": Urgency.ROUTINE, "reason": "反复胸痛", "summary": "高血压病史", "now": self.now,
        } | given  # fmt: skip
        return services.referral_draft(**values)

    def act(self, referral, staff, verb, **more) -> Referral:
        fresh = Referral.objects.get(pk=referral.pk)
        return services.referral_act(
            referral_id=referral.pk,
            staff=staff,
            verb=verb,
            version=fresh.version,
            now=the_clock.now(),
            **more,
        )

    def sent(self, **given) -> Referral:
        referral = self.draft(**given)
        services.consent_give(referral_id=referral.pk, staff=self.doctor, note="当面签字", now=self.now)
        return self.act(referral, self.doctor, Verb.SEND)


@pytest.fixture
def two(db, now, resident):
    return Two(now, resident)


def test_nothing_is_sent_without_consent_not_even_by_sql(two):
    referral = two.draft()

    with pytest.raises(ReferralConsentMissing):
        two.act(referral, two.doctor, Verb.SEND)
    with pytest.raises(IntegrityError, match="consent"), transaction.atomic():
        Referral.objects.filter(pk=referral.pk).update(state="sent")
    assert Referral.objects.get().state == "draft"


def test_the_patient_agrees_on_the_phone_and_the_author_is_told(two, resident):
    referral = two.draft()
    assert services.referral_ask(referral_id=referral.pk, staff=two.doctor, now=two.now) == 1
    assert InboxMessage.objects.get().kind == "clinics.referral_asked"
    shown = resident.get("clinics/referrals").json()["results"][0]
    assert (shown["state"], shown["can"], "胸痛" in str(shown)) == ("draft", ["consent"], False)
    assert resident_make().post(f"clinics/referrals/{referral.pk}/consent").status_code == 404

    answer = resident.post(f"clinics/referrals/{referral.pk}/consent")

    assert answer.json()["consented"] is True
    assert StaffNotice.objects.get().staff == two.doctor
    assert two.act(referral, two.doctor, Verb.SEND).state == "sent"


def test_the_receiver_reads_with_consent_and_each_look_is_recorded(two, resident):
    referral = two.sent()

    read = services.referral_read(referral_id=referral.pk, staff=two.specialist, reason="接诊", now=two.now)

    assert (read.reason, read.summary) == ("反复胸痛", "高血压病史")
    look = AccessLog.objects.get()
    assert (look.staff, look.resident_id, look.subject) == (
        two.specialist,
        resident.resident_id,
        referral.number,
    )
    with pytest.raises(ReferralUnknown):
        services.referral_read(referral_id=referral.pk, staff=two.other, reason="好奇", now=two.now)
    resident.post(f"clinics/referrals/{referral.pk}/withdraw")
    with pytest.raises(ReferralConsentMissing):
        services.referral_read(referral_id=referral.pk, staff=two.specialist, reason="再看", now=two.now)
    assert Referral.objects.get().state == "cancelled"


def test_texts_stand_encrypted(two):
    two.draft()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM clinics_referral")
        assert "胸痛".encode() not in bytes(cursor.fetchone()[0])


def test_an_alliance_is_not_left(two, now):
    stranger = institution_make(now=now)
    with pytest.raises(ReferralOtherAlliance):
        two.draft(receiver=stranger)
    with pytest.raises(ReferralOtherAlliance):
        two.draft(department=department_make(two.third))
    referral = two.draft()
    with pytest.raises(IntegrityError, match="alliance"), transaction.atomic():
        Referral.objects.filter(pk=referral.pk).update(receiver=stranger)


def test_from_the_letter_to_the_visit_the_report_and_back_down(two, now, tomorrow, clock):
    referral = two.sent(urgency=Urgency.SOON)
    two.act(referral, two.specialist, Verb.ACCEPT)
    department = department_make(two.hospital)
    held = session_make(department, starts_at=tomorrow, now=now, pools={"public": 1, "referral": 1})
    booked = services.appointment_book_by_staff(
        slot_id=held.slots[0].pk,
        patient_id=two.patient.pk,
        staff=two.specialist,
        channel=Channel.REFERRAL,
        now=now,
    )
    two.act(referral, two.specialist, Verb.BOOK, appointment_id=booked.appointment.pk)
    clock.move_to(tomorrow)
    for verb in (VisitVerb.CHECK_IN, VisitVerb.FULFIL):
        services.appointment_act(
            appointment_id=booked.appointment.pk, staff=two.specialist, verb=verb,
            version=Appointment.objects.get(pk=booked.appointment.pk).version, now=the_clock.now(),
        )  # fmt: skip
    assert Referral.objects.get().state == "seen"
    with pytest.raises(ReferralReasonMissing):
        two.act(referral, two.specialist, Verb.REPORT)
    two.act(referral, two.specialist, Verb.REPORT, text="冠脉检查正常")
    fresh = Referral.objects.get()
    down = services.referral_refer_down(
        referral_id=referral.pk, staff=two.specialist, version=fresh.version, reason="社区随访", summary="控制血压",
        now=the_clock.now(),
    )  # fmt: skip

    assert (down.number, down.direction, down.sender_id, down.receiver_id) == (
        referral.number, "down", two.hospital.pk, two.clinic.pk,
    )  # fmt: skip
    assert Referral.objects.get(pk=referral.pk).state == "down_referred"
    with pytest.raises(ReferralConsentMissing):
        two.act(down, two.specialist, Verb.SEND)
    with pytest.raises(ReferralAnswered):
        services.referral_draft(
            staff=two.specialist, patient=two.patient, sender=two.hospital, receiver=two.clinic, department=None,
            urgency=Urgency.ROUTINE, reason="再来", summary="", now=now, original=referral,
        )  # fmt: skip
    verbs = ReferralEvent.objects.filter(referral=referral).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["draft", "consent", "send", "accept", "book", "see", "report", "refer_down"]


def test_a_cancelled_appointment_gives_the_referral_back_to_the_hospital(two, now, tomorrow):
    referral = two.sent()
    two.act(referral, two.specialist, Verb.ACCEPT)
    held = session_make(department_make(two.hospital), starts_at=tomorrow, now=now)
    booked = services.appointment_book_by_staff(
        slot_id=held.slots[0].pk,
        patient_id=two.patient.pk,
        staff=two.specialist,
        channel=Channel.REFERRAL,
        now=now,
    )
    two.act(referral, two.specialist, Verb.BOOK, appointment_id=booked.appointment.pk)

    services.session_suspend(session_id=held.session.pk, staff=two.specialist, reason="停诊", now=now)

    fresh = Referral.objects.get()
    assert (fresh.state, fresh.appointment) == ("accepted", None)


def test_redirecting_needs_the_patients_word_and_ends_somewhere(two):
    referral = two.sent()
    with pytest.raises(ReferralConsentMissing):
        two.act(referral, two.specialist, Verb.REDIRECT, text="请看骨科", receiver=two.third)
    two.act(
        referral, two.specialist, Verb.REDIRECT, text="请看骨科", receiver=two.third, consent_note="电话同意"
    )

    assert Referral.objects.get().receiver == two.third
    with pytest.raises(ReferralUnknown):
        services.referral_read(referral_id=referral.pk, staff=two.specialist, reason="再看", now=two.now)
    back = two.act(
        referral, two.other, Verb.REDIRECT, text="还是心内", receiver=two.hospital, consent_note="电话同意"
    )
    assert back.redirects == 2
    with pytest.raises(ReferralRedirectedOften):
        two.act(
            referral, two.specialist, Verb.REDIRECT, text="再转", receiver=two.third, consent_note="电话同意"
        )


def test_stale_pages_strangers_and_missing_words_change_nothing(two):
    referral = two.sent()
    with pytest.raises(ReferralChanged):
        services.referral_act(
            referral_id=referral.pk, staff=two.specialist, verb=Verb.ACCEPT, version=1, now=two.now
        )
    with pytest.raises(ReferralUnknown):
        two.act(referral, two.other, Verb.ACCEPT)
    with pytest.raises(ReferralMoveRefused):
        two.act(referral, two.doctor, Verb.ACCEPT)
    with pytest.raises(ReferralReasonMissing):
        two.act(referral, two.specialist, Verb.RETURN)
    assert Referral.objects.get().state == "sent"


def test_who_must_act_next_is_late_by_the_terms_and_told_once(two):
    ReferralTerm.objects.create(
        urgency="emergency", state="sent", hours=2, valid_from=dt.date(2020, 1, 1), source="test"
    )
    referral = two.sent(urgency=Urgency.EMERGENCY)
    assert referral.due_at == two.now + dt.timedelta(hours=2)
    StaffNotice.objects.all().delete()

    counts = [services.referrals_remind(now=two.now + dt.timedelta(hours=hours)) for hours in (1, 2, 3)]

    assert counts == [0, 1, 0]
    assert StaffNotice.objects.get().staff == two.specialist


def test_each_state_is_reached_and_each_move_has_a_side():
    reached = {ReferralState.DRAFT}
    for _round in ReferralState:
        reached |= {move.target for move in MOVES if move.source in reached}
    assert reached == set(ReferralState)
    assert {move.side for move in MOVES} == set(Side)


def test_early_in_the_morning_the_last_day_can_be_chosen_as_in_the_afternoon(resident, now):
    two = Two(now, resident)
    referral, last = two.draft(), the_clock.local(now) + dt.timedelta(days=30)
    held = session_make(
        department_make(two.hospital), starts_at=last, now=now, slots=1, pools={"referral": 1}
    )

    for hour in (6, 12):
        moment = the_clock.local(now).replace(hour=hour)
        assert slots_for(referral=referral, now=moment.astimezone(dt.UTC)) == [(held.slots[0], 1)]
