"""Reads of the texts of notices: what is live for each kind and channel, whether a version can go live, how it looks."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.notifications.kinds import NoticeKind, kinds_all
from apps.notifications.models import NoticeText
from apps.notifications.states import Channel, TextState
from apps.notifications.text_checks import (
    Problem,
    Wrong,
    inbox_check,
    sms_check,
    sms_places,
    wechat_check,
)
from apps.notifications.texts import filled
from apps.notifications.wording import sms_values, wechat_values, wording
from apps.wechat.values import keys_of

Target = NoticeText.Target
VERSIONS_SHOWN = 50
_OPEN = (TextState.DRAFT.value, TextState.PROPOSED.value)


@dataclass(frozen=True, slots=True)
class TextRow:
    """What one kind says in one channel: the live version (0: the program's), and the version in work."""

    kind: NoticeKind
    target: str
    live: int
    open: NoticeText | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A text filled with samples.  ``heading``: title, template or signature; ``lines``: (name, value)."""

    heading: str
    lines: list[tuple[str, str]]


def targets_of(*, kind: NoticeKind) -> list[str]:
    """Return where a kind can say something: the inbox, and the channels of its chain."""
    return [Target.INBOX.value, *(channel.value for channel in kind.channels)]


def texts_overview() -> list[TextRow]:
    """Return a row for each kind and channel, by kind.  1 query, and those of ``wording``."""
    live = wording().texts
    rows = NoticeText.objects.filter(state__in=_OPEN).select_related("author")
    open_ones = {(row.kind, row.target): row for row in rows}
    return [
        TextRow(
            kind,
            target,
            live.get((kind.key, target), (0, {}))[0],
            open_ones.get((kind.key, target)),
        )
        for kind in kinds_all()
        for target in targets_of(kind=kind)
    ]


def program_content(*, kind: NoticeKind, target: str) -> dict[str, Any]:
    """Return the program's own text of a kind as the content of a version."""
    if target == Target.INBOX.value:
        return {"title": str(kind.title), "body": str(kind.body)}
    if target == Target.WECHAT.value:
        values = {key: str(text) for key, text in kind.wechat_values.items()}
        return {"template": kind.wechat_template or "", "values": values}
    return {"template": kind.sms_template or "", "params": [str(text) for text in kind.sms_params]}


def live_content(*, kind: NoticeKind, target: str) -> tuple[int, dict[str, Any]]:
    """Return the number and the content of what is live; 0 and the program's text without a version."""
    found = wording().texts.get((kind.key, target))
    return (0, program_content(kind=kind, target=target)) if found is None else (found[0], dict(found[1]))


def text_versions(*, kind: NoticeKind, target: str) -> list[NoticeText]:
    """Return the last 50 versions, newest first, with their people.  1 query."""
    rows = NoticeText.objects.filter(kind=kind.key, target=target).select_related("author", "approved_by")
    return list(rows.order_by("-number")[:VERSIONS_SHOWN])


def names_of_templates() -> tuple[list[str], list[str]]:
    """Return the names of the WeChat and of the SMS templates in use.  No query beyond ``wording``."""
    return sorted(wording().wechat), sorted(wording().sms)


def content_problems(*, kind: NoticeKind, target: str, content: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a content, warnings among it.  No query beyond ``wording``."""
    samples = kind.samples
    if target == Target.INBOX.value:
        return inbox_check(title=content["title"], body=content["body"], samples=samples)
    if target == Target.WECHAT.value:
        template = wording().wechat.get(content["template"])
        if template is None:
            return [Problem(Wrong.NO_TEMPLATE, what=content["template"])]
        found = wechat_check(
            values=content["values"], keys=template.keys, enums=template.enums or {}, samples=samples
        )
        # Staff know the template's own words, not WeChat's keys.
        names = key_names(content=template.content, keys=template.keys)
        return [replace(problem, where=names.get(problem.where, problem.where)) for problem in found]
    sms = wording().sms.get(content["template"])
    if sms is None:
        return [Problem(Wrong.NO_TEMPLATE, what=content["template"])]
    return sms_check(
        params=content["params"],
        places=sms_places(text=sms.text),
        param_chars=sms.param_chars,
        samples=samples,
    )


def content_preview(*, kind: NoticeKind, target: str, content: Mapping[str, Any]) -> Preview | None:
    """Return a content as the resident will see it, filled with samples; None while it can not be filled."""
    if any(problem.stops for problem in content_problems(kind=kind, target=target, content=content)):
        return None
    samples = kind.samples
    if target == Target.INBOX.value:
        return Preview(filled(content["title"], samples), [("", filled(content["body"], samples))])
    if target == Target.WECHAT.value:
        template = wording().wechat[content["template"]]
        given = {key: filled(text, samples) for key, text in content["values"].items()}
        named = key_names(content=template.content, keys=template.keys)
        told = wechat_values(template, given)
        return Preview(template.title, [(named[key], told[key]) for key in template.keys])
    sms = wording().sms[content["template"]]
    text = sms.text
    for number, param in enumerate(
        sms_values(sms, [filled(one, samples) for one in content["params"]]), start=1
    ):
        text = text.replace(f"{{{number}}}", param)
    return Preview("", [("", f"【{sms.sign}】{text}")])


def key_names(*, content: str, keys: Iterable[str]) -> dict[str, str]:
    """Return what the template itself calls each of its keys: ``状态:{{phrase3.DATA}}`` → 状态; else the key."""
    names = {key: key for key in keys}
    for line in content.splitlines():
        for key in keys_of(line):
            name = line.partition("{{")[0].strip(" :：")
            if key in names and name:
                names[key] = name
    return names


def versions_diff(*, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of two contents as (mark, line): "-" only in the old one, "+" only in the new, " " in both."""
    return [
        (line[0], line[2:])
        for line in difflib.ndiff(_lines(old), _lines(new))
        if line[0] in "-+ " and line[2:].strip()
    ]


def _lines(content: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for value in content.values():
        if isinstance(value, str):
            found += value.splitlines()
        elif isinstance(value, list):
            found += [str(one) for one in value]
        else:
            found += [json.dumps({key: one}, ensure_ascii=False)[1:-1] for key, one in value.items()]
    return found


def mapping_problems(*, name: str, keys: list[str], enums: Mapping[str, Any]) -> dict[str, list[Problem]]:
    """Return, by the label of each kind that uses WeChat's template ``name``, what of its live text does not fit ``keys``.

    For the person who assigns a name to a template that WeChat lists.  No query beyond ``wording``.
    """
    found = {}
    for kind in kinds_all():
        if Channel.WECHAT not in kind.channels:
            continue
        _number, content = live_content(kind=kind, target=Target.WECHAT.value)
        if content["template"] == name:
            found[str(kind.label)] = wechat_check(
                values=content["values"], keys=keys, enums=enums, samples=kind.samples
            )
    return found
