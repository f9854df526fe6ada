"""Clinics at the desk."""

from apps.clinics.admin import attendance, reference, referrals, sessions

__all__ = ["attendance", "reference", "referrals", "sessions"]
