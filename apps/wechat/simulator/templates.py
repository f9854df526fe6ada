"""Managing message templates: the account's own ones, and picking them from the public library."""

from __future__ import annotations

from typing import Any

from apps.wechat.simulator.answers import OK, Refusal
from apps.wechat.simulator.calls import Call
from apps.wechat.simulator.library import CATEGORY, NEW_STYLE, Keyword, Title
from apps.wechat.simulator.state import SimulatedTemplate

KIDS_LEAST, KIDS_MOST = 2, 5
SCENE_CHARS = 15
PAGE_ROWS = 30
ID_CHARS = 43


async def templates(call: Call) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/gettemplate."""
    return {**OK, "data": [dict(template.row) for template in call.state.templates.values()]}


async def template_add(call: Call) -> dict[str, Any]:
    """POST /wxaapi/newtmpl/addtemplate, as JSON or as a form (``tid=401&kidList=1&kidList=2``)."""
    state = call.state
    title = state.library.titles.get(_whole(call.body.get("tid")))
    if title is None:
        raise Refusal(200014)
    keywords = _picked(title, call.body.get("kidList"))
    scene = call.body.get("sceneDesc", "")
    if not isinstance(scene, str) or not 0 < len(scene) <= SCENE_CHARS:
        raise Refusal(200021)
    if len(state.templates) >= state.account.private_templates:
        raise Refusal(200012)
    template_id = state.name(length=ID_CHARS)
    state.templates[template_id] = SimulatedTemplate.of(title.row(template_id=template_id, keywords=keywords))
    return {**OK, "priTmplId": template_id}


async def template_delete(call: Call) -> dict[str, Any]:
    """POST /wxaapi/newtmpl/deltemplate."""
    if call.state.templates.pop(call.text("priTmplId"), None) is None:
        raise Refusal(40037)
    return dict(OK)


async def categories(_call: Call) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getcategory."""
    return {**OK, "data": [dict(CATEGORY)]}


async def library_titles(call: Call) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getpubtemplatetitles: ``ids`` of categories, ``start``, ``limit`` up to 30."""
    ids = {_whole(part) for part in call.query.get("ids", "").split(",")}
    start, limit = _whole(call.query.get("start")), _whole(call.query.get("limit"))
    if CATEGORY["id"] not in ids:
        raise Refusal(200019)
    if start < 0:
        raise Refusal(200016)
    if not 0 < limit <= PAGE_ROWS:
        raise Refusal(200017)
    rows = [
        {"tid": title.tid, "title": title.title, "type": title.kind, "categoryId": str(CATEGORY["id"])}
        for title in call.state.library.titles.values()
    ]
    return {**OK, "count": len(rows), "data": rows[start : start + limit]}


async def library_keywords(call: Call) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getpubtemplatekeywords: the keywords of one ``tid``."""
    title = call.state.library.titles.get(_whole(call.query.get("tid")))
    if title is None:
        raise Refusal(200014)
    rows = [
        {"kid": keyword.kid, "name": keyword.name, "example": keyword.example, "rule": keyword.rule}
        for keyword in title.keywords
    ]
    return {**OK, "count": len(rows), "data": rows}


def _picked(title: Title, given: object) -> list[Keyword]:
    kids = [_whole(kid) for kid in given] if isinstance(given, list) else []
    if title.tid in NEW_STYLE:
        if kids:
            raise Refusal(200020)
        return list(title.keywords)
    known = {keyword.kid: keyword for keyword in title.keywords}
    if (
        not KIDS_LEAST <= len(kids) <= KIDS_MOST
        or len(set(kids)) < len(kids)
        or not known.keys() >= set(kids)
    ):
        raise Refusal(200020)
    return [known[kid] for kid in kids]


def _whole(value: object) -> int:
    """The number, also one given as text in a form or a query; -1 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
