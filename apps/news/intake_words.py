"""What the reasons of joins and doubts are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.news.intake_values import DoubtReason, JoinReason

JOIN_WORDS: dict[JoinReason, Any] = {
    JoinReason.CHARACTER_DOUBLED: _("the print repeats a character at the break"),
    JoinReason.HYPHEN: _("a word divided by a hyphen"),
    JoinReason.INTERRUPTED: _("a caption stood between the halves"),
    JoinReason.WORD_BROKEN: _("the break runs through a word"),
    JoinReason.SENTENCE_BROKEN: _("the sentence goes on"),
    JoinReason.WRAPPED: _("an ordinary line end"),
}
DOUBT_WORDS: dict[DoubtReason, Any] = {
    DoubtReason.CONTROL_REMOVED: _("characters that can not be shown were removed"),
    DoubtReason.UNREADABLE: _("unreadable character"),
    DoubtReason.MISPRINT: _("looks like a misprint"),
    DoubtReason.PAGE_NUMBER: _("a page number, perhaps"),
    DoubtReason.WEAK_JOIN: _("joined, but not sure"),
    DoubtReason.NO_FINAL_MARK: _("no mark at the end of the paragraph"),
    DoubtReason.DOUBLED_DROPPED: _("a doubled character was removed"),
    DoubtReason.DOUBLED_KEPT: _("a doubled character was kept"),
    DoubtReason.HYPHEN_DROPPED: _("the hyphen may belong to the word"),
    DoubtReason.DIGITS_JOINED: _("a number may run over the break"),
    DoubtReason.LATIN_JOINED: _("a space was put between two words"),
    DoubtReason.CAPTION_OR_PARAGRAPH: _("a caption or a paragraph"),
    DoubtReason.HEADING_OR_CAPTION: _("a heading or a caption"),
    DoubtReason.UNBALANCED_MARKS: _("quotes or brackets do not match"),
}
