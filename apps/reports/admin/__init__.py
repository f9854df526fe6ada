"""Figures in the admin."""

from apps.reports.admin import definitions, exclusions, figures

__all__ = ["definitions", "exclusions", "figures"]
