"""Serializer fields that every app uses."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.geo import Point

# C0 and C1 controls without the line feed, and the marks that turn the writing direction around (they disguise text).
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def text_clean(text: str) -> str:
    """Return ``text`` with Unix line ends and without control characters."""
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))


class PlainTextField(serializers.CharField):
    """Text as given, less control characters; length counts what remains."""

    def to_internal_value(self, data: Any) -> str:
        """Return the cleaned text.  A number is not taken for a text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(text_clean(data)))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Clean before the base class looks for blanks, so that a text of controls only is blank."""
        return super().run_validation(text_clean(data) if isinstance(data, str) else data)


class PhoneField(PlainTextField):
    """A mainland mobile number, or a landline with its area code."""

    default_error_messages = {
        "phone": _("A phone number takes 11 digits, or an area code and 7 to 8 digits."),
    }

    def to_internal_value(self, data: Any) -> str:
        """Return the digits."""
        text = re.sub(r"[\s\-]", "", super().to_internal_value(data))
        if not re.fullmatch(r"1\d{10}|0\d{9,11}", text):
            self.fail("phone")
        return text


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "lng": {"type": "number", "minimum": -180, "maximum": 180},
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "crs": {"type": "string", "enum": ["gcj02", "wgs84"], "default": "gcj02"},
        },
        "required": ["lng", "lat"],
    }
)
class PointField(serializers.Field[Any, Any, Any, Any]):
    """``{"lng", "lat", "crs"}``; crs is optional in (gcj02) and always out."""

    default_error_messages = {
        "invalid": _("A place takes numbers lng and lat, and crs gcj02 or wgs84."),
        "outside": _("The place lies outside of China: lng 73 to 135.5, lat 17.5 to 54."),
    }

    def to_internal_value(self, data: Any) -> Point:
        """Return the point."""
        if not isinstance(data, dict):
            self.fail("invalid")
        lng, lat, crs = data.get("lng"), data.get("lat"), data.get("crs", "gcj02")
        numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (lng, lat))
        if not numbers or crs not in ("gcj02", "wgs84"):
            self.fail("invalid")
        point = Point(float(str(lng)), float(str(lat)), crs)
        if not point.in_china:
            self.fail("outside")
        return point

    def to_representation(self, value: Point) -> dict[str, Any]:
        """Return the JSON object."""
        return {"lng": value.lng, "lat": value.lat, "crs": value.crs}
