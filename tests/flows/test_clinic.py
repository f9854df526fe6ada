"""Booked on the phone, reminded through WeChat, checked in at the door, seen: HTTP in, WeChat's simulator out."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.accounts.models import Department as Unit
from apps.clinics import services
from apps.clinics.states import Verb
from apps.common import clock as the_clock
from apps.notifications import services as notifications
from apps.notifications.models import InboxMessage
from apps.notifications.states import Channel
from tests.factories.clinics import (
    book,
    department_make,
    institution_make,
    patient_make,
    rule_make,
    session_make,
)
from tests.factories.people import resident_make, staff_make
from tests.notifications.conftest import Wechat

pytestmark = pytest.mark.django_db
SIGNS = "service_notice"


def test_from_the_booking_over_the_reminders_to_the_visit(simulator, grant, clock):
    wechat, now = Wechat(simulator), the_clock.now()
    openid = wechat.ask("POST", "/control/users", {"nickname": "某人"})["openid"]
    resident = resident_make(openid=openid)
    grant(resident, template=SIGNS)
    wechat.permit(resident, template=SIGNS)
    rule_make()
    starts_at = the_clock.local(now).replace(hour=9, minute=0) + dt.timedelta(days=1)
    clinic = institution_make(now=now, unit=Unit.objects.get(code="WJ"))
    held = session_make(department_make(clinic), starts_at=starts_at, now=now)

    number = book(resident, held.slots[0], patient_make(resident.resident_id, now=now)).json()["number"]
    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    told = wechat.messages(resident)
    assert [one["data"]["phrase4"]["value"] for one in told] == ["已预约"]
    assert told[0]["page"] == f"pages/clinics/appointment?number={number}"
    for before in (dt.timedelta(hours=16), dt.timedelta(hours=1)):
        clock.move_to(starts_at - before)
        assert services.reminders_tell(now=the_clock.now()) == 1

    again = resident_make(openid=openid)
    arrived = again.post(f"clinics/appointments/{number}/check-in", {"code": clinic.door_code})
    assert arrived.json()["state"] == "arrived"
    row = held.session.appointments.get(number=number)
    services.appointment_act(
        appointment_id=row.pk, staff=staff_make("service_operator", unit="WJ"), verb=Verb.FULFIL, version=row.version,
        now=starts_at,
    )  # fmt: skip
    assert again.get(f"clinics/appointments/{number}").json()["state"] == "fulfilled"
    kinds = list(InboxMessage.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["clinics.booked", "clinics.day_before", "clinics.soon"]
