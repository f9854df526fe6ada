"""A tree of HTML into a draft: the title, what is a heading, what is a caption, and the body in our own tags.  Pure."""

from __future__ import annotations

import re
from html import escape, unescape
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import lxml.html
from lxml import etree

from apps.news.documents.draft import EXCERPT, Draft, Note, NoteReason, NoteSort, Picture, Source
from apps.news.documents.html_blocks import Block, BlockReader, is_large, is_small
from apps.news.documents.package import FileRefused, Why
from apps.news.documents.shapes import caption_below, heading_level, is_caption
from apps.news.intake import Block as TextBlock
from apps.news.intake import BlockKind, summary_of

MOST_PICTURES = 50
MOST_CHARACTERS = 200_000
TITLE_CHARS, SUMMARY_CHARS = 120, 120
_TITLES = ('//*[@id="activity-name"]', '//meta[@property="og:title"]/@content', "//title")
_ARTICLES = ('//*[@id="js_content"]', "//article", "//main")
_STRONG = re.compile(r"</?strong>")


def html_source(text: str) -> Source:
    """Return a page, or what was copied of one, as a source: the article alone where the page marks it."""
    try:
        page: Any = lxml.html.document_fromstring(text.replace("\0", ""), parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise FileRefused(Why.EMPTY) from error
    titles = (" ".join(page.xpath(f"string({place})").split()) for place in _TITLES)
    title = next((one for one in titles if one), "")
    for place in _ARTICLES:
        if found := page.xpath(place):
            if found[0].get("style"):  # WeChat hides the text until its script ran
                del found[0].attrib["style"]
            return Source(lxml.html.tostring(found[0], encoding="unicode"), title)
    return Source(text, title)


def draft_of(source: Source, *, name: str, format: str) -> Draft:
    """Return the draft that a source makes.

    ``name``  of the file: the last thing that a title can come from
    Raises FileRefused: empty, too_long.
    """
    try:
        root = lxml.html.document_fromstring(source.html.replace("\0", "") or "<p></p>", parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise FileRefused(Why.EMPTY) from error
    reader = BlockReader(source.pictures)
    reader.notes += source.notes
    reader.read(root)
    if reader.empty:
        reader.notes.append(Note(NoteSort.MEND, NoteReason.EMPTY.value, 0, "", reader.empty))
    blocks = reader.blocks
    if not blocks:
        raise FileRefused(Why.EMPTY)
    if len(reader.pictures) > MOST_PICTURES or sum(len(block.html) for block in blocks) > 2 * MOST_CHARACTERS:
        raise FileRefused(Why.TOO_LONG)
    if sum(len(block.text) for block in blocks) > MOST_CHARACTERS:
        raise FileRefused(Why.TOO_LONG)
    title, blocks = _title(source.title, reader.blocks, name, reader.notes)
    notes = _moved_up(reader.notes, reader.blocks, blocks)
    _shapes(blocks, notes)
    pictures = _captioned(blocks, reader.pictures, notes)
    body = "\n".join(_written(block, pictures) for block in blocks)
    paragraphs = [
        TextBlock(BlockKind.PARAGRAPH, unescape(b.text), ()) for b in blocks if b.kind == "p" and b.text
    ]
    return Draft(
        title, body, summary_of(blocks=paragraphs, limit=SUMMARY_CHARS), tuple(pictures),
        tuple(_noted_once(notes)), format, reader.missing,
    )  # fmt: skip


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")


def _title(given: str, blocks: list[Block], name: str, notes: list[Note]) -> tuple[str, list[Block]]:
    """Return the title, and the blocks without the one that it was."""
    title, rest = unescape(given.strip()), blocks
    first = next((block for block in blocks if block.kind not in ("picture", "missing", "hr")), None)
    if first is not None and first.kind == "h1":
        title, rest = unescape(first.text), [block for block in blocks if block is not first]
    elif title:
        rest = [b for b in blocks if b is not first or unescape(b.text) != title]
    elif first is not None and first.kind in ("p", "h2", "h3") and _may_be_title(first, len(blocks)):
        title, rest = unescape(first.text), [block for block in blocks if block is not first]
    else:
        title = PurePosixPath(name.replace("\\", "/")).stem.strip()
        notes.append(Note(NoteSort.DOUBT, NoteReason.TITLE_NAME.value, 0, title[:EXCERPT]))
    if len(title) > TITLE_CHARS:
        notes.append(
            Note(NoteSort.DOUBT, NoteReason.TITLE_LONG.value, 0, title[TITLE_CHARS - 20 :][:EXCERPT])
        )
    return title[:TITLE_CHARS] or PurePosixPath(name).stem[:TITLE_CHARS], rest


def _moved_up(notes: list[Note], before: list[Block], after: list[Block]) -> list[Note]:
    """Return the notes with their places as they are without the block that became the title."""
    gone = next(
        (place for place, one in enumerate(before, start=1) if all(one is not b for b in after)), None
    )
    if gone is None:
        return notes
    return [
        note
        if note.place < gone
        else Note(
            note.sort, note.reason, 0 if note.place == gone else note.place - 1, note.excerpt, note.count
        )
        for note in notes
    ]


def _may_be_title(block: Block, count: int) -> bool:
    text = block.text
    return count > 1 and 0 < len(text) <= 60 and text[-1] not in "。；，、：" and not is_caption(text)


def _shapes(blocks: list[Block], notes: list[Note]) -> None:
    """Make headings and captions of what has their shape, each with a note."""
    for place, block in enumerate(blocks, start=1):
        if block.kind != "p":
            continue
        text = unescape(block.text)
        above = blocks[place - 2].kind if place > 1 else ""
        if (
            above in ("picture", "missing")
            and caption_below(text, centred=block.centred, small=is_small(block))
        ) or (is_caption(text) and "picture" in {b.kind for b in blocks[max(0, place - 3) : place + 2]}):
            block.kind = "caption"
        elif (level := heading_level(text, bold=block.bold, large=is_large(block))) and place < len(blocks):
            block.kind = f"h{level}"
        else:
            continue
        reason = NoteReason.CAPTION_SHAPE if block.kind == "caption" else NoteReason.HEADING_SHAPE
        notes.append(Note(NoteSort.DOUBT, reason.value, place, text[:EXCERPT]))


def _captioned(blocks: list[Block], pictures: list[Picture], notes: list[Note]) -> list[Picture]:
    """Return the pictures with the captions below them; one that nothing describes is a doubt."""
    below = {
        int(block.html): unescape(after.text)
        for block, after in pairwise(blocks)
        if block.kind == "picture" and after.kind == "caption"
    }
    made = []
    for picture in pictures:
        caption = below.get(picture.number, "")
        if not picture.alt and not caption:
            notes.append(Note(NoteSort.DOUBT, NoteReason.NO_ALT.value, 0, str(picture.number + 1)))
        made.append(Picture(picture.number, picture.data, picture.alt, caption))
    return made


def _written(block: Block, pictures: list[Picture]) -> str:
    if block.kind == "picture":
        alt = next((one.alt for one in pictures if one.number == int(block.html)), "")
        return f'<p><img src="cid:{block.html}" alt="{escape(alt)}"></p>'
    if block.kind == "missing":
        return f'<p class="caption">⟦{block.html}⟧</p>'
    if block.kind in ("list", "table", "hr"):
        return block.html
    if block.kind == "caption":
        return f'<p class="caption">{_STRONG.sub("", block.html)}</p>'
    if block.kind == "quote":
        return f"<blockquote><p>{block.html}</p></blockquote>"
    tag = "h2" if block.kind == "h1" else block.kind
    return f"<{tag}>{_STRONG.sub('', block.html) if tag != 'p' else block.html}</{tag}>"


def _noted_once(notes: list[Note]) -> list[Note]:
    """Return the notes, equal mends of one block counted together."""
    held: dict[tuple[str, str, int], Note] = {}
    out: list[Note] = []
    for note in notes:
        key = (note.sort, note.reason, note.place)
        if note.sort is NoteSort.MEND and key in held:
            old = held[key]
            out[out.index(old)] = held[key] = Note(
                old.sort, old.reason, old.place, old.excerpt, old.count + note.count
            )
            continue
        held[key] = note
        out.append(note)
    return out
