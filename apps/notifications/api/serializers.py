"""Shapes of the inbox and of WeChat permissions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.common.api.inputs import Input
from apps.notifications.models import InboxMessage
from apps.notifications.services.ledger import RESULTS


class InboxOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    link = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    def get_link(self, message: InboxMessage) -> dict[str, Any]:
        """Return the page of the mini-program and its query."""
        return {"page": message.page, "params": message.params}


class UnreadOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="At most 99.")


class ReadInput(Input):
    ids = serializers.ListField(child=serializers.UUIDField(), max_length=100, required=False)
    all = serializers.BooleanField(required=False, default=False)


class ReadOutput(serializers.Serializer[Any]):
    changed = serializers.IntegerField()


class TemplateOutput(serializers.Serializer[Any]):
    template_id = serializers.CharField(source="template.template_id")
    name = serializers.CharField(source="template.name")
    title = serializers.CharField(source="template.title")
    type = serializers.SerializerMethodField()
    remaining = serializers.IntegerField(allow_null=True, help_text="Sends at hand; null without a token.")
    long_term_on = serializers.BooleanField()
    ask = serializers.BooleanField(help_text="Whether the dialog is worth showing now.")

    def get_type(self, shown: Any) -> str:
        """Return "one-time" or "long-term"."""
        return "one-time" if shown.template.type == shown.template.Type.ONE_TIME else "long-term"


class GrantsInput(Input):
    results = serializers.DictField(
        child=serializers.RegexField(rf"^({'|'.join(RESULTS)})\w{{0,30}}$"), allow_empty=False
    )

    def validate_results(self, results: dict[str, str]) -> dict[str, str]:
        """Take at most the dialog's three templates."""
        if len(results) > 3:
            raise serializers.ValidationError(_("At most 3 templates."), "too_many")
        return results


class GrantsOutput(serializers.Serializer[Any]):
    remaining = serializers.DictField(child=serializers.IntegerField())
