"""Shapes that come in, and the schema of what goes out (``shapes.py`` builds it)."""

from __future__ import annotations

from rest_framework import serializers

from apps.common.api.fields import PhoneField, PlainTextField
from apps.common.api.inputs import Input
from apps.schools.models import Application, ApplicationDocument, Check, Guardianship, Offer, Stage
from apps.schools.states import RoundState


class ChildInput(Input):
    """``birth_on`` and ``gender`` only where the document is not an identity card."""

    relation = serializers.ChoiceField(choices=Guardianship.Relation.values)
    name = PlainTextField(max_length=40)
    id_kind = serializers.ChoiceField(choices=["resident", "other"], default="resident")
    id_number = PlainTextField(max_length=30)
    birth_on = serializers.DateField(required=False, allow_null=True)
    gender = serializers.ChoiceField(choices=["female", "male"], required=False, allow_null=True)
    consent = serializers.BooleanField(
        help_text="I am the child's guardian and agree to the use of its data."
    )


class HomeInput(Input):
    lng = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-90, max_value=90)
    crs = serializers.ChoiceField(choices=["gcj02", "wgs84"], default="gcj02")


class FilingInput(Input):
    """What is left out stays as it is."""

    address = PlainTextField(max_length=120, required=False)
    community = serializers.CharField(max_length=12, required=False)
    category = serializers.SlugField(max_length=12, required=False)
    phone = PhoneField(required=False, allow_null=True)
    preferences = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        min_length=1,
        max_length=12,
        help_text="Intakes, the best first.",
    )
    home = HomeInput(required=False, allow_null=True)


class ApplicationInput(FilingInput):
    round = serializers.UUIDField()
    child = serializers.UUIDField()


class ApplicationChange(FilingInput):
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="What was seen; another one: 409."
    )


class ObjectionInput(Input):
    text = PlainTextField(max_length=500)


class AppealTextInput(Input):
    text = PlainTextField(max_length=1000, min_length=10)


class PlaceAnswerInput(Input):
    intake = serializers.UUIDField(
        required=False, allow_null=True, help_text="Which waiting list's offer; left out: the place held."
    )


class AskingOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    relation = serializers.ChoiceField(choices=Guardianship.Relation.values)


class ChildOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    guardianship = serializers.UUIDField()
    relation = serializers.ChoiceField(choices=Guardianship.Relation.values)
    confirmed = serializers.BooleanField(
        help_text="false: the other guardian or the counter has to confirm it first."
    )
    name_masked = serializers.CharField()
    id_masked = serializers.CharField()
    birth_on = serializers.DateField()
    asking = AskingOutput(many=True, help_text="Who wants to act for the child too; to be confirmed.")


class CategoryOutput(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    rank = serializers.IntegerField()
    papers = serializers.CharField(allow_blank=True)


class RoundOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    stage = serializers.ChoiceField(choices=Stage.values)
    year = serializers.IntegerField()
    state = serializers.ChoiceField(choices=[one.value for one in RoundState])
    state_label = serializers.CharField()
    office = serializers.CharField()
    accepting = serializers.BooleanField(help_text="Whether applications can be handed in at this moment.")
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    fix_until = serializers.DateTimeField()
    answer_until = serializers.DateTimeField()
    waiting_until = serializers.DateTimeField()
    starts_on = serializers.DateField()
    born_from = serializers.DateField()
    born_to = serializers.DateField()
    max_choices = serializers.IntegerField()
    policy = serializers.CharField()
    policy_label = serializers.CharField()
    catchment_first = serializers.BooleanField()
    band_m = serializers.IntegerField()
    public_number_source = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    demonstration = serializers.BooleanField()


class RoundWhole(RoundOutput):
    categories = CategoryOutput(many=True)


class SeatChangeOutput(serializers.Serializer[object]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class CutoffOutput(serializers.Serializer[object]):
    category = serializers.CharField(allow_null=True, help_text="null: over all classes.")
    admitted = serializers.JSONField(help_text='A number, or "<5".')
    applied = serializers.JSONField(help_text='A number, or "<5".')
    last_rank = serializers.IntegerField(allow_null=True)
    last_priority = serializers.IntegerField(allow_null=True)
    last_points = serializers.IntegerField(allow_null=True)
    last_band = serializers.IntegerField(allow_null=True)


class ReserveOutput(serializers.Serializer[object]):
    category = serializers.CharField()
    seats = serializers.IntegerField()


class IntakeOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    school = serializers.CharField()
    school_code = serializers.CharField()
    facility = serializers.UUIDField(allow_null=True)
    plan = serializers.IntegerField()
    places = serializers.IntegerField()
    changes = SeatChangeOutput(many=True)
    reserves = ReserveOutput(many=True)
    applied = serializers.JSONField(help_text='A number, or "<5"; so are all that follow.')
    verified = serializers.JSONField()
    refused = serializers.JSONField()
    offered = serializers.JSONField()
    accepted = serializers.JSONField()
    declined = serializers.JSONField()
    free = serializers.JSONField()
    waiting = serializers.JSONField()
    cutoffs = CutoffOutput(many=True)


class CountOutput(serializers.Serializer[object]):
    on = serializers.DateField()
    intake = serializers.UUIDField()
    name = serializers.CharField()
    places = serializers.IntegerField()
    applied = serializers.JSONField(help_text='A number, or "<5"; so are all that follow.')
    verified = serializers.JSONField()
    offered = serializers.JSONField()
    accepted = serializers.JSONField()
    waiting = serializers.JSONField()


class PreferenceOutput(serializers.Serializer[object]):
    intake = serializers.UUIDField()
    name = serializers.CharField()
    school = serializers.CharField()
    position = serializers.IntegerField()
    in_catchment = serializers.BooleanField()
    band = serializers.IntegerField()


class PaperOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ApplicationDocument.Kind.values)
    kind_label = serializers.CharField()
    added_at = serializers.DateTimeField()


class CheckOutput(serializers.Serializer[object]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=Check.Outcome.values)


class ReasonOutput(serializers.Serializer[object]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class PlaceOfferOutput(serializers.Serializer[object]):
    intake = serializers.UUIDField()
    school = serializers.CharField()
    state = serializers.ChoiceField(choices=Offer.State.values)
    state_label = serializers.CharField()
    answer_until = serializers.DateTimeField()
    decline_asked = serializers.BooleanField(
        help_text="A guardian wants to decline; it counts if the other agrees."
    )


class ApplicationOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    number = serializers.CharField()
    round = serializers.UUIDField()
    round_name = serializers.CharField()
    child = serializers.UUIDField()
    child_name_masked = serializers.CharField()
    state = serializers.ChoiceField(choices=Application.State.values)
    state_label = serializers.CharField()
    version = serializers.IntegerField()
    category = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    community = serializers.CharField(allow_null=True)
    phone_masked = serializers.CharField(allow_null=True)
    points = serializers.IntegerField()
    twins = serializers.BooleanField()
    preferences = PreferenceOutput(many=True)
    documents = PaperOutput(many=True)
    checks = CheckOutput(many=True)
    reasons = ReasonOutput(many=True, help_text="Of the last reviewer who asked for something or refused.")
    note = serializers.CharField(allow_blank=True)
    fix_until = serializers.DateTimeField()
    objected = serializers.BooleanField()
    roster_code = serializers.CharField(allow_null=True, help_text="The pseudonym on the frozen roster.")
    offer = PlaceOfferOutput(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)


class StoryOutput(serializers.Serializer[object]):
    intake = serializers.UUIDField()
    school = serializers.CharField()
    position = serializers.IntegerField()
    admitted = serializers.BooleanField()
    own_priority = serializers.IntegerField()
    own_rank = serializers.IntegerField()
    seats = serializers.IntegerField()
    last_rank = serializers.IntegerField(allow_null=True)
    last_priority = serializers.IntegerField(allow_null=True)
    year_before = CutoffOutput(allow_null=True)
    waiting_position = serializers.IntegerField(allow_null=True)
    waiting_offer_until = serializers.DateTimeField(allow_null=True)
    text = serializers.CharField(help_text="In plain words.")


class ResultOutput(serializers.Serializer[object]):
    application = serializers.UUIDField()
    number = serializers.CharField()
    roster_code = serializers.CharField(allow_null=True)
    choices = StoryOutput(many=True)
    offer = PlaceOfferOutput(allow_null=True)


class DrawOutput(serializers.Serializer[object]):
    round = serializers.UUIDField()
    roster_hash = serializers.CharField(allow_null=True)
    frozen_at = serializers.DateTimeField(allow_null=True)
    applicants = serializers.IntegerField(allow_null=True)
    public_number_source = serializers.CharField()
    commitment = serializers.CharField(allow_null=True)
    committed_at = serializers.DateTimeField(allow_null=True)
    public_number = serializers.CharField(allow_null=True)
    secret = serializers.CharField(allow_null=True)
    revealed_at = serializers.DateTimeField(allow_null=True)
    algorithm = serializers.CharField(allow_null=True)
    certificate_holds = serializers.BooleanField(allow_null=True)
    bundle_hash = serializers.CharField(allow_null=True)
    files = serializers.ListField(child=serializers.CharField(), help_text="Below …/draw/files/{name}.")
