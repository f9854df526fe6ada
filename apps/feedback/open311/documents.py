"""The two forms of an Open311 answer: JSON, and XML with the element names of GeoReport v2."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from django.http import HttpResponse

# What XML 1.0 can not hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The name of one element of a list.
_ONE = {"attributes": "attribute", "endpoints": "endpoint", "formats": "format"}


@dataclass(frozen=True, slots=True)
class Document:
    """An answer: a list of things under ``root``, each an ``item``; a single thing where ``item`` is ""."""

    root: str
    item: str
    content: Sequence[Mapping[str, Any]] | Mapping[str, Any]


def answer(document: Document, *, ext: str, status: int = 200) -> HttpResponse:
    """Return the answer in the form that the path's ending asks for: ``.xml``, else JSON."""
    if ext == ".xml":
        return HttpResponse(_xml(document), status=status, content_type="text/xml; charset=utf-8")
    body = json.dumps(document.content, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def errors(status: int, descriptions: Sequence[str]) -> Document:
    """Return the document of a refusal."""
    return Document("errors", "error", [{"code": status, "description": text} for text in descriptions])


def _xml(document: Document) -> bytes:
    root = ET.Element(document.root)
    if document.item:
        for one in document.content:
            _fill(ET.SubElement(root, document.item), one)
    else:
        _fill(root, document.content)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _fill(element: ET.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(ET.SubElement(element, name), part)
    elif isinstance(value, list):
        for part in value:
            _fill(ET.SubElement(element, _ONE[element.tag]), part)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value))
