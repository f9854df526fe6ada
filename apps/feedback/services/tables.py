"""Loading categories and deadline profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common.changes import announce
from apps.feedback.models import Category, DeadlineProfile


def profiles_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the deadline profiles that are not there yet ``{"code", "name", "respond": {"value", "unit"}, "settle", …}``; returns how many.

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
    DeadlineProfile.objects.bulk_create(profiles, ignore_conflicts=True)
    announce("reference")
    return len(profiles)


def categories_write(*, tree: Sequence[Mapping[str, Any]], valid_from: str) -> int:
    """Add the groups and sub-categories that are not there yet; returns how many were read.  5 queries.

    What is there stays: staff edit it in the admin.

    ``lead`` and ``support`` are unit codes.
    """
    units = {unit.code: unit for unit in accounts.departments_active()}
    groups = [
        Category(code=row["code"], name=row["name"], name_en=row["name_en"], valid_from=valid_from)
        for row in tree
    ]
    children = [_child(row, group["code"], units, valid_from) for group in tree for row in group["children"]]
    known = set(Category.objects.values_list("code", flat=True))
    link = Category.support.through
    with transaction.atomic():
        Category.objects.bulk_create(groups, ignore_conflicts=True)
        Category.objects.bulk_create(children, ignore_conflicts=True)
        link.objects.bulk_create(
            link(category_id=row["code"], department_id=units[code].id)
            for group in tree
            for row in group["children"]
            if row["code"] not in known
            for code in row["support"]
        )
    announce("reference")
    return len(groups) + len(children)


def _child(row: Mapping[str, Any], group: str, units: Mapping[str, Any], valid_from: str) -> Category:
    return Category(
        code=row["code"], name=row["name"], name_en=row["name_en"], parent_id=group, lead=units[row["lead"]],
        territorial=row["territorial"], profile_code=row["sla"], public_by_default=row["visibility"] == "public",
        sensitive=row["sensitive"], keywords=row["keywords"], notice=row["notice"] or "", stopper=row["stopper"] or "",
        valid_from=valid_from,
    )  # fmt: skip
