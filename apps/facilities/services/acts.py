"""What every write of a place begins and ends with: the lock, the version, the line of history, who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.changes import announce
from apps.common.times import moment_text
from apps.facilities import notices
from apps.facilities.errors import FacilityChanged, FacilityNotFound
from apps.facilities.followed import topic_of
from apps.facilities.models import Facility, FacilityEvent
from apps.facilities.states import Status, Verb
from apps.notifications import services as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Staff
    from apps.notifications.kinds import NoticeKind

TEXT_CHARS = 300


@dataclass(frozen=True, slots=True)
class News:
    """What followers are told.  ``state``  at most 5 characters where WeChat shows it"""

    kind: NoticeKind
    text: str
    state: str


def facility_lock(*, facility_id: UUID, version: int | None = None) -> Facility:
    """Return a place, locked until the caller's transaction ends.  1 query, 2 where it is refused.

    ``version``  the one that the caller saw, None to write over whatever is there
    Raises FacilityNotFound, FacilityChanged.
    """
    facility: Facility | None = (
        Facility.objects.select_for_update(of=("self",)).filter(id=facility_id).first()
    )
    if facility is None:
        raise FacilityNotFound
    if version is not None and facility.version != version:
        last = FacilityEvent.objects.filter(facility=facility).select_related("staff").order_by("-id").first()
        by = str(last.staff) if last and last.staff else _("the system")
        raise FacilityChanged(by=by, at=f"{clock.local(facility.updated_at):%Y-%m-%d %H:%M}")
    return facility


def act_record(
    *,
    facility: Facility,
    verb: Verb,
    staff: Staff | None,
    now: dt.datetime,
    changed: Mapping[str, Any] | None = None,
    written: tuple[str, ...] = (),
    news: News | None = None,
) -> FacilityEvent:
    """Count the version of a locked place up, write the line of history, tell the followers.  2 queries, 3 with news.

    ``changed``  field → [before, after]   ``written``  further fields of ``facility`` that the caller has set
    Nobody is told of a place that is planned or gone.
    """
    facility.version += 1
    facility.updated_at = now
    facility.save(update_fields=["version", "updated_at", *written])
    shown = news if facility.status in (Status.ACTIVE, Status.PAUSED) or verb is Verb.CHANGE else None
    event = FacilityEvent.objects.create(
        facility=facility, verb=verb.value, staff=staff, at=now, changed=dict(changed or {}),
        text=shown.text[:TEXT_CHARS] if shown else "",
    )  # fmt: skip
    if shown is not None:
        notifications.topic_tell(
            topics=[topic_of(facility_id=facility.id)], kind=shown.kind, key=f"{notices.FACILITY.key}:{event.id}", now=now,
            fields={
                "id": str(facility.id), "name": facility.name, "text": shown.text[:TEXT_CHARS], "state": shown.state,
                "at": moment_text(now),
            },
        )  # fmt: skip
    announce("facilities")
    return event
