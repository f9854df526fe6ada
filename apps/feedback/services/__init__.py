"""The public writes of feedback."""

from apps.feedback.errors import CaseChanged, CaseNotFound, CategoryUnknown, MoveRefused, UnitUnknown
from apps.feedback.services.board import (
    BoardTexts,
    board_case_reopened,
    board_propose,
    board_publish,
    board_refusal,
    board_reject,
    board_save,
    board_take_down,
)
from apps.feedback.services.chiefs import (
    case_resume,
    case_supervise,
    case_suspend,
    extension_deny,
    extension_grant,
)
from apps.feedback.services.deadlines import deadlines_recompute
from apps.feedback.services.desk import (
    case_accept,
    case_arbitrate,
    case_call_back,
    case_classify,
    case_close,
    case_dispatch,
    case_refuse,
    case_split,
)
from apps.feedback.services.dispatching import unit_proposed
from apps.feedback.services.follows import follow_add, follow_remove, followers_sweep, followers_tell
from apps.feedback.services.incidents import case_merge, case_unmerge
from apps.feedback.services.inquiries import Suggested, inquiries_purge, inquiry_solved, suggest
from apps.feedback.services.open311_keys import open311_key_create
from apps.feedback.services.pauses import pauses_expire
from apps.feedback.services.previews import Preview, act_preview
from apps.feedback.services.reminders import reminders_send
from apps.feedback.services.replies import case_reply, evidence_missing
from apps.feedback.services.resident import (
    case_answer,
    case_nudge,
    case_rate,
    case_reopen,
    case_supplement,
    case_withdraw,
    nudge_next_at,
)
from apps.feedback.services.routing import rule_changed, rule_switch, rule_try
from apps.feedback.services.submission import CaseDraft, Elder, case_submit
from apps.feedback.services.suggestion import suggestion_load, suggestion_train
from apps.feedback.services.tables import (
    categories_write,
    channels_write,
    clauses_write,
    profiles_write,
    routing_rules_write,
    rules_write,
    templates_write,
)
from apps.feedback.services.templates import template_fill, templates_offered
from apps.feedback.services.unit import (
    case_ask,
    case_contact,
    case_contribute,
    case_return,
    case_sign,
    case_start,
    extension_ask,
)

__all__ = [
    "BoardTexts",
    "CaseChanged",
    "CaseDraft",
    "CaseNotFound",
    "CategoryUnknown",
    "Elder",
    "MoveRefused",
    "Preview",
    "Suggested",
    "UnitUnknown",
    "act_preview",
    "board_case_reopened",
    "board_propose",
    "board_publish",
    "board_refusal",
    "board_reject",
    "board_save",
    "board_take_down",
    "case_accept",
    "case_answer",
    "case_arbitrate",
    "case_ask",
    "case_call_back",
    "case_classify",
    "case_close",
    "case_contact",
    "case_contribute",
    "case_dispatch",
    "case_merge",
    "case_nudge",
    "case_rate",
    "case_refuse",
    "case_reopen",
    "case_reply",
    "case_resume",
    "case_return",
    "case_sign",
    "case_split",
    "case_start",
    "case_submit",
    "case_supervise",
    "case_supplement",
    "case_suspend",
    "case_unmerge",
    "case_withdraw",
    "categories_write",
    "channels_write",
    "clauses_write",
    "deadlines_recompute",
    "evidence_missing",
    "extension_ask",
    "extension_deny",
    "extension_grant",
    "follow_add",
    "follow_remove",
    "followers_sweep",
    "followers_tell",
    "inquiries_purge",
    "inquiry_solved",
    "nudge_next_at",
    "open311_key_create",
    "pauses_expire",
    "profiles_write",
    "reminders_send",
    "routing_rules_write",
    "rule_changed",
    "rule_switch",
    "rule_try",
    "rules_write",
    "suggest",
    "suggestion_load",
    "suggestion_train",
    "template_fill",
    "templates_offered",
    "templates_write",
    "unit_proposed",
]
