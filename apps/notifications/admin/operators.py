"""The operators' view: how sending fares, what a resident was told, and sending failed messages again."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts_selectors
from apps.accounts import services as accounts
from apps.accounts.desk import staff_of
from apps.accounts.states import Role
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.api.fields import text_clean
from apps.common.errors import Refused
from apps.notifications import labels, operator_selectors, services
from apps.notifications.channels import gates
from apps.notifications.models import Delivery, Redrive
from apps.notifications.states import Channel

# Who may look for a resident, read what one was told, and send failed messages again.
LOOKERS = frozenset({Role.ADMINISTRATOR, Role.DESK_HEAD})
REASON_CHARS = 200
FIGURES_DAYS = 14
_WEEK = dt.timedelta(days=7)


class RedriveForm(forms.Form):
    """Which failures, and why."""

    code = forms.ChoiceField(label=_("last answer"))
    since = forms.DateTimeField(
        label=_("failed since"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    until = forms.DateTimeField(
        label=_("failed until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What was mended. No personal data."),
    )  # fmt: skip

    def __init__(self, *args: Any, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen: dict[str, str] = {}
        for one in operator_selectors.failures_of(since=now - _WEEK):
            seen.setdefault(one.code, f"{one.code} {one.meaning}")
        codes: Any = self.fields["code"]
        codes.choices = list(seen.items())

    def clean_reason(self) -> str:
        """Return the reason without control characters."""
        return text_clean(self.cleaned_data["reason"]).strip()


class SearchForm(forms.Form):
    """A resident by the phone number, whole."""

    phone = forms.CharField(label=_("Phone number, in full"), max_length=20)


@admin.register(Redrive)
class OperatorsAdmin(ReadOnlyAdmin):
    """The record of what was sent again; beside it the pages of those who keep sending going."""

    list_display = ("at", "staff", "meaning", "count", "reason", "failed_since", "failed_until")
    list_select_related = ("staff",)
    ordering = ("-at", "-id")
    fields = ("at", "staff", "meaning", "count", "reason", "failed_since", "failed_until")

    @admin.display(description=_("last answer"))
    def meaning(self, redrive: Redrive) -> str:
        """Return what the code means."""
        return labels.advice(code=redrive.code)[0]

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        wrap = self.admin_site.admin_view
        doors = (
            ("operators/", self.operators_view, "notifications_operators"),
            ("operators/figures/", self.figures_view, "notifications_operators_figures"),
            ("operators/wake/", self.wake_view, "notifications_operators_wake"),
            ("operators/search/", self.search_view, "notifications_operators_search"),
            (
                "operators/resident/<uuid:resident_id>/",
                self.resident_view,
                "notifications_operators_resident",
            ),
            ("operators/message/<uuid:message_id>/", self.message_view, "notifications_operators_message"),
            ("operators/redrive/", self.redrive_view, "notifications_operators_redrive"),
        )
        return [*(path(route, wrap(view), name=name) for route, view, name in doors), *super().get_urls()]

    def operators_view(self, request: HttpRequest) -> HttpResponse:
        """Show how sending fares now."""
        self._may_view(request)
        now = clock.now()
        seen = operator_selectors.overview(now=now)
        resting = [(one, labels.CHANNELS[one.channel], _why(one.why)) for one in seen.resting]
        queues = [
            (queue, labels.LANES[queue.lane], labels.CHANNELS[queue.channel], round(queue.oldest_s))
            for queue in seen.queues
        ]
        heartbeats = [
            (labels.WORKERS[lane], None if age is None else round(age)) for lane, age in seen.heartbeats
        ]
        return self._answer(
            request, "admin/notifications/operators.html", title=_("Sending of messages"), seen=seen, queues=queues,
            resting=resting, heartbeats=heartbeats, now=now, may_wake=Role.ADMINISTRATOR in staff_of(request).roles,
            may_look=bool(LOOKERS & staff_of(request).roles), search=SearchForm(),
        )  # fmt: skip

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show how the deliveries of the last two weeks ended, by day, notice and channel."""
        self._may_view(request)
        until = clock.today()
        lines = operator_selectors.delivery_shares(since=until - dt.timedelta(days=FIGURES_DAYS), until=until)
        return self._answer(
            request, "admin/notifications/operators_figures.html", title=_("How messages arrived"), lines=lines,
            days=FIGURES_DAYS,
        )  # fmt: skip

    def wake_view(self, request: HttpRequest) -> HttpResponse:
        """POST: end a channel's rest, and record who did."""
        if request.method != "POST" or request.POST.get("channel") not in set(Channel):
            return HttpResponse(status=405)
        if Role.ADMINISTRATOR not in staff_of(request).roles:
            raise PermissionDenied
        channel = Channel(request.POST["channel"])
        LogEntry.objects.create(
            user_id=staff_of(request).pk, content_type=ContentType.objects.get_for_model(Delivery),
            object_repr=str(labels.CHANNELS[channel]), action_flag=CHANGE,
            change_message=str(_("The channel's rest was ended.")), action_time=clock.now(),
        )  # fmt: skip
        gates.channel_wake(channel=channel)
        self.message_user(request, _("The channel is used again."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:notifications_operators"))

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """POST: find a resident by the phone number, which never stands in an address."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._may_look(request)
        form = SearchForm(request.POST)
        phone = "".join(form.cleaned_data["phone"].split()) if form.is_valid() else ""
        found = accounts_selectors.residents_of_phones(phones=[phone] if phone else [])
        if phone not in found:
            self.message_user(request, _("No resident has this number."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:notifications_operators"))
        return HttpResponseRedirect(reverse("admin:notifications_operators_resident", args=[found[phone]]))

    def resident_view(self, request: HttpRequest, resident_id: UUID) -> HttpResponse:
        """Show a resident's last messages and their fates; POST with a reason: also what they say.  Each look is recorded."""
        self._may_look(request)
        if not accounts_selectors.residents_by_id(ids={resident_id}):
            raise Http404
        reason = text_clean(request.POST.get("reason", "")).strip()[:REASON_CHARS]
        if request.method == "POST" and not reason:
            self.message_user(request, _("Say why you need to read the messages."), messages.ERROR)
        self._look_record(request, resident_id, reason)
        return self._answer(
            request, "admin/notifications/operators_resident.html", title=_("Messages of a resident"),
            status=400 if request.method == "POST" and not reason else 200,
            shown=operator_selectors.messages_of(resident_id=resident_id), content=bool(reason),
        )  # fmt: skip

    def message_view(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """GET: ask why.  POST with a reason: the message exactly as it was written and given to each channel."""
        self._may_look(request)
        shown = operator_selectors.message_of(message_id=message_id)
        if shown is None:
            raise Http404
        reason = text_clean(request.POST.get("reason", "")).strip()[:REASON_CHARS]
        if request.method == "POST" and not reason:
            self.message_user(request, _("Say why you need to read the messages."), messages.ERROR)
        if reason:
            self._look_record(request, shown.message.resident_id, reason)
        frozen = [(one, labels.CHANNELS[one.channel], _frozen(one)) for one in shown.message.deliveries.all()]
        return self._answer(
            request, "admin/notifications/message.html", title=shown.kind, shown=shown,
            status=400 if request.method == "POST" and not reason else 200,
            content=bool(reason), frozen=frozen if reason else [],
        )  # fmt: skip

    def redrive_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask which.  POST: show how many it is; with ``confirmed``: send them again."""
        self._may_look(request)
        now = clock.now()
        start = {
            "since": clock.local(now - operator_selectors.DAY),
            "until": clock.local(now),
            **request.GET.dict(),
        }
        form = RedriveForm(request.POST or None, initial=start, now=now)
        count, status = None, 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                given = form.cleaned_data
                which = {name: given[name] for name in ("code", "since", "until")}
                try:
                    if "confirmed" in request.POST:
                        done = services.deliveries_redrive(
                            staff=staff_of(request), reason=given["reason"], now=now, **which
                        )
                        told = _("Queued again: %(count)s messages.") % {"count": done.count}
                        self.message_user(request, told, messages.SUCCESS)
                        return HttpResponseRedirect(reverse("admin:notifications_redrive_changelist"))
                    count, status = services.redrive_count(now=now, **which), 200
                except Refused as refused:
                    form.add_error(None, refused.text())
                    status = refused.status
        return self._answer(
            request, "admin/notifications/operators_redrive.html", title=_("Send failed messages again"), form=form,
            count=count, status=status,
        )  # fmt: skip

    def _look_record(self, request: HttpRequest, resident_id: UUID, reason: str) -> None:
        accounts.access_record(
            staff=staff_of(request), resident_id=resident_id, subject=str(_("messages")),
            data=str(_("messages with their text") if reason else _("which messages arrived")),
            reason=reason or str(_("operation of sending")), now=clock.now(),
        )  # fmt: skip

    def _may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    @staticmethod
    def _may_look(request: HttpRequest) -> None:
        if not LOOKERS & staff_of(request).roles:
            raise PermissionDenied

    def _answer(self, request: HttpRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), **more}
        response = TemplateResponse(request, template, context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _why(why: str) -> str:
    """Return why a channel rests and what is to be done, in words."""
    return str(labels.RESTS.get(why) or "".join(labels.advice(code=why)))


def _frozen(delivery: Delivery) -> list[tuple[str, str]]:
    """Return what a channel was given, by the template's own names of its keys."""
    if isinstance(delivery.data, list):
        return [(f"{{{number}}}", text) for number, text in enumerate(delivery.data, start=1)]
    template = delivery.wechat_template
    order = list(template.keys) if template else []
    keys = sorted(delivery.data, key=lambda key: (order.index(key) if key in order else len(order), key))
    names = operator_selectors.names_of_keys(template=template, keys=keys)
    return [(names[key], str(delivery.data[key])) for key in keys]
