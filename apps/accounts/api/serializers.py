"""Shapes of what comes in and goes out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import PlainTextField
from apps.common.api.inputs import Input


class SignInInput(Input):
    code = PlainTextField(max_length=128)
    privacy_version = PlainTextField(max_length=20, required=False, allow_null=True)


class RefreshInput(Input):
    refresh = PlainTextField(max_length=2000)


class PhoneInput(Input):
    code = PlainTextField(max_length=128)


class ProfileInput(Input):
    nickname = PlainTextField(max_length=30, allow_blank=True)
    street = PlainTextField(max_length=12, required=False, allow_null=True, default=None)
    community = PlainTextField(max_length=12, required=False, allow_null=True, default=None)
    elder_mode = serializers.BooleanField(default=False)
    language = serializers.ChoiceField(choices=["zh-hans"], default="zh-hans")


class ConsentInput(Input):
    purpose = PlainTextField(max_length=40)
    version = PlainTextField(max_length=20)


class ResidentShort(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    nickname = serializers.CharField()
    phone_masked = serializers.CharField(allow_null=True)
    elder_mode = serializers.BooleanField()
    is_new = serializers.BooleanField()


class SignInOutput(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField()
    resident = ResidentShort()


class TokensOutput(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField()


class MeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    nickname = serializers.CharField()
    phone_masked = serializers.CharField(allow_null=True)
    street = serializers.CharField(source="street_id", allow_null=True)
    community = serializers.CharField(source="community_id", allow_null=True)
    elder_mode = serializers.BooleanField()
    language = serializers.CharField()


class PhoneOutput(serializers.Serializer[Any]):
    phone_masked = serializers.CharField()


class PolicyOutput(serializers.Serializer[Any]):
    version = serializers.CharField()
    major = serializers.IntegerField()
    text_url = serializers.CharField()
    items = serializers.ListField(child=serializers.DictField())


class ConsentOutput(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    version = serializers.CharField(source="policy_id")
    major = serializers.IntegerField()
    given_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class AccessLogOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    unit = serializers.CharField(source="department_name")
    subject = serializers.CharField()
    data = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
