"""The review of residents' texts and pictures: what a machine doubted, beside the decision about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.api.fields import text_clean
from apps.common.errors import Refused
from apps.common.uploads import upload_link
from apps.safety import labels, selectors, services
from apps.safety.models import MediaCheck, TextCheck
from apps.safety.services.decisions import NOTE_CHARS
from apps.safety.states import WAITING, CheckState, Purpose, Verb, verbs_open
from apps.safety.subjects import Piece, pieces_read, subject_label, subjects_labels

_WAITING = sorted(state.value for state in WAITING)


class DecisionForm(forms.Form):
    """On what grounds."""

    note = forms.CharField(
        label=_("Grounds"), max_length=NOTE_CHARS, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("They stay with the decision. No personal data."),
    )  # fmt: skip

    def clean_note(self) -> str:
        """Return the grounds without control characters."""
        return text_clean(self.cleaned_data["note"]).strip()


class WaitingFilter(SimpleListFilter):
    """Without a choice the list holds what waits for a person, the oldest first."""

    title = _("which")
    parameter_name = "which"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the rest."""
        return [("all", _("all, settled ones too"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list; a chosen state looks at all checks."""
        everything = self.value() == "all" or request.GET.get("state__exact")
        return queryset if everything else queryset.filter(state__in=_WAITING)


class SubjectFilter(SimpleListFilter):
    title = _("belongs to")
    parameter_name = "subject"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the kinds of content."""
        return list(subjects_labels().items())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the chosen."""
        return queryset.filter(subject_kind=self.value()) if self.value() else queryset


class CheckAdmin(ReadOnlyAdmin):
    """What the lists and pages of both kinds of check share."""

    list_display = ("created_shown", "subject_shown", "state", "reason", "found", "source", "decided_by")
    list_filter = (WaitingFilter, "state", "reason", SubjectFilter)
    list_select_related = ("decided_by",)
    sortable_by: ClassVar[Any] = ()
    door: ClassVar[str]
    decide: ClassVar[Callable[..., Any]]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Order what waits by its age; where settled checks are among it, the newest first."""
        everything = request.GET.get("which") == "all" or request.GET.get("state__exact")
        return ["-created_at", "-id"] if everything else ["created_at", "id"]

    @admin.display(description=_("created"))
    def created_shown(self, check: Any) -> str:
        """Return when the content came in."""
        return f"{clock.local(check.created_at):%m-%d %H:%M}"

    @admin.display(description=_("belongs to"))
    def subject_shown(self, check: Any) -> Any:
        """Return what it belongs to, in words."""
        return subject_label(kind=check.subject_kind)

    @admin.display(description=_("found by WeChat"))
    def found(self, check: Any) -> Any:
        """Return what WeChat found, in words."""
        return labels.verdict_label(label=check.label) or "-"

    def get_urls(self) -> list[URLPattern]:
        """Add the door of the decision."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:check_id>/decide/", wrap(self.decide_view), name=f"safety_{self.door}_decide"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Record the look, then show the content with what was found in it."""
        del form_url, extra_context
        return self._page(request, self._check(request, object_id), DecisionForm())

    def decide_view(self, request: HttpRequest, check_id: Any) -> HttpResponse:
        """POST: clear the content or keep it back; what is refused shows the page again with what was typed."""
        check = self._check(request, check_id)
        given = request.POST.get("verb", "")
        if request.method != "POST" or given not in (Verb.CLEAR.value, Verb.CONFIRM.value):
            return HttpResponse(status=405)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._page(request, check, form, status=400)
        try:
            type(self).decide(
                check_id=check.pk, staff=staff_of(request), verb=Verb(given), note=form.cleaned_data["note"],
                now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return self._page(request, self._check(request, check_id), form, status=refused.status)
        self.message_user(request, _("Decided."), messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:safety_{self.door}_changelist"))

    def _check(self, request: HttpRequest, check_id: Any) -> Any:
        """Return the check when this person may see it, else 404."""
        check = self.get_object(request, str(check_id))
        if check is None or not self.has_view_permission(request, check):
            raise Http404
        return check

    def _page(
        self, request: HttpRequest, check: Any, form: DecisionForm, *, status: int = 200
    ) -> HttpResponse:
        key = (check.subject_kind, check.subject_id)
        piece = pieces_read(wanted=[key]).get(key)
        accounts.access_record(
            staff=staff_of(request), resident_id=check.resident_id, subject=piece.title if piece else str(check.pk)[:40],
            data=str(self.opts.verbose_name), reason=str(_("content check")), now=clock.now(),
        )  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "title": subject_label(kind=check.subject_kind),
            "subtitle": check.get_state_display(),
            "opts": self.opts,
            "check": check,
            "piece": piece,
            "found": labels.verdict_label(label=check.label),
            "form": form,
            "verbs": [(verb.value, labels.VERB_LABELS[verb]) for verb in verbs_open(source=CheckState(check.state))],
            "decide_url": reverse(f"admin:safety_{self.door}_decide", args=[check.pk]),
            **self.content(check, piece),
        }  # fmt: skip
        response = TemplateResponse(request, "admin/safety/check.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response

    def content(self, check: Any, piece: Piece | None) -> dict[str, Any]:
        """Return what the page shows of the content itself."""
        raise NotImplementedError


@admin.register(TextCheck)
class TextCheckAdmin(CheckAdmin):
    door = "textcheck"
    decide = services.text_check_decide

    def get_queryset(self, request: HttpRequest) -> QuerySet[TextCheck]:
        """Return what this person works on."""
        return selectors.texts_at_desk(staff=staff_of(request))

    def content(self, _check: TextCheck, piece: Piece | None) -> dict[str, Any]:
        """Return the text with the words of our lists marked."""
        return {"text": marked(piece.text) if piece else None}


@admin.register(MediaCheck)
class MediaCheckAdmin(CheckAdmin):
    door = "mediacheck"
    decide = services.media_check_decide

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaCheck]:
        """Return what this person works on."""
        return selectors.pictures_at_desk(staff=staff_of(request))

    def content(self, check: MediaCheck, _piece: Piece | None) -> dict[str, Any]:
        """Return links to the picture that work for two hours."""
        return {"picture": upload_link(check.upload), "thumb": upload_link(check.upload, thumb=True)}


def marked(text: str) -> SafeString:
    """Return ``text`` as HTML, with the words of the lists in force marked and named."""
    parts: list[SafeString] = []
    at = 0
    for one in selectors.lexicon_held(purpose=Purpose.RESIDENT_TEXTS).lexicon.find(text):
        name = f"{labels.CATEGORY_LABELS[one.category]} · {labels.LEVEL_LABELS[one.level]}"
        parts.append(format_html("{}", text[at : one.start]))
        parts.append(format_html('<mark title="{}">{}</mark>', name, text[one.start : one.end]))
        at = one.end
    parts.append(format_html("{}", text[at:]))
    return format_html_join("", "{}", ((part,) for part in parts))
