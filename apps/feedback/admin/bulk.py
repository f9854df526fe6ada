"""One act on several cases of the queue: each for itself, with a result per row."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.bulk import Outcome, ids_named, ids_text, outcome_of
from apps.feedback import labels, selectors
from apps.feedback.admin.case_context import open_verbs
from apps.feedback.admin.forms import ACTS, MoveForm
from apps.feedback.models import Case
from apps.feedback.states import Verb

# What makes sense for several at once; an answer is written for one.
BULK = (
    Verb.ACCEPT, Verb.DISPATCH, Verb.MERGE, Verb.SIGN, Verb.START, Verb.CONTACT, Verb.RESUME, Verb.SUPERVISE,
    Verb.REFUSE, Verb.CLOSE,
)  # fmt: skip


class BulkActs:
    """The views of acts on several cases; mixed into the case admin."""

    admin_site: Any
    opts: Any
    actions: ClassVar[Any] = ["bulk_begin"]

    @admin.action(description=_("Act on the selected cases …"))
    def bulk_begin(self, _request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse:
        """Go to the page on which the act is chosen and filled in."""
        return HttpResponseRedirect(f"{reverse('admin:feedback_case_bulk')}?ids={ids_text(queryset)}")

    def bulk_urls(self) -> list[URLPattern]:
        """Return the door."""
        return [path("bulk/", self.admin_site.admin_view(self.bulk_view), name="feedback_case_bulk")]

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """GET: choose the act and fill it in.  POST: do it to each case, in a transaction of its own."""
        staff = staff_of(request)
        cases = _cases(request, staff)
        verbs = [verb for verb in BULK if any(verb in open_verbs(case, staff) for case in cases)]
        chosen = request.POST.get("verb") or request.GET.get("verb") or (verbs[0].value if verbs else "")
        verb = next((one for one in verbs if one.value == chosen), None)
        form: MoveForm | None = None
        outcomes: list[Outcome] = []
        status = 200
        if verb is not None and cases:
            form = ACTS[verb].form(request.POST or None, case=cases[0])
            del form.fields["version"]
            if request.method == "POST":
                if form.is_valid():
                    outcomes = [_do(request, verb, case, form.cleaned_data) for case in cases]
                else:
                    status = 400
        context = {
            **self.admin_site.each_context(request), "title": _("Act on %(count)s cases") % {"count": len(cases)},
            "opts": self.opts, "cases": cases, "form": form, "outcomes": outcomes, "chosen": chosen,
            "verbs": [(one.value, labels.VERB_LABELS[one]) for one in verbs],
            "ids": ",".join(str(case.pk) for case in cases),
            "done": sum(one.done for one in outcomes),
        }  # fmt: skip
        return TemplateResponse(request, "admin/feedback/bulk.html", context, status=status)


def _cases(request: HttpRequest, staff: Any) -> list[Case]:
    """Return the cases named that this person may see, as the queue orders them, at most 100.  1 query."""
    return list(
        selectors.cases_visible(staff=staff)
        .filter(id__in=ids_named(request))
        .order_by(*selectors.QUEUE_ORDER)
    )


def _do(request: HttpRequest, verb: Verb, case: Case, given: dict[str, Any]) -> Outcome:
    """Do the act to one case as it was when the page was shown; a refusal is this row's result and no other's."""
    try:
        version = int(request.POST.get(f"version-{case.pk}", ""))
    except ValueError:
        version = -1
    return outcome_of(
        case,
        lambda: ACTS[verb].service(
            number=case.number, staff=staff_of(request), version=version, now=clock.now(), **given
        ),
    )
