"""Clinics at the desk."""

from apps.clinics.admin import appointments, attendance, reference, referrals, sessions

__all__ = ["appointments", "attendance", "reference", "referrals", "sessions"]
