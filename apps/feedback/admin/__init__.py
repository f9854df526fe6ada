"""Feedback in the admin."""

from apps.feedback.admin import board, cases, inquiries, open311, routing, tables

__all__ = ["board", "cases", "inquiries", "open311", "routing", "tables"]
