"""Content safety in the admin."""

from apps.safety.admin import checks, words

__all__ = ["checks", "words"]
