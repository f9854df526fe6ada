"""Roles of staff.  A role is a Django group of the same code; memberships say for which unit it counts."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    EDITOR = "editor"
    REVIEWER_FIRST = "reviewer_first"
    REVIEWER_SECOND = "reviewer_second"
    REVIEWER_FINAL = "reviewer_final"
    INTAKE_CLERK = "intake_clerk"
    DESK_HEAD = "desk_head"  # head of the intake desk: rules, supervises, approves
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    SERVICE_OPERATOR = "service_operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


# Purposes a resident can agree to apart (PIPL 14, 29).  The first is what the service itself needs.
BASIC_SERVICE = "basic_service"
