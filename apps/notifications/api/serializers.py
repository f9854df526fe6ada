"""Shapes of the inbox and of WeChat permissions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.inputs import Input
from apps.notifications.models import InboxMessage
from apps.notifications.selectors import Followed
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


class ChannelsInput(Input):
    inbox = serializers.BooleanField(required=False, default=True, help_text="Always true.")
    wechat = serializers.BooleanField(required=False, default=False)
    sms = serializers.BooleanField(required=False, default=False)

    def validate_inbox(self, inbox: bool) -> bool:
        """Keep the inbox: who does not want it leaves the topic out."""
        if not inbox:
            raise serializers.ValidationError(_("The inbox is always told."), "inbox_always")
        return inbox


class SubscriptionInput(Input):
    topic = serializers.CharField(max_length=80)
    channels = ChannelsInput()


class ChannelsOutput(serializers.Serializer[Any]):
    inbox = serializers.BooleanField()
    wechat = serializers.BooleanField()
    sms = serializers.BooleanField()


class SubscriptionOutput(serializers.Serializer[Any]):
    topic = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    channels = serializers.SerializerMethodField()

    @extend_schema_field(ChannelsOutput)
    def get_channels(self, followed: Followed) -> dict[str, bool]:
        """Return the channels; the inbox is always one."""
        return {"inbox": True, "wechat": followed.wechat, "sms": followed.sms}
