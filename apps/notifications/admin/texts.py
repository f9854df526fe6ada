"""Texts of notices at the desk: what each kind says in each channel, a draft with a preview, and the second person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.api.fields import text_clean
from apps.common.errors import Refused
from apps.notifications import labels, services, text_selectors
from apps.notifications.kinds import NoticeKind, kind_of
from apps.notifications.models import NoticeText
from apps.notifications.states import TEXT_MOVES, TextState, TextVerb
from apps.notifications.text_checks import sms_places
from apps.notifications.wording import wording

Target = NoticeText.Target


class ContentForm(forms.Form):
    """The parts of a text: title and body, or a value for each place of the provider's template."""

    def __init__(self, data: Any, *, target: str, content: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.target, self.template = target, str(content.get("template", ""))
        if target == Target.INBOX.value:
            self._add("title", _("title"), content["title"], rows=1)
            self._add("body", _("text"), content["body"], rows=6)
        elif target == Target.WECHAT.value:
            self._keys_add(content["values"])
        else:
            self._places_add(content["params"])

    def _keys_add(self, values: Mapping[str, str]) -> None:
        row = wording().wechat.get(self.template)
        keys = row.keys if row else list(values)
        names = text_selectors.key_names(content=row.content if row else "", keys=keys)
        for key in keys:
            self._add(f"value_{key}", names[key], values.get(key, ""), rows=1)

    def _places_add(self, params: list[str]) -> None:
        row = wording().sms.get(self.template)
        for place in range(sms_places(text=row.text) if row else len(params)):
            told = params[place] if place < len(params) else ""
            self._add(f"param_{place}", f"{{{place + 1}}}", told, rows=1)

    def _add(self, name: str, label: Any, initial: str, *, rows: int) -> None:
        widget = forms.TextInput() if rows == 1 else forms.Textarea(attrs={"rows": rows})
        # What is missing is told with what else is wrong, before the text is proposed.
        self.fields[name] = forms.CharField(
            label=label, initial=initial, max_length=4000, required=False, widget=widget
        )

    @property
    def content(self) -> dict[str, Any]:
        """The valid form as the content of a version."""
        given = {name: text_clean(text).strip() for name, text in self.cleaned_data.items()}
        if self.target == Target.INBOX.value:
            return given
        texts = {name.partition("_")[2]: text for name, text in given.items()}
        if self.target == Target.WECHAT.value:
            return {"template": self.template, "values": texts}
        return {"template": self.template, "params": list(texts.values())}


@admin.register(NoticeText)
class NoticeTextAdmin(ReadOnlyAdmin):
    """What every kind says where; a page for each of them."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a text and the door of its moves."""
        wrap = self.admin_site.admin_view
        return [
            path("of/<str:kind>/<str:target>/", wrap(self.text_view), name="notifications_text"),
            path("<int:text_id>/act/", wrap(self.act_view), name="notifications_text_act"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show every registered kind and channel with what is live and what is in work."""
        del extra_context
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = [
            (
                row,
                Target(row.target).label,
                reverse("admin:notifications_text", args=[row.kind.key, row.target]),
            )
            for row in text_selectors.texts_overview()
        ]
        return self._answer(request, "admin/notifications/texts.html", title=_("Texts of notices"), rows=rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the page of the kind and channel."""
        del form_url, extra_context
        text = self.get_object(request, object_id)
        if text is None:
            raise Http404
        return HttpResponseRedirect(_page_of(text))

    def text_view(self, request: HttpRequest, kind: str, target: str) -> HttpResponse:
        """GET: the text, its versions and what may be done.  POST: show a preview, or save the draft."""
        one = _kind(kind, target)
        if not self.has_view_permission(request):
            raise PermissionDenied
        versions = text_selectors.text_versions(kind=one, target=target)
        work = next((v for v in versions if v.state in (TextState.DRAFT, TextState.PROPOSED)), None)
        live = text_selectors.live_content(kind=one, target=target)
        form = _form(request, target, work.content if work else live[1])
        status = 200
        if request.method == "POST":
            if not self._may_edit(request):
                raise PermissionDenied
            if form.is_valid() and "preview" not in request.POST:
                saved = self._save(request, one, target, work, form.content)
                if saved:
                    return HttpResponseRedirect(reverse("admin:notifications_text", args=[kind, target]))
                status = 409
        shown = work.content if work else live[1]
        if form.is_bound and form.is_valid():
            shown = form.content
        return self._page(request, one, target, versions, work, live, form, shown, status)

    def _save(
        self,
        request: HttpRequest,
        kind: NoticeKind,
        target: str,
        work: NoticeText | None,
        content: dict[str, Any],
    ) -> bool:
        try:
            if work is None:
                services.text_draft(
                    kind=kind.key, target=target, content=content, staff=staff_of(request), now=clock.now()
                )
            else:
                services.text_redraft(
                    text_id=work.pk,
                    version=_number(request, "version"),
                    content=content,
                    staff=staff_of(request),
                )
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return False
        self.message_user(request, _("Saved as a draft."), messages.SUCCESS)
        return True

    def act_view(self, request: HttpRequest, text_id: int) -> HttpResponse:
        """POST: move a version, and go back with what came of it as a message."""
        verb = request.POST.get("verb", "")
        if request.method != "POST" or verb not in set(TextVerb):
            return HttpResponse(status=405)
        text = self.get_object(request, str(text_id))
        if text is None:
            raise Http404
        if TextVerb(verb) not in self._verbs(request, text):
            raise PermissionDenied
        try:
            services.text_act(
                text_id=text_id, verb=TextVerb(verb), version=_number(request, "version"),
                staff=staff_of(request), note=text_clean(request.POST.get("note", "")), now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self.message_user(request, _("Done."), messages.SUCCESS)
        return HttpResponseRedirect(_page_of(text))

    def _verbs(self, request: HttpRequest, text: NoticeText) -> list[TextVerb]:
        """Return the verbs that this person's role allows; the service has the last word."""
        known = [move.verb for move in TEXT_MOVES if move.source == text.state]
        approve = request.user.has_perm("notifications.approve_noticetext")
        return [verb for verb in known if (self._may_edit(request) if verb is TextVerb.PROPOSE else approve)]

    @staticmethod
    def _may_edit(request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.change_noticetext"))

    def _page(
        self,
        request: HttpRequest,
        kind: NoticeKind,
        target: str,
        versions: list[NoticeText],
        work: NoticeText | None,
        live: tuple[int, dict[str, Any]],
        form: ContentForm,
        shown: dict[str, Any],
        status: int,
    ) -> HttpResponse:
        problems = text_selectors.content_problems(kind=kind, target=target, content=shown)
        wechat, sms = text_selectors.names_of_templates()
        editable = self._may_edit(request) and (work is None or work.state == TextState.DRAFT)
        verbs = self._verbs(request, work) if work else []
        if work and work.author_id == request.user.pk and TextVerb.APPROVE in verbs:
            verbs.remove(TextVerb.APPROVE)
        return self._answer(
            request, "admin/notifications/text.html", status=status,
            title=str(kind.label), subtitle=Target(target).label, kind=kind, target=target, versions=versions,
            work=work, live_number=live[0], form=form if editable else None,
            templates={Target.WECHAT.value: wechat, Target.SMS.value: sms}.get(target, []),
            problems=[(labels.problem(one=one), one.stops) for one in problems],
            preview=text_selectors.content_preview(kind=kind, target=target, content=shown),
            live_preview=text_selectors.content_preview(kind=kind, target=target, content=live[1]) if work else None,
            verbs=[(verb.value, labels.TEXT_VERBS[verb]) for verb in verbs], diff=_diff(request, kind, versions),
        )  # fmt: skip

    def _answer(self, request: HttpRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, template, context, status=status)


def _kind(key: str, target: str) -> NoticeKind:
    """Return the kind when it says something in this channel, else 404."""
    try:
        kind = kind_of(key)
    except KeyError:
        raise Http404 from None
    if target not in text_selectors.targets_of(kind=kind):
        raise Http404
    return kind


def _form(request: HttpRequest, target: str, content: dict[str, Any]) -> ContentForm:
    """Return the form; another template asked for brings its own places."""
    asked = request.POST.get("template") or request.GET.get("template")
    if asked and "template" in content:
        content = {**content, "template": asked[:40]}
    return ContentForm(request.POST if request.method == "POST" else None, target=target, content=content)


def _page_of(text: NoticeText) -> str:
    return reverse("admin:notifications_text", args=[text.kind, text.target])


def _number(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _diff(request: HttpRequest, kind: NoticeKind, versions: list[NoticeText]) -> dict[str, Any] | None:
    """Return what sets two versions apart: the one asked for, and the one before it (the program's before the first)."""
    asked = request.GET.get("diff", "")
    new = next((one for one in versions if str(one.number) == asked), None)
    if new is None:
        return None
    old = next((one for one in versions if one.number < new.number), None)
    before = old.content if old else text_selectors.program_content(kind=kind, target=new.target)
    lines = text_selectors.versions_diff(old=before, new=new.content)
    return {"new": new.number, "old": old.number if old else 0, "lines": lines}
