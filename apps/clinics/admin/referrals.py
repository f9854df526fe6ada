"""The worklist of referrals: written, read with a reason, answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.accounts.desk import staff_of
from apps.clinics import selectors, services
from apps.clinics.admin.scope import sees_all
from apps.clinics.models import Department, Institution, Referral
from apps.clinics.referral_errors import ReferralReasonMissing
from apps.clinics.referral_selectors import slots_for
from apps.clinics.referral_states import MOVES, ReferralState, Side, Urgency, Verb
from apps.clinics.services import PatientDraft
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.common.posting import posted, uuid_of, whole_number

VERB_LABELS: dict[Verb, Any] = {
    Verb.SEND: _("Send"),
    Verb.ACCEPT: _("Accept"),
    Verb.RETURN: _("Send back"),
    Verb.REDIRECT: _("Redirect"),
    Verb.ADVISE: _("Answer with advice"),
    Verb.BOOK: _("Booked"),
    Verb.SEE: _("Seen"),
    Verb.REPORT: _("Report back"),
    Verb.REFER_DOWN: _("Refer back down"),
    Verb.CLOSE: _("Close"),
    Verb.CANCEL: _("Withdraw"),
}


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new referral; the patient is who stands there with a card."""

    name = forms.CharField(label=_("patient's name"), max_length=40, widget=UnfoldAdminTextInputWidget)
    id_number = forms.CharField(
        label=_("number of the identity card"), max_length=18, widget=UnfoldAdminTextInputWidget
    )
    reason_text = forms.CharField(
        label=_("reason"), max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    summary_text = forms.CharField(
        label=_("summary"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
    )

    class Meta:
        model = Referral
        fields = ("sender", "receiver", "department", "urgency")


@admin.register(Referral)
class ReferralAdmin(DeskAdmin):
    form = DraftForm
    list_display = ("number", "direction", "sender", "receiver", "department", "urgency", "state", "due_at")
    list_select_related = ("sender__facility", "receiver__facility", "department")
    list_filter = ("state", "urgency", "direction")
    search_fields = ("number",)
    ordering = ("-id",)
    change_form_outer_before_template = "admin/clinics/referral.html"
    _SHOWN = (
        "number",
        "direction",
        "sender",
        "receiver",
        "department",
        "urgency",
        "state",
        "due_at",
        "created_by",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        """Return the referrals that the person's institutions send or receive; drafts only of those that send."""
        rows: QuerySet[Referral] = super().get_queryset(request)
        if sees_all(request):
            return rows
        units = staff_of(request).department_ids
        return rows.filter(
            Q(sender__department_id__in=units) | (Q(receiver__department_id__in=units) & ~Q(state="draft"))
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nothing be changed in place: what happens to a referral are acts."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def get_fields(self, _request: HttpRequest, obj: Any = None) -> Any:
        """Return the form's fields for a new one, the facts for one that is there."""
        if obj is None:
            return (
                "name",
                "id_number",
                "sender",
                "receiver",
                "department",
                "urgency",
                "reason_text",
                "summary_text",
            )
        return self._SHOWN

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the draft's form, or one without fields for what is only shown."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the person's own institutions as sender, and members of alliances as receivers."""
        institutions = Institution.objects.filter(is_active=True, alliance__isnull=False).select_related(
            "facility"
        )
        if db_field.name == "sender":
            mine = [one.pk for one in selectors.institutions_of(staff=staff_of(request))]
            kwargs["queryset"] = institutions if sees_all(request) else institutions.filter(pk__in=mine)
        elif db_field.name == "receiver":
            kwargs["queryset"] = institutions
        elif db_field.name == "department":
            kwargs["queryset"] = Department.objects.filter(
                is_active=True, institution__alliance__isnull=False
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand the form to the service."""
        given = form.cleaned_data
        draft = PatientDraft(
            relation="self", name=given["name"], id_kind="resident", id_number=given["id_number"]
        )
        obj.pk = services.referral_draft(
            staff=staff_of(request), patient=services.patient_at_counter(draft=draft, now=clock.now()),
            sender=given["sender"], receiver=given["receiver"], department=given["department"],
            urgency=Urgency(given["urgency"]), reason=given["reason_text"], summary=given["summary_text"], now=clock.now(),
        ).pk  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of acts."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:referral_id>/act/<str:verb>/", wrap(self.act_view), name="clinics_referral_act"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the referral with what can be done; its texts only after saying why (``read``)."""
        referral = self.get_object(request, object_id) if object_id else None
        context = self._context(request, referral) if referral else {}
        try:
            return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def _context(self, request: HttpRequest, referral: Referral) -> dict[str, Any]:
        units = staff_of(request).department_ids
        sides = [
            side
            for side, one in ((Side.SENDER, referral.sender), (Side.RECEIVER, referral.receiver))
            if staff_of(request).is_superuser or one.department_id in units
        ]
        moves = {
            move.verb: move
            for move in MOVES
            if move.source == ReferralState(referral.state)
            and move.side in sides
            and move.verb in VERB_LABELS
        }
        return {
            "referral": referral,
            "asks": Side.SENDER in sides and referral.state in ("draft", "returned"),
            "others": Institution.objects.filter(alliance=referral.sender.alliance, is_active=True)
            .exclude(pk__in=[referral.sender_id, referral.receiver_id])
            .select_related("facility"),
            "moves": [
                {"verb": verb.value, "label": VERB_LABELS[verb], "reason": move.reason} for verb, move in moves.items()
            ],
            "events": list(referral.events.select_related("staff").order_by("id")[:100]),
            "slots": slots_for(referral=referral, now=clock.now()) if Verb.BOOK in moves else [],
            "texts": _texts(referral) if self._may_show(request, referral, sides) else None,
        }  # fmt: skip

    def _may_show(self, request: HttpRequest, referral: Referral, sides: list[Side]) -> bool:
        """Whether the texts were asked for just now; what was consented to then may have been taken back since."""
        asked = request.session.pop(f"referral:{referral.pk}", None)
        return bool(asked) and (
            Side.SENDER in sides or referral.pk in selectors.consented(referrals=[referral])
        )

    def act_view(self, request: HttpRequest, referral_id: UUID, verb: str) -> HttpResponse:
        """POST: one act, or ``read``, ``ask``, ``consent``; then back to the referral with what came of it."""
        referral = self.get_object(request, str(referral_id))
        if request.method != "POST":
            return HttpResponse(status=405)
        if referral is None or not request.user.has_perm("clinics.change_referral"):
            raise Http404
        try:
            self.message_user(request, self._done(request, referral, verb), messages.SUCCESS)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:clinics_referral_change", args=[referral_id]))

    def _done(self, request: HttpRequest, referral: Referral, verb: str) -> Any:
        staff, now, text = staff_of(request), clock.now(), posted(request, "text")
        if verb == "read":
            services.referral_read(
                referral_id=referral.pk, staff=staff, reason=text or str(_("treatment")), now=now
            )
            request.session[f"referral:{referral.pk}"] = True
            return _("Recorded; the texts are shown once.")
        if verb == "ask":
            count = services.referral_ask(referral_id=referral.pk, staff=staff, now=now)
            return _("Asked on the phone: %(count)s") % {"count": count}
        if verb == "consent":
            services.consent_give(referral_id=referral.pk, staff=staff, note=text, now=now)
            return _("The consent is recorded.")
        if verb not in {one.value for one in VERB_LABELS}:
            raise Http404
        seen = whole_number(posted(request, "version"))
        if verb == Verb.REFER_DOWN:
            services.referral_refer_down(
                referral_id=referral.pk, staff=staff, version=seen, reason=text, summary=posted(request, "summary"),
                now=now,
            )  # fmt: skip
            return _("A referral back down is written; it needs the patient's consent.")
        if verb == Verb.BOOK:
            slot = request.POST.get("slot", "")
            if uuid_of(slot) is None:
                raise ReferralReasonMissing(attr="slot")
            services.referral_book(
                referral_id=referral.pk, slot_id=UUID(slot), staff=staff, version=seen, now=now
            )
            return _("Booked; the patient is told.")
        done = services.referral_act(
            referral_id=referral.pk, staff=staff, verb=Verb(verb), version=seen, now=now, text=text,
            receiver=_receiver(request), consent_note=posted(request, "consent_note"),
        )  # fmt: skip
        return _("Done: %(state)s.") % {"state": done.get_state_display()}


def _receiver(request: HttpRequest) -> Institution | None:
    given = whole_number(posted(request, "receiver"))
    return Institution.objects.select_related("facility").filter(pk=given, is_active=True).first()


def _texts(referral: Referral) -> dict[str, str]:
    return {
        "patient": referral.patient.name, "reason": referral.reason, "summary": referral.summary,
        "report": referral.report or "",
    }  # fmt: skip
