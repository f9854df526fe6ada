"""An article's HTML: what it may hold, and what is read from it.

``html_clean`` is the gate of every write.  What it lets through is what the editor can make and WeChat's
``<rich-text>`` shows (``wechat_nodes``), so that nothing is lost on the way to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import lxml.html
import nh3
from lxml import etree

from apps.news import wechat_nodes

TAGS = frozenset({
    "p", "h2", "h3", "strong", "em", "u", "s", "ul", "ol", "li", "blockquote", "br", "hr", "table", "thead", "tbody",
    "tr", "th", "td", "img",
})  # fmt: skip
ATTRIBUTES: dict[str, frozenset[str]] = {
    "p": frozenset({"class"}),
    "ol": frozenset({"start", "type"}),
    "th": frozenset({"colspan", "rowspan"}),
    "td": frozenset({"colspan", "rowspan"}),
    "img": frozenset({"src", "alt", "width", "height"}),
}
# Their words are not words of the text.
MUTE = frozenset({"script", "style", "title", "template", "noscript", "iframe", "object"})
INLINE = MUTE | {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "label", "mark", "q", "rt",
    "ruby", "s", "small", "span", "strong", "sub", "sup", "tt", "u",
}  # fmt: skip
_IMAGE = re.compile(r"/media/public/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/[a-z]+\.(?:webp|jpg))?")
_VALUES: dict[str, re.Pattern[str]] = {
    "class": re.compile("caption"),
    "start": re.compile("[0-9]{1,4}"),
    "type": re.compile("[1aAiI]"),
    "colspan": re.compile("[1-9][0-9]{0,2}"),
    "rowspan": re.compile("[1-9][0-9]{0,2}"),
    "width": re.compile("[1-9][0-9]{0,3}"),
    "height": re.compile("[1-9][0-9]{0,3}"),
    "src": _IMAGE,
}
# A reader may stop at some depth (libxml2: 256), and what a check does not read must not be published.
DEPTH_MOST = 100
FLAT = frozenset({"p", "br", "hr", "img"})
# In cleaned HTML only: there each value stands in double quotes and holds none.
_IMG_TAG = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_IMG_SRC = re.compile(r'(?:"|<img) src="')
_PAIRED_TAG = re.compile(r"<(/?)(?!br|hr|img)[a-z]")
_SPACE = re.compile(r"\s+")
# Control characters, halves of surrogate pairs and non-characters: no text, and neither parser nor database takes all.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def html_clean(html: str) -> str:
    """Return ``html`` with nothing but ``TAGS``, their ``ATTRIBUTES`` and pictures of the media library.

    Control characters go.  The words of other tags stay, scripts and styles go with what is in them.  Tags that lie
    deeper than ``DEPTH_MOST`` in each other become plain paragraphs.  Cleaning twice changes nothing more.
    """
    cleaned = _cleaned(_UNWRITABLE.sub("", html), TAGS)
    return _cleaned(cleaned, FLAT) if _depth(cleaned) > DEPTH_MOST else cleaned


def _cleaned(html: str, tags: frozenset[str]) -> str:
    cleaned = nh3.clean(
        html,
        tags=set(tags),
        clean_content_tags=set(MUTE),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items() if tag in tags},
        attribute_filter=_value_kept,
        url_schemes=set(),
        link_rel=None,
    )
    return _IMG_TAG.sub(lambda tag: tag[0] if _IMG_SRC.search(tag[0]) else "", cleaned)


def _depth(cleaned: str) -> int:
    depth = deepest = 0
    for closes in _PAIRED_TAG.findall(cleaned):
        depth += -1 if closes else 1
        deepest = max(deepest, depth)
    return deepest


def _value_kept(_tag: str, name: str, value: str) -> str | None:
    pattern = _VALUES.get(name)
    return value if pattern is None or pattern.fullmatch(value) else None


def html_text(html: str) -> str:
    """Return the words of ``html`` in one line, for search and excerpts.

    A block ends a word, a mark within a line does not: the two halves of a name of which one is bold stay one word.
    """
    return _SPACE.sub(" ", "".join(_words(_parsed(html)))).strip()


def _words(root: lxml.html.HtmlElement) -> Iterator[str]:
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        name = node.tag
        if not isinstance(name, str):
            yield node.tail or ""
        elif event == "start":
            if name in MUTE:
                walk.skip_subtree()
            elif node.text:
                yield node.text if name in INLINE else f" {node.text}"
            elif name not in INLINE:
                yield " "
        elif node is not root:
            yield (node.tail or "") if name in INLINE else f" {node.tail or ''}"


def html_images(html: str) -> list[tuple[UUID, str]]:
    """Return the pictures of the media library that ``html`` shows, as ``(upload id, alternative text)`` in order."""
    if "<img" not in html:
        return []
    found = []
    for image in _parsed(html).iter("img"):
        match = _IMAGE.fullmatch(image.get("src", ""))
        if match:
            found.append((UUID(match[1]), image.get("alt", "")))
    return found


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a reader in WeChat would not get.

    ``kind``  ``node`` (removed with everything in it), ``attribute`` (ignored), ``link`` (shown, does not open)
    ``name``  of the tag, or ``tag.attribute``   ``text``  the first 80 characters of what it holds
    """

    kind: str
    name: str
    text: str


def wechat_dropped(html: str) -> list[Dropped]:
    """Return what WeChat's ``<rich-text>`` would drop or ignore of ``html``, in order; of a dropped node not its inside."""
    found: list[Dropped] = []
    root = _parsed(html)
    walk = etree.iterwalk(root, events=("start",))
    for _event, node in walk:
        if node is root:
            continue
        name = str(node.tag)
        if name not in wechat_nodes.NODES:
            found.append(Dropped("node", name, _excerpt(node)))
            walk.skip_subtree()
            continue
        if name == "a":
            found.append(Dropped("link", name, _excerpt(node)))
            continue
        known = wechat_nodes.ATTRIBUTES.get(name, frozenset()) | wechat_nodes.EVERYWHERE
        found += [
            Dropped("attribute", f"{name}.{one}", _excerpt(node)) for one in node.attrib if one not in known
        ]
    return found


def _excerpt(node: lxml.html.HtmlElement) -> str:
    return _SPACE.sub(" ", "".join(node.itertext())).strip()[:80]


# Styles stand in each tag, since a page's style sheet does not reach into <rich-text> on every version of the client.
_STYLES = {
    "img": "display:block;max-width:100%;height:auto;margin:0 auto",
    "table": "width:100%;border-collapse:collapse",
    "th": "border:1px solid #bbb;padding:4px 6px;text-align:left",
    "td": "border:1px solid #bbb;padding:4px 6px",
}
_SCROLLS = "overflow-x:auto"
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def html_phone(html: str, base_url: str) -> str:
    """Return cleaned ``html`` as the phone shows it: pictures with whole addresses, no wider than the screen.

    ``base_url``  scheme and host that pictures are fetched from, ``https://…``, ValueError for any other scheme, but for
    this machine itself, which only a demonstration names; empty for a page of this host, on which they stay paths
    A table has lines and scrolls sideways in a box of its own.
    """
    base = urlsplit(base_url)
    if base_url and base.scheme != "https" and base.hostname not in _THIS_MACHINE:
        raise ValueError("WeChat loads pictures over https only")
    if "<img" not in html and "<table" not in html:
        return html
    root = _parsed(html)
    for node in list(root.iter(*_STYLES)):
        node.set("style", _STYLES[str(node.tag)])
        if node.tag == "img":
            _picture_fit(node, base_url.rstrip("/"))
        elif node.tag == "table":
            _box(node)
    whole: str = lxml.html.tostring(root, encoding="unicode", method="html")
    return whole.removeprefix("<div>").removesuffix("</div>")


def _picture_fit(image: lxml.html.HtmlElement, base_url: str) -> None:
    for name in ("width", "height"):
        image.attrib.pop(name, None)
    if image.get("src", "").startswith("/"):
        image.set("src", base_url + image.get("src", ""))


def _box(table: lxml.html.HtmlElement) -> None:
    parent = table.getparent()
    if parent is None:
        return
    box = etree.Element("div", style=_SCROLLS)
    box.tail, table.tail = table.tail, None
    parent.replace(table, box)
    box.append(table)


def _parsed(html: str) -> lxml.html.HtmlElement:
    return lxml.html.fragment_fromstring(_UNWRITABLE.sub("", html), create_parent="div")
