"""Every write of school places."""

from apps.schools.services.appealing import appeal_decide, appeal_make
from apps.schools.services.applying import (
    By,
    Filing,
    application_begin,
    application_change,
    application_object,
    application_submit,
    application_withdraw,
)
from apps.schools.services.catchments import catchment_publish
from apps.schools.services.children import (
    ChildDraft,
    child_add,
    child_at_counter,
    child_name_correct,
    guardian_confirm,
    guardian_confirm_at_counter,
    guardian_end,
)
from apps.schools.services.counting import counts_keep
from apps.schools.services.documents import document_add, document_remove, document_view
from apps.schools.services.drawing import round_allocate, round_commit, round_publish, round_reveal
from apps.schools.services.journal import look_record
from apps.schools.services.locks import place_lock_release, place_lock_take
from apps.schools.services.offering import (
    QUEUE,
    child_enrol,
    offer_accept,
    offer_decline,
    offer_revoke,
    offers_lapse,
    round_finish,
)
from apps.schools.services.presets import demo_rounds_load, round_from_preset, schools_load
from apps.schools.services.reviewing import (
    application_review,
    objection_settle,
    papers_remind,
    points_set,
    twins_bind,
)
from apps.schools.services.rounds import plan_change, round_close, round_freeze, round_open

__all__ = [
    "QUEUE",
    "By",
    "ChildDraft",
    "Filing",
    "appeal_decide",
    "appeal_make",
    "application_begin",
    "application_change",
    "application_object",
    "application_review",
    "application_submit",
    "application_withdraw",
    "catchment_publish",
    "child_add",
    "child_at_counter",
    "child_enrol",
    "child_name_correct",
    "counts_keep",
    "demo_rounds_load",
    "document_add",
    "document_remove",
    "document_view",
    "guardian_confirm",
    "guardian_confirm_at_counter",
    "guardian_end",
    "look_record",
    "objection_settle",
    "offer_accept",
    "offer_decline",
    "offer_revoke",
    "offers_lapse",
    "papers_remind",
    "place_lock_release",
    "place_lock_take",
    "plan_change",
    "points_set",
    "round_allocate",
    "round_close",
    "round_commit",
    "round_finish",
    "round_freeze",
    "round_from_preset",
    "round_open",
    "round_publish",
    "round_reveal",
    "schools_load",
    "twins_bind",
]  # fmt: skip
