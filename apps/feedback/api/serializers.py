"""Shapes that come in, and the schema of what goes out (``shapes.py`` builds it)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import PhoneField, PlainTextField, PointField
from apps.common.api.inputs import Input
from apps.common.api.serializers import UploadOutput
from apps.feedback.services import CaseDraft, Elder
from apps.feedback.states import CaseState, Identity, RequestType, Urgency

MAX_UPLOADS = 9
TEXT_CHARS = 2000


class ElderInput(Input):
    """For whom a case is handed in, with that person's consent."""

    name = PlainTextField(max_length=30)
    phone = PhoneField(required=False, allow_null=True)
    relation = PlainTextField(max_length=20)
    consent = serializers.ChoiceField(choices=["in_person", "phone", "written"])


class CaseInput(Input):
    request_type = serializers.ChoiceField(choices=[t.value for t in RequestType])
    category = PlainTextField(max_length=8, required=False, allow_null=True)
    text = PlainTextField(max_length=TEXT_CHARS)
    address = PlainTextField(max_length=200, required=False, allow_blank=True, allow_null=True)
    street = PlainTextField(max_length=12, required=False, allow_null=True)
    point = PointField(required=False, allow_null=True)
    uploads = serializers.ListField(child=serializers.UUIDField(), max_length=MAX_UPLOADS, required=False)
    identity = serializers.ChoiceField(choices=[i.value for i in Identity], default=Identity.NAMED.value)
    allow_public = serializers.BooleanField(default=False)
    on_behalf_of = ElderInput(required=False, allow_null=True)
    asked = serializers.UUIDField(required=False, allow_null=True)

    @staticmethod
    def draft(given: dict[str, Any]) -> CaseDraft:
        """Return the checked values as the service takes them."""
        return CaseDraft(
            request_type=RequestType(given["request_type"]),
            text=given["text"],
            category=given.get("category") or None,
            address=given.get("address") or None,
            street=given.get("street") or None,
            point=given.get("point"),
            uploads=given.get("uploads", []),
            identity=Identity(given["identity"]),
            allow_public=given["allow_public"],
            on_behalf_of=_elder(given.get("on_behalf_of")),
            asked=given.get("asked"),
        )


def _elder(given: dict[str, Any] | None) -> Elder | None:
    if given is None:
        return None
    return Elder(
        name=given["name"], phone=given.get("phone"), relation=given["relation"], consent=given["consent"]
    )


def _uploads() -> Any:
    return serializers.ListField(
        child=serializers.UUIDField(), max_length=MAX_UPLOADS, required=False, default=list
    )


class SuggestInput(Input):
    text = PlainTextField(max_length=TEXT_CHARS)
    point = PointField(required=False, allow_null=True)
    street = PlainTextField(max_length=12, required=False, allow_null=True)


class SolvedInput(Input):
    kind = serializers.ChoiceField(choices=["article", "case", "service"])
    url = PlainTextField(max_length=150)


class SupplementInput(Input):
    text = PlainTextField(max_length=TEXT_CHARS)
    uploads = _uploads()


class AnswerInput(Input):
    question = serializers.UUIDField()
    text = PlainTextField(max_length=TEXT_CHARS)
    uploads = _uploads()


class NudgeInput(Input):
    text = PlainTextField(max_length=500, required=False, allow_blank=True, default="")


class ReopenInput(Input):
    text = PlainTextField(max_length=TEXT_CHARS)


class RateInput(Input):
    resolved = serializers.BooleanField()
    satisfaction = serializers.IntegerField(min_value=1, max_value=5)
    comment = PlainTextField(max_length=500, required=False, allow_blank=True, default="")


class WithdrawInput(Input):
    reason = PlainTextField(max_length=500)


class CategoryChild(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    notice = serializers.CharField(allow_blank=True)
    stopper = serializers.CharField(allow_null=True)
    visibility = serializers.ChoiceField(choices=["public", "private"])
    sensitive = serializers.BooleanField()


class CategoryGroup(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    children = CategoryChild(many=True)


class DueLine(serializers.Serializer[Any]):
    on = serializers.DateField()
    counts = serializers.BooleanField()
    why = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    provisional = serializers.BooleanField()


class TimelineOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_null=True)
    uploads = UploadOutput(many=True)


class ReplyOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    unit = serializers.CharField(allow_null=True)
    text = serializers.CharField()


class SuggestedCategory(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    score = serializers.FloatField()


class SuggestedCase(serializers.Serializer[Any]):
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=[s.value for s in CaseState])
    distance_m = serializers.IntegerField(allow_null=True)


class SuggestedAnswer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["article", "case", "service"])
    title = serializers.CharField()
    url = serializers.CharField()


class SuggestOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    categories = SuggestedCategory(many=True)
    similar = SuggestedCase(many=True)
    answers = SuggestedAnswer(many=True)


class QuestionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    text = serializers.CharField()
    expires_at = serializers.DateTimeField()


class StagesOutput(serializers.Serializer[Any]):
    """What the unit owes before the answer, and when it did it."""

    sign_due_at = serializers.DateTimeField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    contact_due_at = serializers.DateTimeField(allow_null=True)
    contacted_at = serializers.DateTimeField(allow_null=True)


class RatingOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    resolved = serializers.BooleanField()
    satisfaction = serializers.IntegerField()
    comment = serializers.CharField(allow_blank=True)


class CaseOutput(serializers.Serializer[Any]):
    number = serializers.CharField()
    request_type = serializers.ChoiceField(choices=[t.value for t in RequestType])
    category = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    street = serializers.CharField(allow_null=True)
    point = PointField(allow_null=True)
    identity = serializers.ChoiceField(choices=[i.value for i in Identity])
    state = serializers.ChoiceField(choices=[s.value for s in CaseState])
    state_label = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    due_provisional = serializers.BooleanField()
    due_explained = DueLine(many=True)
    overdue = serializers.BooleanField()
    can = serializers.ListField(child=serializers.CharField())
    timeline = TimelineOutput(many=True)
    reply = ReplyOutput(allow_null=True)
    rating = RatingOutput(allow_null=True)
    public_number = serializers.CharField(allow_null=True)
    urgency = serializers.ChoiceField(choices=[u.value for u in Urgency])
    stages = StagesOutput()
    question = QuestionOutput(allow_null=True)
    nudge_next_at = serializers.DateTimeField(allow_null=True)
    joined = serializers.BooleanField()
