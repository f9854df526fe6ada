"""Campaigns at the desk: the draft, the look before it goes out, the moves of two people, how it fares."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.notifications import campaign_selectors as selectors
from apps.notifications import labels, services
from apps.notifications.admin.campaign_form import CampaignForm
from apps.notifications.models import Campaign, CampaignEvent
from apps.notifications.states import CampaignState, CampaignVerb

REFRESH_S = 15
VERB_LABELS: dict[CampaignVerb, Any] = {
    CampaignVerb.PROPOSE: _("Propose to the second person"),
    CampaignVerb.SEND_BACK: _("Back to the draft"),
    CampaignVerb.APPROVE: _("Approve"),
    CampaignVerb.START: _("Start now"),
    CampaignVerb.PAUSE: _("Pause"),
    CampaignVerb.RESUME: _("Go on"),
    CampaignVerb.CANCEL: _("Call back"),
}
# A note is asked for where the page does not renew itself under the hand.
WITH_NOTE = frozenset({CampaignVerb.SEND_BACK})
_DRAFT = (
    "name", "who", "title", "body", "page", "chain", "wechat_template", "wechat_lines", "sms_template", "sms_lines",
    "starts_at", "seen_version",
)  # fmt: skip
_SHOWN = (
    "name", "who_shown", "title", "body", "page", "chain_shown", "wechat_template", "sms_template", "starts_at", "author",
    "approved_by", "approved_at", "frozen_at", "finished_at",
)  # fmt: skip


class CampaignEventInline(TabularInline):
    model = CampaignEvent
    extra = 0
    fields = ("at", "verb", "staff", "note")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignEvent]:
        """Return the events with who did them."""
        rows: QuerySet[CampaignEvent] = super().get_queryset(request)
        return rows.select_related("staff")


@admin.register(Campaign)
class CampaignAdmin(DeskAdmin):
    form = CampaignForm
    list_display = ("name", "who_shown", "state", "fares_shown", "starts_at", "author", "created_at")
    list_filter = ("state", "segment")
    ordering = ("-created_at",)
    inlines: ClassVar[Any] = [CampaignEventInline]
    change_form_outer_before_template = "admin/notifications/campaign.html"

    def get_queryset(self, _request: HttpRequest) -> QuerySet[Campaign]:
        """Return all campaigns with their people and templates."""
        return selectors.campaigns_at_desk()

    def get_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """Return the form's fields for a draft, the facts for what is not changed any more."""
        return _DRAFT if self._writes(request, obj) else _SHOWN

    def get_form(
        self, request: HttpRequest, obj: Campaign | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the draft's form, or one without fields for what is only shown."""
        if not self._writes(request, obj):
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def _writes(self, request: HttpRequest, campaign: Campaign | None) -> bool:
        if campaign is None:
            return bool(self.has_add_permission(request))
        return self.has_change_permission(request, campaign)

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """Let drafts be written, and nothing else."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (obj is None or obj.state == CampaignState.DRAFT.value)

    @admin.display(description=_("who"))
    def who_shown(self, campaign: Campaign) -> str:
        """Return the segment in words."""
        return selectors.segment_label(campaign=campaign)

    @admin.display(description=_("channels"))
    def chain_shown(self, campaign: Campaign) -> str:
        """Return the channels after the inbox."""
        return " → ".join([str(_("inbox")), *(str(labels.CHANNELS[name]) for name in campaign.channels)])

    @admin.display(description=_("messages over"))
    def fares_shown(self, campaign: Campaign) -> Any:
        """Return a bar of what is over."""
        if campaign.frozen_at is None:
            return "-"
        percent = selectors.campaign_fares(campaign=campaign).percent
        return format_html('<progress max="100" value="{}"></progress> {}%', percent, percent)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """Hand the form to the service, which locks and compares versions."""
        staff, values, now = staff_of(request), form.draft_values(), clock.now()
        if not change:
            obj.pk = services.campaign_draft(staff=staff, values=values, now=now).pk
            return
        services.campaign_redraft(
            campaign_id=obj.pk, staff=staff, version=form.cleaned_data["seen_version"], values=values, now=now
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the door of moves."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<uuid:campaign_id>/move/<str:verb>/",
                wrap(self.move_view),
                name="notifications_campaign_move",
            ),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form with the look, the moves that are open to this person, and how it fares."""
        campaign = self.get_object(request, object_id) if object_id else None
        context = {**self._context(request, campaign), **(extra_context or {})} if campaign else extra_context
        try:
            response = super().changeform_view(request, object_id, form_url, context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)
        if campaign and campaign.state == CampaignState.RUNNING.value:
            response["Refresh"] = str(REFRESH_S)
        return response

    def _context(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        staff = staff_of(request)
        counts = bool(request.GET.get("count"))
        return {
            "campaign": campaign,
            "who": self.who_shown(campaign),
            "chain": self.chain_shown(campaign),
            "moves": [
                {
                    "verb": verb.value, "label": VERB_LABELS[verb], "note": verb in WITH_NOTE,
                    "url": reverse("admin:notifications_campaign_move", args=[campaign.pk, verb.value]),
                }
                for verb in services.campaign_verbs_open(campaign=campaign, staff=staff)
            ],
            "sample": selectors.campaign_sample(campaign=campaign),
            "counted": counts,
            "reach": selectors.campaign_reach(campaign=campaign) if counts else None,
            "fares": selectors.campaign_fares(campaign=campaign) if campaign.frozen_at else None,
            "codes": [
                (channel, code, count, *labels.advice(code=code))
                for channel, code, count in selectors.campaign_codes(campaign_id=campaign.pk)
            ]
            if request.GET.get("codes") and campaign.frozen_at
            else None,
        }  # fmt: skip

    def move_view(self, request: HttpRequest, campaign_id: Any, verb: str) -> HttpResponse:
        """POST: make a move and go back to the campaign, with what came of it as a message."""
        if request.method != "POST" or verb not in {one.value for one in VERB_LABELS}:
            return HttpResponse(status=405)
        campaign = self.get_object(request, str(campaign_id))
        if campaign is None or not self.has_view_permission(request, campaign):
            raise Http404
        seen = request.POST.get("version", "")
        try:
            campaign = services.campaign_act(
                campaign_id=campaign_id, verb=CampaignVerb(verb), staff=staff_of(request),
                version=int(seen) if seen.isdigit() else -1, note=request.POST.get("note", ""), now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            state = campaign.get_state_display()
            self.message_user(request, _("Done: %(state)s.") % {"state": state}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:notifications_campaign_change", args=[campaign_id]))
