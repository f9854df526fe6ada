"""Notices to staff by e-mail: once, with nothing of a resident's, and again when the server was away."""

import datetime as dt
import smtplib

import pytest
from django.core import mail

from apps.common import clock as project_clock
from apps.notifications import services as notifications
from apps.notifications.models import StaffNotice
from apps.notifications.services import StaffTold
from tests.factories.people import staff_make


@pytest.fixture
def told(db, settings):
    """Tell two members of staff, one of whom has an address."""
    settings.EMAIL_HOST = "mail.invalid"
    with_mail, without = staff_make("handler", unit="CG"), staff_make("intake_clerk")
    with_mail.email = "handler@example.invalid"
    with_mail.save(update_fields=["email"])

    def tell(key: str = "k") -> None:
        one = StaffTold(
            kind="feedback.late", title="逾期提醒", text="请尽快处理。", path="/admin/feedback/case/", dedup_key=key,
            staff_ids=frozenset({with_mail.pk, without.pk}),
        )  # fmt: skip
        notifications.staff_tell(told=[one], now=project_clock.now())

    return tell


def states() -> list[str]:
    return sorted(StaffNotice.objects.values_list("mail", flat=True))


def send() -> int:
    return notifications.staff_mail_send(now=project_clock.now())


def test_who_has_an_address_gets_it_once(clock, told, settings):
    told()
    told()

    assert (send(), send()) == (1, 0)

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["handler@example.invalid"], "逾期提醒")
    assert f"{settings.PUBLIC_BASE_URL}/admin/feedback/case/" in sent.body
    assert states() == ["none", "sent"]


def test_without_a_mail_server_it_is_read_at_the_desk_only(clock, told, settings):
    settings.EMAIL_HOST = ""
    told()

    assert (send(), states(), mail.outbox) == (0, ["none", "none"], [])


def test_when_the_server_is_away_it_is_tried_again_and_given_up_after_six(clock, told, monkeypatch):
    def away(_message: object) -> None:
        raise smtplib.SMTPServerDisconnected

    told()
    monkeypatch.setattr(mail.EmailMessage, "send", away)
    for attempt in range(1, 7):
        assert send() == 0
        assert StaffNotice.objects.exclude(mail="none").get().mail_attempts == attempt
        clock.shift(dt.timedelta(hours=2))

    assert (send(), states()) == (0, ["failed", "none"])


def test_a_claim_whose_worker_died_is_sent_again(clock, told):
    told()
    StaffNotice.objects.filter(mail="queued").update(
        mail="sending", mail_due_at=project_clock.now() + dt.timedelta(minutes=5)
    )
    assert send() == 0

    clock.shift(dt.timedelta(minutes=6))

    assert (send(), len(mail.outbox)) == (1, 1)
