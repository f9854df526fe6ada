"""A place with a row of everything that belongs to it, written by the services."""

from __future__ import annotations

import datetime as dt
import io
from uuid import UUID

from apps.accounts.models import Staff
from apps.common import clock
from apps.facilities import services
from apps.facilities.access import Feature, Value
from apps.facilities.models import Facility, Organisation, Service
from tests.factories.pictures import jpeg


def place_make(*, staff: Staff, resident_id: UUID) -> Facility:
    """Return a place in service with hours, an exception day, a closure, facts, a service, a photo, a report, an assurance."""
    now = clock.now()
    organisation = Organisation.objects.create(code="901", name="示例机构", kind="public")
    service = Service.objects.create(
        code="902", name="示例事项", kind="matter", levels=["street"],
        documents=[{"name": "居民身份证", "copies": 1, "note": "原件"}],
    )  # fmt: skip
    values = {
        "name": "示例便民服务中心", "code": "903", "kind_id": "street_office", "organisation_id": organisation.pk,
        "address": "和平大道1号", "street_id": "420107003", "lng": 114.39, "lat": 30.63, "languages": ["普通话"],
    }  # fmt: skip
    place = services.facility_write(facility_id=None, values=values, staff=staff, version=None, now=now)
    by = {"facility_id": place.id, "staff": staff, "now": now}
    services.aliases_write(names=["老街道办"], **by)
    services.offers_write(offers=[services.Offer(service.pk, "二楼")], **by)
    services.hours_write(rules=[services.RuleDraft(day, 510, 720) for day in range(5)], **by)
    day = clock.today() + dt.timedelta(days=3)
    services.exceptions_write(days=[services.DayDraft(day, [], "停水")], **by)
    services.closure_begin(starts_at=now, ends_at=None, reason="停电检修", **by)
    services.access_facts_write(facts=[services.FactDraft(Feature.LIFT, Value.YES)], **by)
    services.photo_add(stream=io.BytesIO(jpeg()), alt="大门", **by)
    services.assurance_give(method="visit", assured_on=clock.today(), **by)
    report = {"resident_id": resident_id, "facility_id": place.id, "now": now}
    services.correction_submit(field="address", text="应为2号", **report)
    return Facility.objects.get(id=place.id)
