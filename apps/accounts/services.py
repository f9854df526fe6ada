"""Writes about people: sign-in, sessions, profile, phone, consents, the access log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors, tokens
from apps.accounts.models import (
    AccessLog,
    Consent,
    Department,
    Membership,
    PolicyVersion,
    Resident,
    ResidentSession,
    Staff,
)
from apps.accounts.states import BASIC_SERVICE
from apps.accounts.tokens import TokenPair
from apps.common.crypto import lookup_hash
from apps.common.errors import Refused

NO_SESSION = UUID(int=0)


class PolicyUnknown(Refused):
    code = "privacy_version_unknown"
    message = _("This version of the privacy policy is not the one in force.")
    status = 400


class PurposeUnknown(Refused):
    code = "purpose_unknown"
    message = _("The privacy policy in force does not name this purpose.")
    status = 400


class ConsentRequired(Refused):
    code = "consent_required"
    message = _("Please agree to the privacy policy first.")
    status = 403


class RefreshRefused(Refused):
    code = "refresh_invalid"
    message = _("The sign-in has ended. Please sign in again.")
    status = 401


class PlaceUnknown(Refused):
    code = "place_unknown"
    message = _("This street or community is not in the district's list in force today.")
    status = 400


def openid_hash(openid: str) -> str:
    """Return what a resident is found by."""
    return lookup_hash(openid, purpose="openid")


def resident_sign_in(
    *, openid: str, unionid: str | None, privacy_version: str | None, now: dt.datetime
) -> tuple[Resident, TokenPair, bool]:
    """Find or make the resident of ``openid``, open a session, record consent when a version is named.

    Returns the resident, the tokens and whether the resident is new.  At most 8 queries.  Two first sign-ins at once
    make one resident: the unique hash decides.  Raises PolicyUnknown.
    """
    with transaction.atomic():
        resident, is_new = _resident_find_or_make(openid, unionid, now)
        if privacy_version is not None:
            consent_give(resident_id=resident.id, purpose=BASIC_SERVICE, version=privacy_version, now=now)
        pair = _session_open(resident.id, now)
    return resident, pair, is_new


def _resident_find_or_make(openid: str, unionid: str | None, now: dt.datetime) -> tuple[Resident, bool]:
    found = Resident.objects.filter(openid_hash=openid_hash(openid)).first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            made = Resident.objects.create(
                openid=openid, openid_hash=openid_hash(openid), unionid=unionid, created_at=now
            )
    except IntegrityError:
        return Resident.objects.get(openid_hash=openid_hash(openid)), False
    return made, True


def service_resident_make(*, label: str, now: dt.datetime) -> Resident:
    """Make an account for a program that hands in cases: nobody can sign in to it.  1 query.

    ``label``  at most 30 characters, shown where a resident's nickname stands
    """
    return Resident.objects.create(nickname=label[:30], created_at=now)


def _session_open(resident_id: UUID, now: dt.datetime) -> TokenPair:
    session = ResidentSession(
        resident_id=resident_id, created_at=now, rotated_at=now, expires_at=now + tokens.refresh_lifetime()
    )
    pair = tokens.pair_make(resident_id=resident_id, session_id=session.id)
    session.refresh_jti = pair.refresh_jti
    session.save(force_insert=True)
    return pair


def session_refresh(*, refresh: str, now: dt.datetime) -> TokenPair:
    """Return new tokens and end the old refresh token.  3 queries.

    Raises RefreshRefused.  A token that was used before ends its whole line (RFC 9700, 4.14.2): one of the two who
    hold it has stolen it.
    """
    session_id, jti = tokens.refresh_read(refresh)
    reused = False
    with transaction.atomic():
        session = (
            ResidentSession.objects.select_for_update()
            .filter(id=session_id or NO_SESSION, ended_at=None, expires_at__gt=now)
            .first()
        )
        if session is None:
            raise RefreshRefused
        if session.refresh_jti != jti:
            reused = True
            _session_end(session, "reuse", now)
        else:
            pair = tokens.pair_make(resident_id=session.resident_id, session_id=session.id)
            session.refresh_jti, session.rotated_at = pair.refresh_jti, now
            session.expires_at = now + tokens.refresh_lifetime()
            session.save(update_fields=["refresh_jti", "rotated_at", "expires_at"])
    if reused:  # raised after the transaction, or its end would be rolled back
        raise RefreshRefused
    return pair


def session_logout(*, refresh: str, now: dt.datetime) -> None:
    """End the session of a refresh token; one that is over already stays over.  2 queries."""
    session_id, _jti = tokens.refresh_read(refresh)
    with transaction.atomic():
        session = (
            ResidentSession.objects.select_for_update()
            .filter(id=session_id or NO_SESSION, ended_at=None)
            .first()
        )
        if session is not None:
            _session_end(session, "logout", now)


def _session_end(session: ResidentSession, why: str, now: dt.datetime) -> None:
    session.ended_at, session.ended_why = now, why
    session.save(update_fields=["ended_at", "ended_why"])


def profile_update(
    *,
    resident_id: UUID,
    nickname: str,
    street: str | None,
    community: str | None,
    elder_mode: bool,
    language: str,
    now: dt.datetime,
    on: dt.date,
) -> Resident:
    """Replace the resident's profile.  At most 5 queries.  Raises PlaceUnknown."""
    wrong = selectors.place_valid(street=street, community=community, on=on)
    if wrong:
        raise PlaceUnknown(attr=wrong)
    with transaction.atomic():
        resident: Resident = Resident.objects.select_for_update().get(id=resident_id)
        resident.nickname, resident.elder_mode, resident.language = nickname, elder_mode, language
        resident.street_id, resident.community_id = street, community
        resident.save(update_fields=["nickname", "elder_mode", "language", "street", "community"])
    return resident


def resident_lock(*, resident_id: UUID) -> None:
    """Keep others from changing what belongs to a resident until the caller's transaction ends.  1 query.

    Rows that only refer to the resident can still be written.
    """
    Resident.objects.select_for_update(no_key=True).only("id").get(id=resident_id)


def phone_set(*, resident_id: UUID, phone: str) -> Resident:
    """Keep the phone number that WeChat confirmed.  2 queries."""
    with transaction.atomic():
        resident: Resident = Resident.objects.select_for_update().get(id=resident_id)
        resident.phone, resident.phone_hash = phone, lookup_hash(phone, purpose="phone")
        resident.save(update_fields=["phone", "phone_hash"])
    return resident


def consent_give(*, resident_id: UUID, purpose: str, version: str, now: dt.datetime) -> Consent:
    """Record consent to ``purpose`` under the policy in force; once given it stays one row.  At most 3 queries.

    Raises PolicyUnknown when ``version`` is not the one in force, PurposeUnknown when it does not name ``purpose``.
    """
    policy = selectors.policy_current(now=now)
    if policy is None or policy.version != version:
        raise PolicyUnknown(attr="privacy_version", current=policy.version if policy else None)
    if purpose not in {item["purpose"] for item in policy.items}:
        raise PurposeUnknown(attr="purpose")
    Consent.objects.bulk_create(
        [Consent(resident_id=resident_id, purpose=purpose, policy=policy, major=policy.major, given_at=now)],
        ignore_conflicts=True,
    )
    return Consent.objects.get(
        resident_id=resident_id, purpose=purpose, major=policy.major, withdrawn_at=None
    )


def consent_withdraw(*, resident_id: UUID, purpose: str, now: dt.datetime) -> int:
    """Withdraw what was agreed for ``purpose``; returns how many rows.  1 query (PIPL 15)."""
    return Consent.objects.filter(resident_id=resident_id, purpose=purpose, withdrawn_at=None).update(
        withdrawn_at=now
    )


def access_record(
    *, staff: Staff, resident_id: UUID, subject: str, data: str, reason: str, now: dt.datetime
) -> None:
    """Record that ``staff`` looks at personal data, before it is shown.  2 queries."""
    membership = staff.memberships.select_related("department").order_by("-is_head", "id").first()
    AccessLog.objects.create(
        staff=staff, department_name=membership.department.name if membership else "", resident_id=resident_id,
        subject=subject, data=data, reason=reason, at=now,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at a resident's data: whose, in which matter, at what."""

    resident_id: UUID
    subject: str
    data: str


def access_record_many(*, staff: Staff, looked: Sequence[Looked], reason: str, now: dt.datetime) -> None:
    """Record that ``staff`` sees data of several residents at once.  2 queries for each 1,000."""
    membership = staff.memberships.select_related("department").order_by("-is_head", "id").first()
    unit = membership.department.name if membership else ""
    AccessLog.objects.bulk_create(
        [
            AccessLog(
                staff=staff, department_name=unit, resident_id=one.resident_id, subject=one.subject, data=one.data[:60],
                reason=reason, at=now,
            )
            for one in looked
        ],
        batch_size=1000,
    )  # fmt: skip


def policy_publish(
    *, version: str, major: int, text_url: str, items: list[dict[str, object]], valid_from: dt.datetime
) -> PolicyVersion:
    """Add a version of the privacy policy; the same version again changes nothing.  2 queries."""
    policy, _made = PolicyVersion.objects.get_or_create(
        version=version,
        defaults={"major": major, "text_url": text_url, "items": items, "valid_from": valid_from},
    )
    return policy


def departments_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the units that are not there yet: ``{"code", "name", "short", "type", "aliases", "parent", "street", "basis"}``; returns how many.

    ``parent`` and ``street`` are codes.  2 queries and one for each unit with a parent.
    """
    units = [
        Department(
            code=row["code"], name=row["name"], short=row["short"], kind=row["type"], aliases=row["aliases"],
            street_id=row["street"], basis=row["basis"],
        )
        for row in rows
    ]  # fmt: skip
    with transaction.atomic():
        known = set(Department.objects.values_list("code", flat=True))
        Department.objects.bulk_create(units, ignore_conflicts=True)
        ids = dict(Department.objects.values_list("code", "id"))
        for row in rows:
            if row["parent"] and row["code"] not in known:
                Department.objects.filter(code=row["code"]).update(parent_id=ids[row["parent"]])
    return len(units)


def staff_write(
    *,
    username: str,
    display_name: str,
    password: str,
    roles: Iterable[str],
    department: str | None,
    is_head: bool,
) -> Staff:
    """Write a member of staff with roles and unit; an existing one keeps the password when it still fits.

    About 8 queries.
    """
    with transaction.atomic():
        staff, _made = Staff.objects.update_or_create(
            username=username, defaults={"display_name": display_name, "is_staff": True, "is_active": True}
        )
        if not staff.check_password(password):
            staff.set_password(password)
            staff.save(update_fields=["password"])
        staff.groups.set(Group.objects.filter(name__in=list(roles)))
        if department:
            unit = Department.objects.get(code=department)
            Membership.objects.update_or_create(staff=staff, department=unit, defaults={"is_head": is_head})
    return staff
