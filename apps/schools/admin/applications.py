"""Applications at the desk: what the machine found, the papers, two people's decisions, offers, the counter."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.common.files import MAX_BYTES, FileTooBig
from apps.common.posting import posted, uuid_of, whole_number
from apps.schools import selectors, services
from apps.schools.admin.scope import RoundScoped, sees_all
from apps.schools.errors import DocumentUnknown, ReasonMissing
from apps.schools.models import (
    AdmissionRound,
    Application,
    ApplicationDocument,
    Guardianship,
    Intake,
    Offer,
    PriorityCategory,
)
from apps.schools.reasons import CHECKS, REASONS
from apps.schools.services import By, ChildDraft, Filing
from apps.schools.states import (
    OPEN_TO_FAMILY,
    POINTS_DESK,
    POINTS_OPEN,
    Actor,
    ApplicationState,
    ApplicationVerb,
    OfferState,
    RoundState,
    move_of,
)

VERDICTS = {"agree": _("In order"), "ask": _("Ask for papers"), "reject": _("Do not accept")}


class CounterForm(forms.ModelForm):  # type: ignore[type-arg]
    """An application entered for a guardian who stands at the counter."""

    guardian_name = forms.CharField(
        label=_("guardian at the counter"), max_length=40, widget=UnfoldAdminTextInputWidget
    )
    telephone = forms.RegexField(
        r"^1\d{10}$", label=_("telephone"), required=False, widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid": _("A mobile number has 11 digits.")},
    )  # fmt: skip
    child_name = forms.CharField(label=_("child's name"), max_length=40, widget=UnfoldAdminTextInputWidget)
    name_corrected = forms.BooleanField(
        label=_("the papers show another name than is kept"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    id_kind = forms.ChoiceField(
        label=_("document"), choices=[("resident", _("resident identity card")), ("other", _("another document"))],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    id_number = forms.CharField(
        label=_("number of the document"), max_length=30, widget=UnfoldAdminTextInputWidget
    )
    birth_on = forms.DateField(
        label=_("born on"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=_("Only for another document."),
    )
    gender = forms.ChoiceField(
        label=_("gender"), required=False, choices=[("", "-"), ("female", _("female")), ("male", _("male"))],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    home_address = forms.CharField(label=_("address"), max_length=120, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Application
        fields = ("round", "category", "community")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = 6
        intakes = (
            Intake.objects.filter(round__state=RoundState.OPEN)
            .select_related("round")
            .order_by("round", "code")
        )
        choices = [("", "-"), *((str(one.pk), f"{one.round.name} · {one.name}") for one in intakes[:500])]
        for place in range(1, most + 1):
            self.fields[f"choice_{place}"] = forms.ChoiceField(
                label=_("choice %(place)s") % {"place": place}, choices=choices, required=place == 1,
                widget=UnfoldAdminSelectWidget,
            )  # fmt: skip

    def filing(self) -> Filing:
        """Return what was entered."""
        given = self.cleaned_data
        wanted = [
            uuid_of(given[name]) for name in sorted(given) if name.startswith("choice_") and given[name]
        ]
        return Filing(
            address=given["home_address"], community=given["community"].pk if given["community"] else None,
            category=given["category"].code if given["category"] else None, phone=given["telephone"],
            choices=[one for one in wanted if one is not None],
        )  # fmt: skip


class PaperForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("kind of paper"), choices=ApplicationDocument.Kind.choices, widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(label=_("picture"), widget=UnfoldAdminFileFieldWidget)


@admin.register(Application)
class ApplicationAdmin(RoundScoped):
    form = CounterForm
    list_display = ("number", "round", "category", "state", "submitted_at")
    list_select_related = ("round", "category")
    list_filter = ("state", "round")
    search_fields = ("number",)
    ordering = ("-id",)
    change_form_outer_before_template = "admin/schools/application.html"
    _SHOWN = (
        "number", "round", "category", "state", "points", "community", "filed_by_staff", "submitted_at", "created_at",
    )  # fmt: skip
    _COUNTER = (
        "round", "category", "guardian_name", "telephone", "child_name", "name_corrected", "id_kind", "id_number", "birth_on", "gender",
        "home_address", "community",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nothing be changed in place: what happens to an application are acts."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the counter's fields for a new one, the facts for one that is there."""
        if obj is not None:
            return self._SHOWN
        return (*self._COUNTER, *(f"choice_{place}" for place in range(1, 7)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the counter's form, or one without fields for what is only shown."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        else:
            kwargs["fields"] = ("round", "category", "community")
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rounds that take applications now, of the person's units."""
        staff = staff_of(request)
        rounds = AdmissionRound.objects.filter(state=RoundState.OPEN)
        if not staff.is_superuser:
            rounds = rounds.filter(department_id__in=staff.department_ids)
        if db_field.name == "round":
            kwargs["queryset"] = rounds
        elif db_field.name == "category":
            kwargs["queryset"] = PriorityCategory.objects.filter(round__in=rounds)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand the counter's form to the service."""
        given, now = form.cleaned_data, clock.now()
        gender = given["gender"]
        child = services.child_at_counter(
            draft=ChildDraft(
                relation="other", name=given["child_name"], id_kind=given["id_kind"], id_number=given["id_number"],
                birth_on=given["birth_on"], is_female=None if not gender else gender == "female",
            ),
            staff=staff_of(request), now=now, name_corrected=given["name_corrected"],
        )  # fmt: skip
        made = services.application_begin(
            round_id=given["round"].pk, child_id=child.pk, by=By(staff=staff_of(request)), filing=form.filing(), now=now,
            on_behalf_of=given["guardian_name"],
        )  # fmt: skip
        obj.pk, obj.number = made.pk, made.number

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of acts and papers."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<uuid:application_id>/act/<str:verb>/", wrap(self.act_view), name="schools_application_act"
            ),
            path("paper/<uuid:document_id>.jpg", wrap(self.paper_view), name="schools_application_paper"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the application with what was found and what can be done; names only after saying why (``read``)."""
        row = self.get_object(request, object_id) if object_id else None
        context = self._context(request, row) if row else {}
        try:
            return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def _context(self, request: HttpRequest, row: Application) -> dict[str, Any]:
        state = ApplicationState(row.state)
        offer = selectors.offer_live(application_id=row.pk)
        reviewing = state in (ApplicationState.SUBMITTED, ApplicationState.FIRST_REVIEW)
        waiting = selectors.waits_open(application_id=row.pk)
        asked = request.session.pop(f"application:{row.pk}", None)
        return {
            "application": row,
            "checks": [
                (CHECKS.get(one.code, one.code), one.outcome, one.get_outcome_display())
                for one in row.checks.filter(pass_number=row.pass_number).order_by("id")
            ],
            "choices": list(row.preferences.select_related("intake__school").order_by("position")),
            "papers": list(row.documents.filter(removed_at=None).defer("content").order_by("id")),
            "reviews": list(row.reviews.select_related("reviewer").order_by("id")),
            "events": list(row.events.select_related("staff").order_by("id")[:100]),
            "guardians": selectors.guardians_of(child_id=row.child_id),
            "asking": list(row.child.guardianships.filter(confirmed_at=None, ended_at=None)),
            "offer": offer, "waiting": waiting,
            "waiting_offers": [one for one in waiting if one.entry.state == "offered" and row.filed_by_staff_id],
            "verdicts": VERDICTS.items() if reviewing and request.user.has_perm("schools.review_application") else [],
            "reasons": REASONS.items(),
            "objects": row.objected_at is not None and row.objection_settled_at is None,
            "paper_form": PaperForm() if state in OPEN_TO_FAMILY and row.filed_by_staff_id else None,
            "may_points": state in POINTS_DESK and request.user.has_perm("schools.review_application"),
            "may_withdraw": row.filed_by_staff_id is not None
            and move_of(state=state, verb=ApplicationVerb.WITHDRAW, actor=Actor.GUARDIAN) is not None,
            "may_twins": state in POINTS_OPEN and row.block_id is None,
            "may_submit": state in OPEN_TO_FAMILY and row.filed_by_staff_id is not None,
            "may_answer": offer is not None and offer.state in (OfferState.OFFERED, OfferState.ACCEPTED) and row.filed_by_staff_id,
            "may_enrol": offer is not None and offer.state == OfferState.ACCEPTED,
            "may_revoke": offer is not None and offer.state != OfferState.ENROLLED and request.user.has_perm("schools.run_round"),
            "person": _person(row) if asked else None,
        }  # fmt: skip

    def act_view(self, request: HttpRequest, application_id: Any, verb: str) -> HttpResponse:
        """POST: one act; then back to the application with what came of it."""
        return self.act_answer(
            request, pk=application_id, permission="schools.change_application",
            work=lambda row: self._done(request, row, verb),
        )  # fmt: skip

    def _done(self, request: HttpRequest, row: Application, verb: str) -> Any:
        staff, now, text = staff_of(request), clock.now(), posted(request, "text")
        if verb in VERDICTS or verb == "points":
            return self._reviewed(request, row, verb, now, text)
        match verb:
            case "read":
                if not text.strip():
                    raise ReasonMissing(attr="text")
                services.look_record(row=row, staff=staff, data="child and address", reason=text, now=now)
                request.session[f"application:{row.pk}"] = True
                return _("Recorded; the data are shown once.")
            case "name":
                services.child_name_correct(child_id=row.child_id, name=text, staff=staff, now=now)
                return _("The name is put right.")
            case "settle":
                services.objection_settle(application_id=row.pk, staff=staff, note=text, now=now)
                return _("The objection is settled.")
            case "paper":
                return self._paper_add(request, row, now)
            case "guardian":
                asked = uuid_of(posted(request, "guardianship"))
                if asked is None or not Guardianship.objects.filter(pk=asked, child_id=row.child_id).exists():
                    raise Http404
                services.guardian_confirm_at_counter(guardianship_id=asked, staff=staff, now=now)
                return _("The guardian is confirmed.")
            case "twins":
                numbers = re.findall(r"XW\d{14}", text)[:3]
                others = self.get_queryset(request).filter(round_id=row.round_id, number__in=numbers)
                ids = [row.pk, *others.values_list("pk", flat=True)]
                services.twins_bind(application_ids=ids, by=By(staff=staff), now=now)
                return _("The applications are bound: places at one school, or none.")
        return self._answered(request, row, verb, By(staff=staff), now, text)

    def _reviewed(self, request: HttpRequest, row: Application, verb: str, now: Any, text: str) -> Any:
        if not request.user.has_perm("schools.review_application"):
            raise Http404
        staff = staff_of(request)
        if verb == "points":
            services.points_set(
                application_id=row.pk, points=whole_number(posted(request, "points")), note=text, staff=staff, now=now
            )  # fmt: skip
            return _("The points are kept.")
        done = services.application_review(
            application_id=row.pk, staff=staff, verdict=verb, reasons=request.POST.getlist("reasons")[:10], note=text,
            version=whole_number(posted(request, "version")), now=now,
        )  # fmt: skip
        return _("Done: %(state)s.") % {"state": done.get_state_display()}

    def _answered(
        self, request: HttpRequest, row: Application, verb: str, by: By, now: Any, text: str
    ) -> Any:
        if verb in ("submit", "withdraw", "accept", "decline") and row.filed_by_staff_id is None:
            raise Http404  # the family does it on its phone
        match verb:
            case "submit":
                services.application_submit(application_id=row.pk, by=by, now=now)
                return _("Handed in; two others review it.")
            case "withdraw":
                services.application_withdraw(application_id=row.pk, by=by, now=now)
                return _("Withdrawn.")
            case "accept":
                services.offer_accept(
                    application_id=row.pk, by=by, intake_id=uuid_of(posted(request, "intake")), now=now
                )
                return _("Accepted.")
            case "decline":
                services.offer_decline(
                    application_id=row.pk, by=by, intake_id=uuid_of(posted(request, "intake")), now=now
                )
                return _("Declined; the place goes on.")
            case "enrol":
                services.child_enrol(application_id=row.pk, staff=by.staff, now=now)
                return _("Enrolled.")
            case "revoke":
                if not request.user.has_perm("schools.run_round"):
                    raise Http404
                services.offer_revoke(application_id=row.pk, reason=text, staff=by.staff, now=now)
                return _("The place was taken back and goes on.")
        raise Http404

    def _paper_add(self, request: HttpRequest, row: Application, now: Any) -> Any:
        form = PaperForm(request.POST, request.FILES)
        if row.filed_by_staff_id is None or not form.is_valid():
            raise ReasonMissing(attr="file")
        file = form.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise FileTooBig(attr="file", limit_mb=MAX_BYTES // 1024 // 1024)
        services.document_add(
            application_id=row.pk,
            by=By(staff=staff_of(request)),
            kind=form.cleaned_data["kind"],
            stream=file,
            now=now,
        )
        return _("The paper is kept.")

    def paper_view(self, request: HttpRequest, document_id: Any) -> HttpResponse:
        """GET: a paper with the viewer's name across it; recorded.  404 for another unit's."""
        if not request.user.has_perm("schools.review_application"):
            raise Http404
        try:
            data = services.document_view(document_id=document_id, staff=staff_of(request), now=clock.now())
        except DocumentUnknown:
            raise Http404 from None
        return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the applications of the person's rounds, to a school's staff those of its places that were accepted.

        Drafts of families are theirs alone.
        """
        rows: QuerySet[Any] = super(RoundScoped, self).get_queryset(request)
        rows = rows.exclude(state=ApplicationState.DRAFT, filed_by__isnull=False)
        if sees_all(request):
            return rows
        units = staff_of(request).department_ids
        here = Offer.objects.filter(
            application_id=OuterRef("pk"), intake__school__department_id__in=units,
            state__in=[OfferState.ACCEPTED, OfferState.ENROLLED],
        )  # fmt: skip
        return rows.filter(Q(round__department_id__in=units) | Exists(here))


def _person(row: Application) -> dict[str, Any]:
    return {
        "name": row.child.name, "id_number": row.child.id_number, "birth_on": row.child.birth_on,
        "gender": row.child.get_gender_display(), "address": row.address,
        "home": row.home if row.round.band_m else "", "phone": row.phone or "",
        "guardian": row.on_behalf_of or "", "objection": row.objection or "",
    }  # fmt: skip
