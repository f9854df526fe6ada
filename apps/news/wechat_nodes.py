"""What WeChat's ``<rich-text>`` shows: the trusted nodes and their attributes.

Source: WeChat mini-program documentation, component rich-text, "trusted HTML nodes and attributes".  A node that does
not stand here is removed together with everything in it; an attribute that does not is ignored; events of all nodes
are blocked, so that a link can be read and not opened.
"""

from __future__ import annotations

NODES = frozenset({
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption",
    "center", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "fieldset", "font",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "label", "legend", "li",
    "mark", "nav", "ol", "p", "pre", "q", "rt", "ruby", "s", "section", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
})  # fmt: skip
EVERYWHERE = frozenset({"class", "style"})
ATTRIBUTES: dict[str, frozenset[str]] = {
    "img": frozenset({"alt", "src", "height", "width"}),
    "ol": frozenset({"start", "type"}),
    "table": frozenset({"width"}),
    "td": frozenset({"colspan", "rowspan", "height", "width"}),
    "th": frozenset({"colspan", "rowspan", "height", "width"}),
    "col": frozenset({"span", "width"}),
    "colgroup": frozenset({"span", "width"}),
}
