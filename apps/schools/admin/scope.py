"""Staff of the unit that holds a round see and work on it; administrators see everything."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.desk import staff_of
from apps.accounts.states import Role
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused


def sees_all(request: HttpRequest) -> bool:
    """Return whether the person looks after every round."""
    staff = staff_of(request)
    return staff.is_superuser or Role.ADMINISTRATOR in staff.roles


class RoundScoped(DeskAdmin):
    """``unit_path``  the look-up from a row to the unit of its round"""

    unit_path: ClassVar[str] = "round__department_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the person's units."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if sees_all(request):
            return rows
        return rows.filter(**{f"{self.unit_path}__in": staff_of(request).department_ids})

    def act_answer(self, request: HttpRequest, *, pk: Any, permission: str, work: Any) -> HttpResponse:
        """POST: do ``work(row)`` and go back to the row with its message or the refusal.  404 without row or right."""
        row = self.get_object(request, str(pk))
        if request.method != "POST":
            return HttpResponse(status=405)
        if row is None or not request.user.has_perm(permission):
            raise Http404
        try:
            # A refusal ends what was begun: some services make no savepoint of their own.
            with transaction.atomic():
                said = work(row)
            self.message_user(request, said, messages.SUCCESS)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        meta = self.model._meta
        return HttpResponseRedirect(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk]))
