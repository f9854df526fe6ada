"""Categories as a table that staff keep in a spreadsheet, and where this app names rows of other tables by code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.reference_sheets import dates_check
from apps.common.sheet_resources import SheetResource
from apps.common.sheets import Image, SheetKind, sheet_register, sheet_usage_register
from apps.feedback.models import Category, RoutingRule


class CategoryResource(SheetResource):
    """Supporting units are many to one category: they are kept at the category's own page."""

    references: ClassVar = {"lead": "code"}

    class Meta:
        model = Category
        import_id_fields = ("code",)
        fields = (
            "code", "name", "name_en", "parent", "lead", "territorial", "profile_code", "public_by_default", "sensitive",
            "keywords", "evidence", "notice", "stopper", "valid_from", "valid_to",
        )  # fmt: skip


def category_check(image: Image) -> Iterable[tuple[str, str]]:
    """Return what the fields alone do not show: a sub-category has a lead unit and a deadline profile."""
    yield from dates_check(image)
    if image["parent"]:
        for column in ("lead", "profile_code"):
            if not image[column]:
                yield column, _("a sub-category needs one.")


def _used_by_rules(column: str, keys: set[str]) -> set[str]:
    wanted = list(keys)
    rules = RoutingRule.objects.filter(**{f"{column}__overlap": wanted}).values_list(column, flat=True)
    return {code for codes in rules for code in codes} & keys


sheet_register(
    SheetKind(
        key="categories", label=gettext_lazy("categories"), resource=CategoryResource,
        permission="feedback.change_category", guarded=frozenset({"sensitive", "public_by_default"}),
        announces=("reference", "board"), second_person_rows=50, tree="parent", check=category_check,
    )
)  # fmt: skip
sheet_usage_register(key="categories", used=lambda keys: _used_by_rules("categories", keys))
sheet_usage_register(key="streets", used=lambda keys: _used_by_rules("streets", keys))
