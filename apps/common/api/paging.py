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
    after = after_of(request, model=rows.model, keys=keys)
    if after is not None:
        rows = rows.filter(_behind(keys, after))
    return page_cut(list(rows.order_by(*keys)[: limit + 1]), limit=limit, keys=keys)


def page_cut[Row](rows: list[Row], *, limit: int, keys: tuple[str, ...]) -> Page[Row]:
    """Return the page of ``rows``, of which there are ``limit`` and, when more follow, one besides."""
    return Page(rows[:limit], _cursor(rows[limit - 1], keys) if len(rows) > limit else None)


def after_of(request: Request, *, model: type[Model], keys: tuple[str, ...]) -> list[Any] | None:
    """Return the values of ``keys`` that the request's cursor stands for, or None without one.  Raises CursorInvalid."""
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
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
    if any(value is None for value in values):
        raise CursorInvalid(attr="cursor")
    return values


def _field(model: type[Model], key: str) -> Any:
    return model._meta.get_field(key.lstrip("-"))


def _cursor(row: Any, keys: tuple[str, ...]) -> str:
    names = [key.lstrip("-") for key in keys]
    values = [row[name] if isinstance(row, dict) else getattr(row, name) for name in names]
    texts = [value.isoformat() if isinstance(value, dt.datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def _behind(keys: tuple[str, ...], values: list[Any]) -> Q:
    """Return the condition "behind the cursor": equal on the first keys and beyond on the next."""
    condition, same = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        name = key.lstrip("-")
        condition |= same & Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return condition
