"""What an article's HTML may hold: what the editor can make and WeChat's ``<rich-text>`` shows.

``<rich-text>`` drops an unknown node with all its children, so the allow-list is the same on both sides.
"""

from __future__ import annotations

import re
from typing import Any

import nh3
from django.utils.translation import gettext_lazy as _

EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "HorizontalRule": True,
    "NodeClass": {
        "cssClasses": {
            "paragraph": {
                "title": _("Paragraph"),
                "cssClasses": [{"className": "caption", "title": _("Caption")}],
            }
        }
    },
    "History": True,
}
TAGS = {"p", "h2", "h3", "strong", "em", "ul", "ol", "li", "blockquote", "br", "hr"}
_TAG = re.compile(r"<[^>]+>")
_SPACE = re.compile(r"\s+")


def html_clean(html: str) -> str:
    """Return ``html`` with nothing but ``TAGS`` and the class ``caption``."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"p": {"class"}},
        attribute_filter=lambda _tag, _name, value: value if value == "caption" else None,
        link_rel=None,
    )


def html_text(html: str) -> str:
    """Return the words of ``html`` in one line, for search and excerpts."""
    return _SPACE.sub(" ", nh3.clean(_TAG.sub(" ", html), tags=set())).strip()
