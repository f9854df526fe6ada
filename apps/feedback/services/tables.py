"""Loading the tables that staff edit afterwards: what is there already stays as they left it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common.changes import announce
from apps.feedback.models import (
    Category,
    DeadlineProfile,
    DeadlineRule,
    DutyClause,
    HandoverChannel,
    ReplyTemplate,
    RoutingRule,
)


def profiles_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the deadline profiles that are not there yet ``{"code", "name", "respond": {"value", "unit"}, "settle", …}``; returns how many.

    1 query.
    """
    profiles = [
        DeadlineProfile(
            code=row["code"], name=row["name"], respond_value=row["respond"]["value"],
            respond_unit=row["respond"]["unit"], settle_value=row["settle"]["value"],
            settle_unit=row["settle"]["unit"],
            sign_value=row["sign"]["value"], sign_unit=row["sign"]["unit"],
            return_value=row["return_within"]["value"], return_unit=row["return_within"]["unit"],
            max_hops=row["max_hops"], head_after_h=row["escalation_h"][0], chief_after_h=row["escalation_h"][1],
            answer_within_days=row["answer_within_days"],
            extension_max_workdays=(row["extension"] or {}).get("max_workdays", 0),
            extension_times=(row["extension"] or {}).get("times", 0),
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
        sensitive=row["sensitive"], keywords=row["keywords"], evidence=row["evidence"], notice=row["notice"] or "", stopper=row["stopper"] or "",
        valid_from=valid_from,
    )  # fmt: skip


def rules_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the deadline rules that are not there yet ``{"position", "request_type", "category", "urgency", "over", "profile", …}``.

    Returns how many were read.  1 query.
    """
    rules = [
        DeadlineRule(
            position=row["position"], request_type=row["request_type"], category_id=row["category"],
            urgency=row["urgency"], over=row["over"], profile_code=row["profile"], valid_from=row["valid_from"],
            valid_to=row["valid_to"], basis=row["basis"],
        )
        for row in rows
    ]  # fmt: skip
    DeadlineRule.objects.bulk_create(rules, ignore_conflicts=True)
    announce("reference")
    return len(rules)


def channels_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the channels ``{"code", "name", "how", "source"}`` that are not there yet; returns how many were read.  1 query."""
    HandoverChannel.objects.bulk_create([HandoverChannel(**row) for row in rows], ignore_conflicts=True)
    announce("reference")
    return len(rows)


def clauses_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the clauses ``{"code", "text", "source"}`` that are not there yet; returns how many were read.  1 query."""
    DutyClause.objects.bulk_create([DutyClause(**row) for row in rows], ignore_conflicts=True)
    announce("reference")
    return len(rows)


def templates_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the reply templates ``{"name", "use", "category", "text"}`` that are not there yet; returns how many were read.

    1 query.  Their history begins with the first change.
    """
    made = [
        ReplyTemplate(name=row["name"], use=row["use"], category_id=row["category"], text=row["text"])
        for row in rows
    ]
    ReplyTemplate.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def routing_rules_write(*, rows: Sequence[Mapping[str, Any]], valid_from: str) -> int:
    """Add routing rules as drafts where there are none yet; returns how many were added.  2 queries and 2 for each rule.

    ``unit`` and ``co_units`` are unit codes.
    """
    if RoutingRule.objects.exists():
        return 0
    units = {unit.code: unit for unit in accounts.departments_active()}
    plain = (
        "name", "position", "request_types", "categories", "streets", "keywords", "keywords_not", "min_confidence",
        "to_street", "urgency", "days", "basis",
    )  # fmt: skip
    with transaction.atomic():
        for row in rows:
            rule = RoutingRule.objects.create(
                **{name: row[name] for name in plain}, unit=units[row["unit"]] if row["unit"] else None,
                valid_from=valid_from,
            )  # fmt: skip
            rule.co_units.set([units[code] for code in row["co_units"]])
    announce("reference")
    return len(rows)
