"""What the notes of an intake report are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.news.documents.draft import NoteReason, NoteSort
from apps.news.intake_words import DOUBT_WORDS, JOIN_WORDS

SORT_WORDS: dict[str, Any] = {
    NoteSort.LOST.value: _("Not taken over"),
    NoteSort.DOUBT.value: _("Please look at these"),
    NoteSort.MEND.value: _("Mended"),
}
NOTE_WORDS: dict[str, Any] = {
    **{reason.value: words for reason, words in JOIN_WORDS.items()},
    **{reason.value: words for reason, words in DOUBT_WORDS.items()},
    NoteReason.WIDTH.value: _("letters, digits and marks brought to their usual width"),
    NoteReason.SPACES.value: _("blanks between characters removed"),
    NoteReason.CONTROLS.value: _("characters that can not be seen were removed"),
    NoteReason.MARKS.value: _("doubled marks made one"),
    NoteReason.EMPTY.value: _("empty paragraphs removed"),
    NoteReason.INSERTIONS.value: _("tracked insertions were accepted"),
    NoteReason.TEXT_BOX.value: _("a text box was put behind its paragraph"),
    NoteReason.EQUATION.value: _("an equation became a line of text"),
    NoteReason.NOTES.value: _("footnotes were put at the end"),
    NoteReason.HEADING_SHAPE.value: _("taken for a heading because of its shape"),
    NoteReason.CAPTION_SHAPE.value: _("taken for a caption because of its shape"),
    NoteReason.TITLE_NAME.value: _("no title found: the name of the file was taken"),
    NoteReason.TITLE_LONG.value: _("the title was cut at 120 characters"),
    NoteReason.NO_ALT.value: _("a picture without alternative text"),
    NoteReason.DELETIONS.value: _("a tracked deletion was left out"),
    NoteReason.COMMENTS.value: _("a comment was left out"),
    NoteReason.HIDDEN.value: _("hidden text was left out"),
    NoteReason.MARGINS.value: _("the page header or footer was left out"),
    NoteReason.PICTURE_FORMAT.value: _("a picture in a format that can not be shown"),
    NoteReason.PICTURE_BROKEN.value: _("a picture that can not be read"),
    NoteReason.PICTURE_REMOTE.value: _("a picture on another site: please add it by hand"),
    NoteReason.DRAWING.value: _("a chart or drawing"),
    NoteReason.OBJECT.value: _("an embedded file"),
    NoteReason.MEDIA.value: _("sound, film or a frame of another site"),
    NoteReason.LINK.value: _("a link: its words stay, its target does not"),
    NoteReason.FORM.value: _("a form field"),
}
