"""Feedback in the admin."""

from apps.feedback.admin import board, cases, open311, routing, tables

__all__ = ["board", "cases", "open311", "routing", "tables"]
