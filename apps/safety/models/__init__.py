"""Word lists and content checks."""

from apps.safety.models.checks import EarlyVerdict, MediaCheck, TextCheck
from apps.safety.models.words import WordEntry, WordList, WordListVersion

__all__ = ["EarlyVerdict", "MediaCheck", "TextCheck", "WordEntry", "WordList", "WordListVersion"]
