"""Notices to staff by e-mail: claimed as a batch, sent with no transaction open, the outcome written for each."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Sequence

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common import clock
from apps.notifications.models import StaffNotice
from apps.notifications.states import retry_delay

log = structlog.get_logger(__name__)
BATCH = 50
MAX_ATTEMPTS = 6
CLAIM = dt.timedelta(minutes=5)
Mail = StaffNotice.Mail


def staff_mail_send(*, now: dt.datetime) -> int:
    """Send what is due over one connection, at most 50; returns how many were sent.

    A mail holds the title, the text and the address of the page: nothing of a resident's, for mail leaves the district's
    network.  A claim that ran out (worker killed) is sent again: a reminder that comes twice does no harm.
    """
    if not settings.EMAIL_HOST:
        return 0
    claimed = _claim(now)
    if not claimed:
        return 0
    sent, failed = _send(claimed)
    StaffNotice.objects.filter(id__in=[one.id for one in sent]).update(mail=Mail.SENT, mail_due_at=None)
    for one in failed:
        over = one.mail_attempts >= MAX_ATTEMPTS
        due_at = (
            None if over else clock.now() + retry_delay(attempts=one.mail_attempts, spread=0.5, first_s=60)
        )
        StaffNotice.objects.filter(id=one.id).update(
            mail=Mail.FAILED if over else Mail.QUEUED, mail_due_at=due_at
        )
    return len(sent)


def _claim(now: dt.datetime) -> list[StaffNotice]:
    with transaction.atomic():
        rows = list(
            StaffNotice.objects.filter(mail__in=[Mail.QUEUED, Mail.SENDING], mail_due_at__lte=now)
            .select_related("staff")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("mail_due_at")[:BATCH]
        )
        for row in rows:
            row.mail_attempts += 1
            row.mail, row.mail_due_at = Mail.SENDING, now + CLAIM
        StaffNotice.objects.bulk_update(rows, ["mail", "mail_attempts", "mail_due_at"])
    return rows


def _send(rows: Sequence[StaffNotice]) -> tuple[list[StaffNotice], list[StaffNotice]]:
    sent: list[StaffNotice] = []
    failed: list[StaffNotice] = []
    try:
        with get_connection() as server:
            for row in rows:
                (sent if _send_one(row, server) else failed).append(row)
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail_unavailable", error=type(error).__name__)
        failed += [row for row in rows if row not in sent and row not in failed]
    return sent, failed


def _send_one(row: StaffNotice, server: object) -> bool:
    page = f"{settings.PUBLIC_BASE_URL.rstrip('/')}{row.path}"
    body = "\n\n".join(part for part in (row.title, row.body, _("Open: {page}").format(page=page)) if part)
    message = EmailMessage(row.title, body, to=[row.staff.email], connection=server)  # type: ignore[arg-type]
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail_not_sent", notice=str(row.id), error=type(error).__name__)
        return False
    return True
