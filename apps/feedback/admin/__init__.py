"""Feedback in the admin."""

from apps.feedback.admin import cases, tables

__all__ = ["cases", "tables"]
