"""Shapes that come in, and the schema of what goes out (``shapes.py`` builds it)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import PlainTextField, PointField
from apps.common.api.inputs import Input
from apps.facilities.access import Answer, Feature, Profile, Value
from apps.facilities.models import CorrectionReport, Organisation, Service
from apps.facilities.states import CorrectionState, Freshness, Status, Tier

CORRECTION_CHARS = 500


class CorrectionInput(Input):
    field = serializers.ChoiceField(choices=CorrectionReport.Field.values)
    text = PlainTextField(max_length=CORRECTION_CHARS)


class CodeNamed(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class OpenOutput(serializers.Serializer[Any]):
    now = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True)
    next_open_at = serializers.DateTimeField(allow_null=True, help_text="Within 30 days.")
    known = serializers.BooleanField(help_text="false: no hours are recorded, now says nothing.")


class FacilityItem(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = CodeNamed()
    address = serializers.CharField(allow_blank=True)
    street = CodeNamed(allow_null=True)
    point = PointField(allow_null=True, help_text="GCJ-02.")
    distance_m = serializers.IntegerField(allow_null=True, help_text="With near.")
    open = OpenOutput()
    status = serializers.ChoiceField(choices=[one.value for one in Status])
    status_label = serializers.CharField()
    assured_on = serializers.DateField(allow_null=True)
    freshness = serializers.ChoiceField(choices=[one.value for one in Freshness])
    freshness_label = serializers.CharField()


class FacilityOrganisation(CodeNamed):
    kind = serializers.ChoiceField(choices=Organisation.Kind.values)


class ContactOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="phone")
    value = serializers.CharField()


class SpanOutput(serializers.Serializer[Any]):
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()


class DayHours(serializers.Serializer[Any]):
    date = serializers.DateField()
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    holiday = serializers.CharField(allow_null=True, help_text="Also on adjusted workdays: whose they are.")
    is_workday = serializers.BooleanField()
    is_exception = serializers.BooleanField(help_text="Other hours hold on this day alone.")
    spans = SpanOutput(many=True, help_text="Closures taken out; empty: closed.")


class ClosureOutput(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True, help_text="null: until further notice.")
    reason = serializers.CharField()
    in_force = serializers.BooleanField()


class DocumentOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    copies = serializers.IntegerField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class ServiceOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Service.Kind.values)
    description = serializers.CharField(allow_blank=True)
    eligibility = serializers.CharField(allow_blank=True)
    min_age = serializers.IntegerField(allow_null=True)
    max_age = serializers.IntegerField(allow_null=True)
    fee = serializers.CharField(allow_null=True, help_text="null: not known.")
    fee_source = serializers.CharField(allow_null=True, help_text="Where the fee is laid down.")
    documents = DocumentOutput(many=True, help_text="What to bring.")
    promised_days = serializers.IntegerField(allow_null=True, help_text="Working days.")
    levels = serializers.ListField(child=serializers.ChoiceField(choices=[one.value for one in Tier]))


class OfferOutput(ServiceOutput):
    note = serializers.CharField(allow_blank=True)


class OfferedAt(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField(allow_blank=True)


class MatterOutput(ServiceOutput):
    offered_at = OfferedAt(many=True, help_text="At most 5, by name; all: facilities?service=.")
    offered_at_count = serializers.IntegerField()


class FeatureOutput(serializers.Serializer[Any]):
    feature = serializers.ChoiceField(choices=[one.value for one in Feature])
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not DRF's own


class FeatureFact(FeatureOutput):
    value = serializers.ChoiceField(choices=[one.value for one in Value])
    note = serializers.CharField(allow_blank=True)
    checked_on = serializers.DateField(allow_null=True)


class ProfileAnswer(serializers.Serializer[Any]):
    profile = serializers.ChoiceField(choices=[one.value for one in Profile])
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    answer = serializers.ChoiceField(choices=[one.value for one in Answer])
    answer_label = serializers.CharField()
    missing = FeatureOutput(many=True)
    unknown = FeatureOutput(many=True, help_text="Nobody knows; never counted as there.")


class AccessibilityOutput(serializers.Serializer[Any]):
    profiles = ProfileAnswer(many=True)
    facts = FeatureFact(many=True)


class FacilityPhoto(serializers.Serializer[Any]):
    url = serializers.CharField()
    alt = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class FacilityOutput(FacilityItem):
    code = serializers.CharField(allow_null=True)
    community = CodeNamed(allow_null=True)
    organisation = FacilityOrganisation(allow_null=True)
    aliases = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField(allow_blank=True)
    contacts = ContactOutput(many=True)
    languages = serializers.ListField(child=serializers.CharField())
    capacity_note = serializers.CharField(allow_blank=True)
    hours = DayHours(many=True, help_text="Seven days from today on.")
    closures = ClosureOutput(many=True, help_text="In force and to come.")
    services = OfferOutput(many=True)
    accessibility = AccessibilityOutput()
    photos = FacilityPhoto(many=True)
    assured_until = serializers.DateField(allow_null=True)
    provenance = serializers.DictField(help_text="Field → source, confidence, on.")
    updated_at = serializers.DateTimeField()


class CirclePointOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    point = PointField()
    distance_m = serializers.IntegerField(help_text="As the crow flies.")
    walk_minutes = serializers.IntegerField(help_text="An estimate.")


class CircleKindOutput(serializers.Serializer[Any]):
    kind = CodeNamed()
    group = serializers.CharField()
    expected = serializers.BooleanField()
    within = CirclePointOutput(many=True, help_text="At most 3, nearest first.")
    nearest_beyond = CirclePointOutput(allow_null=True, help_text="Where there is none within.")


class WalkOutput(serializers.Serializer[Any]):
    speed_m_min = serializers.FloatField()
    detour = serializers.FloatField()
    straight_m = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not DRF's own


class CircleOutput(serializers.Serializer[Any]):
    point = PointField()
    minutes = serializers.IntegerField()
    estimate = serializers.BooleanField(
        help_text="Always true: a straight line times a detour, no footpaths."
    )
    walk = WalkOutput()
    kinds = CircleKindOutput(many=True)
    missing = CodeNamed(many=True)


class CorrectionMade(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=[one.value for one in CorrectionState])


class OfferedName(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class CorrectionOutput(CorrectionMade):
    facility = OfferedName()
    field = serializers.ChoiceField(choices=CorrectionReport.Field.values)
    text = serializers.CharField()
    state_label = serializers.CharField()
    reply = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    handled_at = serializers.DateTimeField(allow_null=True)
