"""Coded reasons of reviewers, and what the machine's checks are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    "unreadable": _("a paper can not be read"),
    "paper_missing": _("a paper is missing"),
    "hukou_differs": _("the household register says something else"),
    "property_differs": _("deed or lease does not fit the address"),
    "guardian_unproven": _("the guardian's right is not proven"),
    "age": _("the child is too young or too old for this round"),
    "class_unproven": _("the class of applicants is not proven"),
    "home_used": _("the home has used its place"),
    "double": _("another application of this child"),
    "too_late": _("the papers did not come in time"),
}

CHECKS = {
    "age": _("age fits the round"),
    "catchment": _("a chosen school is that of the home"),
    "double": _("no other application of this year"),
    "hukou": _("household register: child at this address"),
    "property": _("register of deeds and leases: this address"),
    "place_lock": _("the home has not used its place"),
}
