"""Texts of notices: a draft, a second person, live; the one before is retired in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from apps.common.changes import announce
from apps.common.errors import Refused
from apps.common.locks import Lock, lock_hold
from apps.notifications import labels
from apps.notifications.kinds import kind_of
from apps.notifications.models import NoticeText
from apps.notifications.states import MoveRefused, TextMove, TextState, TextVerb, text_move_find
from apps.notifications.text_checks import Problem
from apps.notifications.text_selectors import content_problems, targets_of
from apps.notifications.wording import NAMESPACE

if TYPE_CHECKING:
    from apps.accounts.models import Staff

NOTE_CHARS = 300
_PARTS = {"inbox": {"title", "body"}, "wechat": {"template", "values"}, "sms": {"template", "params"}}


class TextNotFound(Refused):
    code = "text_not_found"
    message = _("There is no such text.")
    status = 404


class TextOpen(Refused):
    code = "text_open"
    message = _("A version of this text is being worked on already.")
    status = 409


class TextStale(Refused):
    code = "text_stale"
    message = _("Someone else changed the text meanwhile. Please load the page again.")
    status = 409


class TextMoveRefused(Refused):
    code = "text_move_refused"
    message = _("This can not be done with a text that is “%(state_label)s”.")
    status = 409


class TextSecondPerson(Refused):
    code = "text_second_person"
    message = _("A text goes live by another person than its author.")
    status = 403


class TextNoteMissing(Refused):
    code = "text_note_missing"
    message = _("Say in the note what is to be changed.")
    status = 400


class TextWrong(Refused):
    code = "text_wrong"
    message = _("The text can not go live yet: %(wrong)s")
    status = 400

    def __init__(self, *, problems: list[Problem]) -> None:
        super().__init__(wrong="；".join(labels.problem(one=one) for one in problems))


def text_draft(
    *, kind: str, target: str, content: Mapping[str, Any], staff: Staff, now: dt.datetime
) -> NoticeText:
    """Write the next version of a text as a draft.  4 queries.

    ``content``  as ``NoticeText`` says; its shape is checked here, its sense when it is proposed
    Raises TextNotFound for a kind or channel that is not registered, TextOpen when a version is in work.
    """
    _shape_check(kind, target, content)
    with transaction.atomic():
        _hold(kind, target)
        rows = NoticeText.objects.filter(kind=kind, target=target)
        if rows.filter(state__in=[TextState.DRAFT.value, TextState.PROPOSED.value]).exists():
            raise TextOpen
        number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
        return NoticeText.objects.create(
            kind=kind, target=target, number=number, content=dict(content), author=staff, created_at=now
        )


def text_redraft(*, text_id: int, version: int, content: Mapping[str, Any], staff: Staff) -> NoticeText:
    """Change a draft; who changes it becomes its author, so that the second person is another one.  3 queries.

    ``version``  what the person saw.  Raises TextNotFound, TextStale, TextMoveRefused.
    """
    with transaction.atomic():
        text = _locked(text_id, version)
        _shape_check(text.kind, text.target, content)
        if text.state != TextState.DRAFT.value:
            raise TextMoveRefused(state_label=text.get_state_display())
        text.content, text.author, text.version = dict(content), staff, text.version + 1
        text.save(update_fields=["content", "author", "version"])
    return text


def text_act(
    *, text_id: int, verb: TextVerb, version: int, staff: Staff, note: str, now: dt.datetime
) -> NoticeText:
    """Move a version: propose, send back with a note, approve.  4 to 5 queries.

    ``version``  what the person saw   ``note``  at most 300 characters, needed to send back
    Proposing and approving check the text against the templates in use.  An approved one is live in every process within
    a second; the one before is retired.
    Raises TextNotFound, TextStale, TextMoveRefused, TextSecondPerson, TextNoteMissing, TextWrong.
    """
    note = note.strip()[:NOTE_CHARS]
    with transaction.atomic():
        text = _locked(text_id, version)
        move = _move(text, verb)
        if move.second_person and staff.pk == text.author_id:
            raise TextSecondPerson
        if verb is TextVerb.SEND_BACK:
            if not note:
                raise TextNoteMissing
        else:
            _sense_check(text)
        text.state, text.note, text.version = move.target.value, note, text.version + 1
        if move.target is TextState.LIVE:
            _retire(text, now)
            text.approved_by, text.live_at = staff, now
        text.save(update_fields=["state", "note", "version", "approved_by", "live_at"])
        if move.target is TextState.LIVE:
            announce(NAMESPACE)
    return text


def _retire(text: NoticeText, now: dt.datetime) -> None:
    NoticeText.objects.filter(kind=text.kind, target=text.target, state=TextState.LIVE.value).update(
        state=TextState.RETIRED.value, retired_at=now
    )


def _hold(kind: str, target: str) -> None:
    lock_hold(Lock.NOTICE_TEXT, of=f"{kind} {target}")


def _locked(text_id: int, version: int) -> NoticeText:
    key = NoticeText.objects.filter(id=text_id).values_list("kind", "target").first()
    if key is None:
        raise TextNotFound
    _hold(*key)
    text: NoticeText = NoticeText.objects.select_for_update(of=("self",)).get(id=text_id)
    if text.version != version:
        raise TextStale
    return text


def _move(text: NoticeText, verb: TextVerb) -> TextMove:
    try:
        return text_move_find(source=TextState(text.state), verb=verb)
    except MoveRefused as error:
        raise TextMoveRefused(state_label=text.get_state_display()) from error


def _sense_check(text: NoticeText) -> None:
    try:
        kind = kind_of(text.kind)
    except KeyError as error:
        raise TextNotFound from error
    problems = content_problems(kind=kind, target=text.target, content=text.content)
    if stopping := [problem for problem in problems if problem.stops]:
        raise TextWrong(problems=stopping)


def _shape_check(kind: str, target: str, content: Mapping[str, Any]) -> None:
    try:
        known = targets_of(kind=kind_of(kind))
    except KeyError as error:
        raise TextNotFound from error
    if target not in known:
        raise TextNotFound
    if content.keys() != _PARTS[target]:
        raise ValueError(f"the content of {target} has the parts {sorted(_PARTS[target])}")
