"""The public writes of feedback."""

from apps.feedback.errors import CaseChanged, CaseNotFound, CategoryUnknown, MoveRefused, UnitUnknown
from apps.feedback.services.desk import case_accept, case_close, case_dispatch, case_refuse
from apps.feedback.services.resident import CaseDraft, case_rate, case_submit, case_withdraw
from apps.feedback.services.tables import categories_write, profiles_write
from apps.feedback.services.unit import case_reply, case_sign, case_start

__all__ = [
    "CaseChanged",
    "CaseDraft",
    "CaseNotFound",
    "CategoryUnknown",
    "MoveRefused",
    "UnitUnknown",
    "case_accept",
    "case_close",
    "case_dispatch",
    "case_rate",
    "case_refuse",
    "case_reply",
    "case_sign",
    "case_start",
    "case_submit",
    "case_withdraw",
    "categories_write",
    "profiles_write",
]
