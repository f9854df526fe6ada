"""A round at the desk: its plan, and each step from announcing it to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.posting import posted, uuid_of, whole_number
from apps.schools import draw_selectors, selectors, services
from apps.schools.admin.presets import preset_view
from apps.schools.admin.scope import RoundScoped, sees_all
from apps.schools.errors import ReasonMissing
from apps.schools.models import AdmissionRound, Application, Intake, IntakeReserve, PriorityCategory
from apps.schools.states import RoundState, RoundVerb, round_move

VERB_LABELS: dict[RoundVerb, Any] = {
    RoundVerb.OPEN: _("Announce"),
    RoundVerb.CLOSE: _("No more applications"),
    RoundVerb.FREEZE: _("Freeze the roster"),
    RoundVerb.COMMIT: _("Commit a secret"),
    RoundVerb.REVEAL: _("Fix the public number and tell the secret"),
    RoundVerb.ALLOCATE: _("Allocate and check"),
    RoundVerb.PUBLISH: _("Publish"),
    RoundVerb.FINISH: _("End the round"),
}
# What stands at the step, so that nobody takes it unawares.
VERB_HINTS: dict[RoundVerb, Any] = {
    RoundVerb.OPEN: _("The plan becomes places; from now on each change of places has a public reason."),
    RoundVerb.FREEZE: _("Choices, classes and rules stand from then on. Each family gets its code."),
    RoundVerb.COMMIT: _("Someone else has to fix the public number."),
    RoundVerb.REVEAL: _("Once. There is no second draw."),
    RoundVerb.ALLOCATE: _("Nothing is kept where the independent check finds a fault."),
    RoundVerb.PUBLISH: _("All families are told at once."),
}
# The steps that need nothing but a decision.
STEPS: dict[RoundVerb, Callable[..., Any]] = {
    RoundVerb.OPEN: services.round_open,
    RoundVerb.CLOSE: services.round_close,
    RoundVerb.FREEZE: services.round_freeze,
    RoundVerb.COMMIT: services.round_commit,
    RoundVerb.PUBLISH: services.round_publish,
    RoundVerb.FINISH: services.round_finish,
}


class CategoryInline(TabularInline):
    model = PriorityCategory
    extra = 0
    fields = ("code", "name", "rank", "needs_hukou", "needs_property", "papers")


class IntakeInline(TabularInline):
    model = Intake
    extra = 0
    fields = ("code", "school", "name", "plan", "note")
    autocomplete_fields = ("school",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the lines with their schools."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("school")


class _BeforeOpening:
    """Lines that stand once the round is announced."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the round is prepared."""
        return bool(super().has_add_permission(request, obj)) and _prepared(obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the round is prepared."""
        return bool(super().has_change_permission(request, obj)) and _prepared(obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow while the round is prepared."""
        return bool(super().has_delete_permission(request, obj)) and _prepared(obj)  # type: ignore[misc]


class RoundCategories(_BeforeOpening, CategoryInline):
    pass


class RoundIntakes(_BeforeOpening, IntakeInline):
    pass


def _prepared(held: Any) -> bool:
    return held is None or held.state == RoundState.SETUP


@admin.register(AdmissionRound)
class AdmissionRoundAdmin(RoundScoped):
    unit_path = "department_id"
    list_display = ("name", "stage", "year", "state", "opens_at", "closes_at")
    list_filter = ("state", "stage", "year")
    ordering = ("-year", "code")
    inlines: ClassVar[Any] = [RoundCategories, RoundIntakes]
    change_form_outer_before_template = "admin/schools/round.html"
    list_before_template = "admin/schools/rounds.html"
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ("code", "name", "stage", "year", "department", "source", "is_demo")}),
        (_("Calendar"), {"fields": (
            "opens_at", "closes_at", "fix_until", "answer_until", "waiting_until", "waiting_answer_hours", "starts_on",
        )}),
        (_("Who may apply, and by which rule"), {"fields": (
            "born_from", "born_to", "max_choices", "policy", "parallel_width", "catchment_first", "band_m", "home_papers",
            "public_number_source",
        )}),
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the plan be changed while the round is prepared; after that there are steps."""
        return bool(super().has_change_permission(request, obj)) and _prepared(obj)

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of steps."""
        wrap = self.admin_site.admin_view
        return [
            path("preset/", wrap(self.preset_view), name="schools_round_preset"),
            path("<uuid:round_id>/step/<str:verb>/", wrap(self.step_view), name="schools_round_step"),
            *super().get_urls(),
        ]

    def preset_view(self, request: HttpRequest) -> HttpResponse:
        """Begin a round of a usual kind."""
        return preset_view(self, request)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the round with its counter and its next step."""
        held = self.get_object(request, object_id) if object_id else None
        context = self._context(request, held) if held else {}
        return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))

    def _context(self, request: HttpRequest, held: AdmissionRound) -> dict[str, Any]:
        state = RoundState(held.state)
        steps = [
            {"verb": verb.value, "label": VERB_LABELS[verb], "hint": VERB_HINTS.get(verb, "")}
            for verb in RoundVerb
            if round_move(state=state, verb=verb) and request.user.has_perm("schools.run_round")
        ]
        counts = Application.objects.filter(round=held).values("state").annotate(number=Count("id"))
        labels = dict(Application.State.choices)
        return {
            "round": held, "steps": steps,
            "counts": [(labels[row["state"]], row["number"]) for row in counts.order_by("state")],
            "seats": selectors.intakes_public(round_id=held.pk) if state != RoundState.SETUP else [],
            "events": [
                (event, VERB_LABELS[RoundVerb(event.verb)])
                for event in held.events.select_related("staff").order_by("id")
            ],
            "told": draw_selectors.draw_public(held=held),
            "may_change": state in (RoundState.OPEN, RoundState.VERIFYING, RoundState.PUBLISHED)
            and request.user.has_perm("schools.run_round"),
        }  # fmt: skip

    def step_view(self, request: HttpRequest, round_id: Any, verb: str) -> HttpResponse:
        """POST: one step, or ``places``: a change of an intake's places."""
        return self.act_answer(
            request, pk=round_id, permission="schools.run_round", work=lambda held: self._done(request, held, verb)
        )  # fmt: skip

    def _done(self, request: HttpRequest, held: AdmissionRound, verb: str) -> Any:
        staff, now = staff_of(request), clock.now()
        if verb == "places":
            return _places_change(request, held, staff, now)
        if verb not in {one.value for one in RoundVerb}:
            raise Http404
        match RoundVerb(verb):
            case RoundVerb.REVEAL:
                services.round_reveal(
                    round_id=held.pk, public_number=posted(request, "public_number"),
                    public_source=posted(request, "public_source"), staff=staff, now=now,
                )  # fmt: skip
            case RoundVerb.ALLOCATE:
                run = services.round_allocate(round_id=held.pk, staff=staff, now=now)
                return _("Worked out and checked: %(placed)s with a place, %(unplaced)s without.") % {
                    "placed": run.placed, "unplaced": run.unplaced,
                }  # fmt: skip
            case plain:
                STEPS[plain](round_id=held.pk, staff=staff, now=now)
        return _("Done: %(state)s.") % {"state": VERB_LABELS[RoundVerb(verb)]}


def _places_change(request: HttpRequest, held: AdmissionRound, staff: Any, now: Any) -> Any:
    intake, places = uuid_of(posted(request, "intake")), whole_number(posted(request, "places"))
    reason = posted(request, "reason").strip()[:200]
    if intake is None or not 0 < places <= 20_000 or not reason:
        raise ReasonMissing(attr="reason")
    if not held.intakes.filter(pk=intake).exists():
        raise Http404
    count = services.plan_change(intake_id=intake, places=places, reason=reason, staff=staff, now=now)
    return _("The intake has %(count)s places now; the reason is public.") % {"count": count}


@admin.register(IntakeReserve)
class IntakeReserveAdmin(RoundScoped):
    unit_path = "intake__round__department_id"
    list_display = ("intake", "category", "seats")
    list_select_related = ("intake", "category")
    list_filter = ("intake__round",)
    ordering = ("intake", "category")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what belongs to rounds of the person's units that are being prepared."""
        rounds = AdmissionRound.objects.filter(state=RoundState.SETUP)
        if not sees_all(request):
            rounds = rounds.filter(department_id__in=staff_of(request).department_ids)
        model = Intake if db_field.name == "intake" else PriorityCategory
        kwargs["queryset"] = model._default_manager.filter(round__in=rounds)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let reserves be changed while the round is prepared."""
        return bool(super().has_change_permission(request, obj)) and (
            obj is None or _prepared(obj.intake.round)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let reserves be taken away while the round is prepared: there is none of no places."""
        may = request.user.has_perm("schools.delete_intakereserve")
        return may and obj is not None and _prepared(obj.intake.round)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Check that intake and class are of one round."""
        form = super().get_form(request, obj, change, **kwargs)

        class Checked(form):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                given = super().clean() or self.cleaned_data
                intake, category = given.get("intake"), given.get("category")
                if intake and category and intake.round_id != category.round_id:
                    raise forms.ValidationError(_("Intake and class belong to different rounds."))
                return given

        return Checked
