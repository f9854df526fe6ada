"""The JSON parser: what Python's accepts and the rest of the system can not hold is a clear 400."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


def _constant_refuse(name: str) -> None:
    raise ValueError(name)


class StrictJSONParser(JSONParser):
    """JSON in UTF-8 without NaN, without lone surrogates (PostgreSQL takes none) and nested within reason."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object.  Raises ParseError."""
        try:
            text = stream.read().decode("utf-8")
            data: dict[str, Any] = json.loads(text, parse_constant=_constant_refuse)
            if "\\u" in text:
                json.dumps(data, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        return data
