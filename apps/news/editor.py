"""The editor of an article's body: which of django-prose-editor's extensions it has, and how they are set.

``Picture`` is the project's own (``qingshan/editor-picture.js``): the library's ``Figure`` makes ``<figure>``, which
WeChat removes with the picture in it.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Underline": True,
    "Strike": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "HorizontalRule": True,
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    "Image": True,
    "Picture": {
        "pickerUrl": reverse_lazy("admin:news_mediaasset_picker"),
        "texts": {
            "title": _("Picture of the media library"),
            "search": _("Search by title, text or caption"),
            "decorative": _("decorative"),
            "more": _("Show more"),
            "cancel": _("Close"),
            "none": _("No picture found."),
            "failed": _("The server could not be reached. Please try again."),
        },
    },
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
