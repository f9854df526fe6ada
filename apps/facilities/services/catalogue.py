"""Writes of what places refer to: organisations, kinds, services, and the photos that show them."""

from __future__ import annotations

import datetime as dt
from typing import IO, TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from apps.common.changes import announce
from apps.common.files import image_clean
from apps.common.models import Upload
from apps.common.uploads import staff_uploads_claim, upload_drop, upload_keep
from apps.facilities.errors import AltMissing
from apps.facilities.models import Facility, FacilityKind, Organisation, Photo, Service
from apps.facilities.search_index import search_refresh
from apps.facilities.services.acts import act_record, facility_lock
from apps.facilities.states import Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff

ALT_CHARS = 200


def catalogue_save(*, row: Organisation | FacilityKind | Service) -> None:
    """Write an organisation, a kind or a service, and what the places that refer to it are found by.

    2 queries and 4 for each 500 of those places.
    """
    with transaction.atomic():
        row.save()
        if isinstance(row, Service):
            places = Facility.objects.filter(offers__service=row)
        elif isinstance(row, FacilityKind):
            places = Facility.objects.filter(kind=row)
        else:
            places = Facility.objects.filter(organisation=row)
        search_refresh(facility_ids=list(places.order_by("id").values_list("id", flat=True)))
        announce("facilities")


def photo_add(
    *,
    facility_id: UUID,
    stream: IO[bytes],
    alt: str,
    staff: Staff | None,
    now: dt.datetime,
    position: int = 0,
) -> Photo:
    """Keep a picture of a place, cleaned and without its metadata.  7 queries.

    ``alt``  1 to 200 characters.  Raises FacilityNotFound, AltMissing and what ``image_clean`` raises; then nothing is kept.
    """
    words = _alt(alt)
    clean = image_clean(stream=stream)
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id)
        upload = upload_keep(clean=clean, owner_id=None, purpose=Upload.Purpose.FACILITY.value, now=now)
        staff_uploads_claim(
            ids=[upload.id], purpose=Upload.Purpose.FACILITY.value, attached_to=facility.id, now=now
        )
        photo = Photo.objects.create(facility=facility, upload=upload, alt=words, position=position)
        act_record(
            facility=facility, verb=Verb.PICTURE, staff=staff, now=now, changed={"photos": [None, words]}
        )
    return photo


def photo_change(*, photo: Photo, alt: str, position: int, staff: Staff | None, now: dt.datetime) -> None:
    """Write the words and the place in the order of a picture.  5 queries.  Raises AltMissing."""
    words = _alt(alt)
    with transaction.atomic():
        facility = facility_lock(facility_id=photo.facility_id)
        before = Photo.objects.values_list("alt", flat=True).get(pk=photo.pk)
        Photo.objects.filter(pk=photo.pk).update(alt=words, position=position)
        act_record(
            facility=facility, verb=Verb.PICTURE, staff=staff, now=now, changed={"photos": [before, words]}
        )


def photo_drop(*, photo: Photo, staff: Staff | None, now: dt.datetime) -> None:
    """Take a picture away; its files go once the transaction has committed.  6 queries."""
    with transaction.atomic():
        facility = facility_lock(facility_id=photo.facility_id)
        upload = Upload.objects.get(id=photo.upload_id)
        Photo.objects.filter(pk=photo.pk).delete()
        upload_drop(upload=upload)
        act_record(
            facility=facility, verb=Verb.PICTURE, staff=staff, now=now, changed={"photos": [photo.alt, None]}
        )


def _alt(text: str) -> str:
    words = text.strip()
    if not 1 <= len(words) <= ALT_CHARS:
        raise AltMissing(attr="alt")
    return words
