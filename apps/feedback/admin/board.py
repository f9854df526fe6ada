"""The board's desk: what is proposed beside what the resident wrote, and the decision about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.common.redaction import Kind, findings_of
from apps.feedback import board_selectors as selectors
from apps.feedback import services
from apps.feedback.admin.forms import PlainText
from apps.feedback.board_labels import BOARD_VERB_LABELS, FIELD_LABELS, KIND_LABELS
from apps.feedback.board_states import MODERATORS, BoardState, BoardVerb, board_verbs_open
from apps.feedback.models import BoardEntry
from apps.feedback.services.board import NOTE_CHARS, REASON_CHARS, TEXT_CHARS, TITLE_CHARS
from apps.feedback.states import Verb


class TextsForm(forms.Form):
    """What the public is to read, with the version that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = PlainText(label=FIELD_LABELS["title"], max_length=TITLE_CHARS)
    text = PlainText(
        label=FIELD_LABELS["text"], max_length=TEXT_CHARS, widget=forms.Textarea(attrs={"rows": 6})
    )
    reply_text = PlainText(
        label=FIELD_LABELS["reply_text"], max_length=TEXT_CHARS, widget=forms.Textarea(attrs={"rows": 6})
    )
    note = PlainText(
        label=FIELD_LABELS["note"], max_length=NOTE_CHARS, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("“You said, we did”: what changed for good. May be added later."),
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why an entry is not, or no longer, shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = PlainText(label=_("Reason"), max_length=REASON_CHARS, widget=forms.Textarea(attrs={"rows": 2}))


_WITH_TEXTS = {BoardVerb.SAVE: services.board_save, BoardVerb.PUBLISH: services.board_publish}
_WITH_REASON = {BoardVerb.REJECT: services.board_reject, BoardVerb.TAKE_DOWN: services.board_take_down}


@admin.register(BoardEntry)
class BoardEntryAdmin(ReadOnlyAdmin):
    list_display = ("title", "state_shown", "category", "street", "published_shown", "updated_shown")
    list_filter = ("state",)
    search_fields = ("case__number__startswith", "case__public_number__startswith")
    search_help_text = _("The beginning of a case number or public number")
    ordering = ("-updated_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BoardEntry]:
        """Return what this person moderates."""
        return selectors.entries_at_desk(staff=staff_of(request))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, entry: BoardEntry) -> str:
        """Return the state in words."""
        return entry.state_label

    @admin.display(description=_("published at"), ordering="published_at")
    def published_shown(self, entry: BoardEntry) -> str:
        """Return when it was published."""
        return f"{clock.local(entry.published_at):%m-%d %H:%M}" if entry.published_at else "-"

    @admin.display(description=_("changed"), ordering="updated_at")
    def updated_shown(self, entry: BoardEntry) -> str:
        """Return when it was changed last."""
        return f"{clock.local(entry.updated_at):%m-%d %H:%M}"

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of proposing and of deciding."""
        wrap = self.admin_site.admin_view
        return [
            path("propose/<uuid:case_id>/", wrap(self.propose_view), name="feedback_board_propose"),
            path("<uuid:entry_id>/act/", wrap(self.act_view), name="feedback_board_act"),
            *super().get_urls(),
        ]

    def propose_view(self, request: HttpRequest, case_id: Any) -> HttpResponse:
        """POST: make an entry of a case and open it; a refusal goes back to the case."""
        if request.method != "POST":
            return HttpResponse(status=405)
        if not self.has_view_permission(request):
            raise Http404
        try:
            entry = services.board_propose(case_id=case_id, staff=staff_of(request), now=clock.now())
        except Refused as refused:
            if refused.status == 404:
                raise Http404 from refused
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:feedback_case_change", args=[case_id]))
        return HttpResponseRedirect(reverse("admin:feedback_boardentry_change", args=[entry.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the entry beside what it was made from, with what this person may do."""
        del form_url, extra_context
        return self._page(request, self._entry(request, object_id))

    def act_view(self, request: HttpRequest, entry_id: Any) -> HttpResponse:
        """POST: save, publish, reject or take down; what is refused shows the page again with what was typed."""
        entry = self._entry(request, entry_id)
        given = request.POST.get("verb", "")
        if request.method != "POST" or given not in {*_WITH_TEXTS, *_WITH_REASON}:
            return HttpResponse(status=405)
        verb = BoardVerb(given)
        form = (TextsForm if verb in _WITH_TEXTS else ReasonForm)(request.POST)
        if not form.is_valid():
            return self._page(request, entry, form, status=400)
        try:
            self._act(request, entry, verb, form.cleaned_data)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return self._page(request, self._entry(request, entry_id), form, status=refused.status)
        self.message_user(request, _("Done: %(verb)s.") % {"verb": BOARD_VERB_LABELS[verb]}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:feedback_boardentry_change", args=[entry.pk]))

    @staticmethod
    def _act(request: HttpRequest, entry: BoardEntry, verb: BoardVerb, given: dict[str, Any]) -> None:
        common: dict[str, Any] = {
            "entry_id": entry.pk, "staff": staff_of(request), "version": given.pop("version"), "now": clock.now(),
        }  # fmt: skip
        if verb in _WITH_TEXTS:
            _WITH_TEXTS[verb](texts=services.BoardTexts(**given), **common)
        else:
            _WITH_REASON[verb](reason=given["reason"], **common)

    def _entry(self, request: HttpRequest, entry_id: Any) -> BoardEntry:
        """Return the entry when this person may see it, else 404."""
        entry: BoardEntry | None = self.get_object(request, str(entry_id))
        if entry is None or not self.has_view_permission(request, entry):
            raise Http404
        return entry

    def _page(
        self, request: HttpRequest, entry: BoardEntry, bound: forms.Form | None = None, *, status: int = 200
    ) -> HttpResponse:
        verbs = board_verbs_open(source=BoardState(entry.state), roles=_roles(request))
        texts = bound if isinstance(bound, TextsForm) else _texts_form(entry)
        reason = bound if isinstance(bound, ReasonForm) else ReasonForm(initial={"version": entry.version})
        reply = entry.case.timeline.filter(verb=Verb.REPLY.value).order_by("-id").first()
        context = {
            **self.admin_site.each_context(request),
            "title": entry.title,
            "subtitle": entry.state_label,
            "opts": self.opts,
            "entry": entry,
            "case": entry.case,
            "original": marked(entry.case.text),
            "original_reply": marked(reply.text if reply else ""),
            "masked": [(KIND_LABELS[Kind(kind)], count) for kind, count in sorted(entry.findings.items())],
            "texts": texts,
            "text_verbs": _buttons(verbs, _WITH_TEXTS),
            "reason": reason,
            "reason_verbs": _buttons(verbs, _WITH_REASON),
            "may_propose": BoardVerb.PROPOSE in verbs,
            "act_url": reverse("admin:feedback_board_act", args=[entry.pk]),
            "events": entry.events.select_related("staff").defer("text", "reply_text").order_by("id"),
        }
        response = TemplateResponse(request, "admin/feedback/board.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _roles(request: HttpRequest) -> frozenset[Any]:
    staff = staff_of(request)
    return MODERATORS if staff.is_superuser else staff.roles


def _texts_form(entry: BoardEntry) -> TextsForm:
    names = ("version", "title", "text", "reply_text", "note")
    return TextsForm(initial={name: getattr(entry, name) for name in names})


def _buttons(verbs: tuple[BoardVerb, ...], of: dict[BoardVerb, Any]) -> list[dict[str, Any]]:
    return [
        {"verb": verb.value, "label": BOARD_VERB_LABELS[verb], "primary": verb is BoardVerb.PUBLISH}
        for verb in verbs
        if verb in of
    ]


def marked(text: str) -> SafeString:
    """Return ``text`` as HTML, with what the redaction finds in it marked and named."""
    parts: list[SafeString] = []
    at = 0
    for found in findings_of(text):
        parts.append(format_html("{}", text[at : found.start]))
        parts.append(format_html('<mark title="{}">{}</mark>', KIND_LABELS[found.kind], found.text))
        at = found.end
    parts.append(format_html("{}", text[at:]))
    return format_html_join("", "{}", ((part,) for part in parts))
