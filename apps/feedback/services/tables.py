"""Loading categories and deadline profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common.api.public_cache import public_changed
from apps.feedback.models import Category, DeadlineProfile


def profiles_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write deadline profiles ``{"code", "name", "respond": {"value", "unit"}, "settle", …}``; returns how many.

    1 query.
    """
    profiles = [
        DeadlineProfile(
            code=row["code"], name=row["name"], respond_value=row["respond"]["value"],
            respond_unit=row["respond"]["unit"], settle_value=row["settle"]["value"],
            settle_unit=row["settle"]["unit"],
            extension_max_workdays=(row["extension"] or {}).get("max_workdays", 0),
            nudge_every_h=row["nudge_every_h"], valid_from=row["valid_from"], valid_to=row["valid_to"],
            basis=row["basis"], confirmed=row["confirmed"],
        )
        for row in rows
    ]  # fmt: skip
    DeadlineProfile.objects.bulk_create(
        profiles, update_conflicts=True, unique_fields=["code", "valid_from"],
        update_fields=[
            "name", "respond_value", "respond_unit", "settle_value", "settle_unit", "extension_max_workdays",
            "nudge_every_h", "valid_to", "basis",
        ],
    )  # fmt: skip
    return len(profiles)


def categories_write(*, tree: Sequence[Mapping[str, Any]], valid_from: str) -> int:
    """Write the groups and their sub-categories; returns how many.  6 queries.

    ``lead`` and ``support`` are unit codes.
    """
    units = {unit.code: unit for unit in accounts.departments_active()}
    groups = [
        Category(code=row["code"], name=row["name"], name_en=row["name_en"], valid_from=valid_from)
        for row in tree
    ]
    children = [_child(row, group["code"], units, valid_from) for group in tree for row in group["children"]]
    fields = [
        "name", "name_en", "parent", "lead", "territorial", "profile_code", "public_by_default", "sensitive",
        "keywords", "notice", "stopper",
    ]  # fmt: skip
    with transaction.atomic():
        for rows in (groups, children):
            Category.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["code"], update_fields=fields
            )
        link = Category.support.through
        link.objects.filter(category__in=[child.code for child in children]).delete()
        link.objects.bulk_create(
            link(category_id=row["code"], department_id=units[code].id)
            for group in tree
            for row in group["children"]
            for code in row["support"]
        )
    public_changed("reference")
    return len(groups) + len(children)


def _child(row: Mapping[str, Any], group: str, units: Mapping[str, Any], valid_from: str) -> Category:
    return Category(
        code=row["code"], name=row["name"], name_en=row["name_en"], parent_id=group, lead=units[row["lead"]],
        territorial=row["territorial"], profile_code=row["sla"], public_by_default=row["visibility"] == "public",
        sensitive=row["sensitive"], keywords=row["keywords"], notice=row["notice"] or "", stopper=row["stopper"] or "",
        valid_from=valid_from,
    )  # fmt: skip
