"""The public writes of content safety."""

from apps.safety.services.decisions import media_check_decide, text_check_decide
from apps.safety.services.pictures import (
    PictureVerdict,
    media_check_open,
    media_checks_run,
    media_sweep,
    media_verdicts_apply,
)
from apps.safety.services.texts import text_check_open, text_checks_run
from apps.safety.services.word_lists import (
    WordsPreview,
    version_activate,
    word_list_load,
    word_list_preview,
    word_lists_load,
)

__all__ = [
    "PictureVerdict",
    "WordsPreview",
    "media_check_decide",
    "media_check_open",
    "media_checks_run",
    "media_sweep",
    "media_verdicts_apply",
    "text_check_decide",
    "text_check_open",
    "text_checks_run",
    "version_activate",
    "word_list_load",
    "word_list_preview",
    "word_lists_load",
]
