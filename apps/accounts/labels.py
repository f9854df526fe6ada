"""What roles are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.states import Role

ROLE_LABELS: dict[Role, Any] = {
    Role.EDITOR: _("editor"),
    Role.REVIEWER_FIRST: _("first reviewer"),
    Role.REVIEWER_SECOND: _("second reviewer"),
    Role.REVIEWER_FINAL: _("final reviewer"),
    Role.INTAKE_CLERK: _("intake clerk"),
    Role.DESK_HEAD: _("head of the intake desk"),
    Role.HANDLER: _("handler"),
    Role.SUPERVISOR: _("supervisor"),
    Role.SERVICE_OPERATOR: _("service operator"),
    Role.AUDITOR: _("auditor"),
    Role.ADMINISTRATOR: _("administrator"),
}
