"""The rows of feedback, one module a subject."""

from apps.feedback.models.answers import Inquiry
from apps.feedback.models.board import BoardEntry, BoardEvent, Follow, FollowRound
from apps.feedback.models.cases import Case, Rating, TimelineEntry
from apps.feedback.models.desk import CaseExport, ReplyTemplate
from apps.feedback.models.open311 import Open311Key
from apps.feedback.models.reminders import Reminder
from apps.feedback.models.routing import RoutingRule, RoutingTrial
from apps.feedback.models.suggestion import SuggestionModel
from apps.feedback.models.tables import (
    Category,
    DeadlineProfile,
    DeadlineRule,
    DutyClause,
    HandoverChannel,
)
from apps.feedback.models.work import CoHandling, Extension, OnBehalf, Pause, Question, Ruling

__all__ = [
    "BoardEntry",
    "BoardEvent",
    "Case",
    "CaseExport",
    "Category",
    "CoHandling",
    "DeadlineProfile",
    "DeadlineRule",
    "DutyClause",
    "Extension",
    "Follow",
    "FollowRound",
    "HandoverChannel",
    "Inquiry",
    "OnBehalf",
    "Open311Key",
    "Pause",
    "Question",
    "Rating",
    "Reminder",
    "ReplyTemplate",
    "RoutingRule",
    "RoutingTrial",
    "Ruling",
    "SuggestionModel",
    "TimelineEntry",
]
