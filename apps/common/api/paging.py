"""Lists: keyset pages with an opaque cursor, stable under inserts."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from apps.common.errors import Refused

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class LimitInvalid(Refused):
    code = "limit_invalid"
    message = _("limit takes a whole number from 1 to 100.")
    status: ClassVar[int] = 400


class CursorInvalid(Refused):
    code = "cursor_invalid"
    message = _("The cursor is not one that this list gave out.")
    status: ClassVar[int] = 400


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """The rows of one page and the cursor of the next, or None on the last."""

    rows: list[Row]
    next: str | None


def limit_of(request: Request) -> int:
    """Return the page size asked for, 1 to 100.  Raises LimitInvalid."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= MAX_LIMIT or len(text) > 3:
        raise LimitInvalid(attr="limit")
    return int(text)


def page_of[Row](*, rows: QuerySet[Any, Row], request: Request, keys: tuple[str, ...]) -> Page[Row]:
    """Return one page of ``rows`` in the order of ``keys`` (``"-published_at", "-id"``), the last of them unique.

    ``rows`` gives models or, with ``values()``, dicts that hold the keys.
    1 query, which reads one row more than it returns instead of counting.  Raises LimitInvalid, CursorInvalid.
    """
    limit = limit_of(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        rows = rows.filter(_after(rows.model, keys, cursor))
    found = list(rows.order_by(*keys)[: limit + 1])
    more = len(found) > limit
    return Page(found[:limit], _cursor(found[limit - 1], keys) if more else None)


def _field(model: type[Model], key: str) -> Any:
    return model._meta.get_field(key.lstrip("-"))


def _cursor(row: Any, keys: tuple[str, ...]) -> str:
    names = [key.lstrip("-") for key in keys]
    values = [row[name] if isinstance(row, dict) else getattr(row, name) for name in names]
    texts = [value.isoformat() if isinstance(value, dt.datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def _after(model: type[Model], keys: tuple[str, ...], cursor: str) -> Q:
    """Return the condition "behind the cursor": equal on the first keys and beyond on the next."""
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor[:1000] + "=" * (-len(cursor) % 4)))
        values = [_field(model, key).to_python(text) for key, text in zip(keys, texts, strict=True)]
    except (
        ValueError,
        TypeError,
        binascii.Error,
        ValidationError,
        FieldDoesNotExist,
        RecursionError,
    ) as error:
        raise CursorInvalid(attr="cursor") from error
    condition, same = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        if value is None:
            raise CursorInvalid(attr="cursor")
        name = key.lstrip("-")
        condition |= same & Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return condition
