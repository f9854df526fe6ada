"""What the public sees of a case on the board.  Built by hand; ``BoardItem`` is its schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework import serializers

from apps.common import clock
from apps.common.api.fields import PointField
from apps.feedback import labels
from apps.feedback.board_selectors import Row
from apps.feedback.services.follows import Followed
from apps.feedback.states import CaseState


class CodeName(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class BoardItem(serializers.Serializer[Any]):
    public_number = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="Redacted.")
    category = CodeName()
    street = CodeName(allow_null=True)
    state = serializers.ChoiceField(choices=[s.value for s in CaseState])
    state_label = serializers.CharField()
    point = PointField(allow_null=True, help_text="Homes: the centre of a cell of 250 m.")
    submitted_on = serializers.DateField()
    replied_on = serializers.DateField()
    published_at = serializers.DateTimeField()
    reply = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True, help_text="“You said, we did”: what changed for good.")
    noted_on = serializers.DateField(allow_null=True)
    followers = serializers.IntegerField()
    highlight = serializers.CharField(required=False, help_text="With q: HTML, hits in <em>.")
    distance_m = serializers.IntegerField(required=False, help_text="With near.")


class FollowOutput(serializers.Serializer[Any]):
    public_number = serializers.CharField()
    following = serializers.BooleanField()
    followers = serializers.IntegerField()


def board_item(row: Row) -> dict[str, Any]:
    """Return a published entry as lists and the single page show it."""
    has_place = row["lng"] is not None
    return {
        "public_number": row["public_number"],
        "title": row["title"],
        "text": row["text"],
        "category": {"code": row["category_code"], "name": row["category_name"]},
        "street": {"code": row["street_code"], "name": row["street_name"]} if row["street_code"] else None,
        "state": row["case_state"],
        "state_label": str(labels.STATE_LABELS[CaseState(row["case_state"])]),
        "point": {"lng": row["lng"], "lat": row["lat"], "crs": row["crs"]} if has_place else None,
        "submitted_on": _day(row["submitted_at"]),
        "replied_on": _day(row["replied_at"]),
        "published_at": clock.local(row["published_at"]).isoformat(timespec="seconds"),
        "reply": row["reply_text"],
        "unit": row["unit"],
        "note": row["note"] or None,
        "noted_on": _day(row["noted_at"]) if row["noted_at"] else None,
        "followers": row["followers"],
    }


def _day(at: dt.datetime) -> str:
    return clock.local(at).date().isoformat()


def follow_shape(followed: Followed) -> dict[str, Any]:
    """Return where the resident stands."""
    return {
        "public_number": followed.public_number,
        "following": followed.following,
        "followers": followed.followers,
    }
