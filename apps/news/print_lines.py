"""The lines of a printed text: their marks, widths and shapes.  Nothing here joins or changes words.

Widths are counted in full-width characters: a Chinese character is 1, a Latin letter or digit ½.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

CLOSERS = "”’」』）)》】〕〉]\"'"
ENDERS = "。！？!?…；;．."
# A line can't begin with these: such a line goes on where the one before stopped.
NON_STARTERS = "，。、；：！？”’」』）)》】〕〉％%,;:!?…·"
OPENERS = "“‘「『（(《【〔〈"
CLAUSE_MARKS = "，。；：！？,;:!?…"
PAIRS = (("“", "”"), ("（", "）"), ("《", "》"), ("「", "」"), ("【", "】"))

_REMOVED_FORMATS = frozenset("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PAGE = re.compile(
    r"[-—–－·•.\s]*(?:\d{1,3}|[A-D]\d{1,3}版?|\d{1,3}\s*/\s*\d{1,3}|第\s*[A-D]?\d{1,3}\s*[版页]|\d{1,3}\s*[版页])"
    r"[-—–－·•.\s]*"
)
_YEAR = re.compile(r"(?:19|20)\d{2}年?(?:以来|度)?")
_NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|第[一二三四五六七八九十]{1,3}[章节部])"
)
_ITEM = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、](?!\d)|[①-⑳●•◆■▪*]|"
    r"第[一二三四五六七八九十]{1,3}[条章节，]|[一二三四五六七八九十]是|——)"
)
_BYLINE = re.compile(
    r"[（(]?(?:本报|特约|见习|实习)?(?:记者|讯|通讯员|评论员|文|图|撰文|编辑|责任编辑|责编|审核|校对|来源|作者|发布时间|供稿|统筹|策划|监制)"
    r"[\s/／|：:]"
)
_DATE = re.compile(
    r"(?:19|20)\d{2}[年\-./]\d{1,2}[月\-./]\d{1,2}日?(?:\s+\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?(?:\s*来源.*)?"
)
_CAPTION_BEGINS = re.compile(
    r"[▲△▼▽◀▶↑↓]|(?:图为|图片：|图片说明|资料图|上图|下图|左图|右图|图[一二三四五①-⑨\d]{1,2}[\s：:为]?)"
)
_CAPTION_ENDS = re.compile(r"(?:摄|供图|资料图|资料图片|效果图|示意图|航拍图)[）)]?。?$")
_SENTENCE_WORDS = re.compile(
    r"[在了着将把被已正使让给]|进行|成为|具有|达到|不断|没有|可以|全面|来到|走进|走上|举[行办]|召开|开展|参[加观]|体验|享受|迎来|亮相|建成|"
    r"(?:完成|落户|入驻|启[动用]|投用|开放|通车|开工)(?!后?的)|^[几一两三四五六七八九十\d]+[位名个]|\d[^路街号里村桥栋门期]{0,2}。?$"
)

CAPTION_MAX = 25  # full-width characters; the captions seen in print have 4 to 16
HEADING_MAX = 36
HEADING_PART_MAX = 20
WRAP_MAX = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank.

    ``number``  1-based in the input; ``gap`` blank lines before it; ``indent`` columns of space before it
    ``text``    without space at its ends, inner runs of space made one
    """

    number: int
    text: str
    gap: int
    indent: int

    @property
    def width(self) -> float:
        """The width in full-width characters."""
        return width_of(self.text)

    @property
    def reach(self) -> float:
        """How far it reaches from the left edge, in full-width characters: the indent counts too."""
        return self.width + self.indent / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of one text stand.

    ``usual_gap``      the most common number of blank lines between two lines
    ``wrap_width``     width of a full line where paragraphs are wrapped at a fixed width, else None
    ``indent_counts``  whether an indent tells a new paragraph from a continued one
    ``paragraph_gap``  the most common number of blank lines between two paragraphs
    ``gaps_vary``      whether some lines stand further apart than that, and these are the exception
    """

    usual_gap: int
    wrap_width: float | None
    indent_counts: bool
    paragraph_gap: int
    gaps_vary: bool

    def is_full(self, line: Line) -> bool:
        """Whether the line reaches the right edge, where it was broken for want of room.

        A mark that may not begin a line pulls up to 2½ characters along; a line that ends a sentence *and* falls short
        of the edge by a character had room for more, unless paragraphs are told apart by other means.
        """
        if self.wrap_width is None:
            return False
        told_apart = self.indent_counts or self.paragraph_gap > self.usual_gap
        slack = 2.5 if told_apart or not ends_sentence(line.text) else 0.5
        return line.reach >= self.wrap_width - slack

    def stands_apart(self, line: Line) -> bool:
        """Whether more blank lines stand before it than before a paragraph, in a text where that is rare."""
        return self.gaps_vary and line.gap > self.paragraph_gap


def width_of(text: str) -> float:
    """Return the width of ``text`` in full-width characters."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def is_removed(char: str) -> bool:
    """Whether a character has no place in a text: controls, lone surrogates, invisible direction marks."""
    return char in _REMOVED_FORMATS or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n")


def lines_read(*, text: str) -> tuple[list[Line], list[tuple[int, str]]]:
    """Return the lines that are not blank, and (line number, removed characters) where some were removed.

    CRLF, CR and the Unicode line separators end a line; a form feed and a vertical tab count as space.
    """
    unified = re.sub("\r\n|[\r\u0085\u2028\u2029]", "\n", text).replace("\f", " ").replace("\v", " ")
    lines: list[Line] = []
    removed: list[tuple[int, str]] = []
    gap = 0
    for number, raw in enumerate(unified.split("\n"), start=1):
        bad = "".join(char for char in raw if is_removed(char))
        if bad.strip("\ufeff") or (bad and number > 1):
            removed.append((number, bad))
        clean = "".join(char for char in raw if not is_removed(char)) if bad else raw
        body = " ".join(clean.split())
        if not body:
            gap += 1
            continue
        lead = clean[: len(clean) - len(clean.lstrip())]
        lines.append(Line(number, body, gap, sum(2 if char == "\u3000" else 1 for char in lead)))
        gap = 0
    return lines, removed


def ends_sentence(text: str) -> bool:
    """Whether the text ends as a sentence: 。！？…； and then closing quotes or brackets, or all in brackets."""
    core = text.rstrip(CLOSERS)
    if not core:
        return True
    if core[-1] in ENDERS:
        return True
    return text[0] in "（(【" and text[-1] in "）)】"


def is_balanced(text: str) -> bool:
    """Whether every kind of quote and bracket is opened as often as it is closed."""
    return all(text.count(opening) == text.count(closing) for opening, closing in PAIRS)


def starts_item(text: str) -> bool:
    """Whether the line begins as an item of a list (一、（二）3. ① 一是)."""
    return _ITEM.match(text) is not None


def is_bare_item(text: str) -> bool:
    """Whether the line is an item of a list of a few words, without the marks of a clause (1. 身份证明)."""
    return (
        starts_item(text) and not any(mark in text for mark in CLAUSE_MARKS) and width_of(text) <= CAPTION_MAX
    )


def is_page_number(text: str) -> bool:
    """Whether the line holds a page number and nothing else."""
    return len(text) <= 12 and _PAGE.fullmatch(text) is not None


def is_byline(text: str) -> bool:
    """Whether the line names writers, editors, a source or a date: a paragraph that needs no final mark."""
    if len(text) > 60 or any(mark in text for mark in "，。；！？、"):
        return False
    return _BYLINE.match(text) is not None or _DATE.fullmatch(text) is not None


def is_strong_heading(text: str) -> bool:
    """Whether the shape alone makes it a heading: a year, 一、…, two parts with a space, two clauses alike."""
    if len(text) > HEADING_MAX or text[-1] in ENDERS + "，、：,:":
        return False
    if _YEAR.fullmatch(text):
        return True
    if any(mark in text for mark in "。！？；…"):
        return False
    if _NUMBERED.match(text) and "，" not in text:
        return True
    parts = text.split(" ")
    if 2 <= len(parts) <= 3 and "，" not in text and _all_chinese_parts(parts):
        return True
    clauses = text.split("，")
    return (
        len(clauses) == 2 and 3 <= len(clauses[0]) == len(clauses[1]) <= 12 and not re.search(r"\d|的$", text)
    )


def _all_chinese_parts(parts: Sequence[str]) -> bool:
    # "B1 地块" is a spaced word, not a heading of two parts: each part has at least four characters, mostly Chinese.
    return all(
        4 <= len(part) <= HEADING_PART_MAX and sum("一" <= char <= "鿿" for char in part) * 2 >= len(part)
        for part in parts
    )


def is_heading_shaped(text: str) -> bool:
    """Whether it may be a heading if it stands between finished paragraphs: short and without marks of a clause."""
    if is_strong_heading(text):
        return True
    if width_of(text) > HEADING_PART_MAX + 4 or starts_item(text) or is_byline(text) or not is_balanced(text):
        return False
    return not any(mark in text for mark in "，。；！？,;!?…") and text[-1] not in "：:、-—"


def is_labelled_caption(text: str) -> bool:
    """Whether the words say that it belongs to a picture (图为…, …摄, ▲…)."""
    return len(text) <= 80 and bool(_CAPTION_BEGINS.match(text) or _CAPTION_ENDS.search(text))


def is_caption_shaped(text: str) -> bool:
    """Whether it may be a caption: short, one clause, closed by 。 or by nothing."""
    core = text.removesuffix("。")
    return 2 <= width_of(core) <= CAPTION_MAX and not any(mark in core for mark in CLAUSE_MARKS)


def names_a_thing(text: str) -> bool:
    """Whether a short line names a thing (a place, a building) and does not tell something about it.

    A noun at the end and none of the small words that only a sentence has; the parts of speech are jieba's.
    """
    core = text.removesuffix("。").rstrip(CLOSERS)
    if not core or _SENTENCE_WORDS.search(text):
        return False
    import rjieba  # here: its dictionary takes 33 MiB, and only the import of an article needs it

    tags = rjieba.tag(core)
    return tags[-1][1][:1] in "nsfjx" or tags[-1][1] in ("vn", "eng")


def layout_measure(*, lines: Sequence[Line]) -> Layout:
    """Return how the lines (the title included, not counted) stand."""
    body = lines[1:]
    gaps = Counter(line.gap for line in body[1:])
    usual = gaps.most_common(1)[0][0] if gaps else 0
    edge = _wrap_width(body, unit=usual)
    between = usual
    if edge is not None:
        ends = Counter(
            after.gap
            for line, after in pairwise(body)
            if ends_sentence(line.text) and (line.reach < edge - 2.5 or after.gap > usual)
        )
        between = ends.most_common(1)[0][0] if ends else usual
    wide = sum(count for gap, count in gaps.items() if gap > between)
    return Layout(
        usual_gap=usual,
        wrap_width=edge,
        indent_counts=_indent_counts(body),
        paragraph_gap=between,
        gaps_vary=0 < wide <= 0.35 * max(1, sum(gaps.values())),
    )


def _wrap_width(body: Sequence[Line], *, unit: int) -> float | None:
    # Lines that are followed at the usual distance; in wrapped print most of them are full, and full lines break
    # anywhere: at least half of them do not end a sentence.  The edge is the most common reach of the long ones.
    followed = [line for line, after in pairwise(body) if after.gap == unit]
    if len(followed) < 2:
        return None
    reaches = sorted(line.reach for line in followed)
    longest = reaches[min(len(reaches) - 1, int(0.9 * len(reaches)))]
    full = [line for line in followed if abs(line.reach - longest) <= 2.5]
    unended = sum(not ends_sentence(line.text) for line in full)
    if not 12 <= longest <= WRAP_MAX or len(full) < max(2, len(followed) / 2) or unended < len(full) / 2:
        return None
    edge = Counter(line.reach for line in full).most_common(1)[0][0]
    beyond = sum(line.reach > edge + 2.5 for line in body)  # no line of wrapped print passes the edge
    return edge if beyond <= len(body) // 20 else None


def _indent_counts(body: Sequence[Line]) -> bool:
    after_end: list[bool] = []
    after_break: list[bool] = []
    for line, after in pairwise(body):
        (after_end if ends_sentence(line.text) else after_break).append(after.indent >= 2)
    if not after_end or not after_break:
        return False
    return sum(after_end) / len(after_end) >= 0.5 and sum(after_break) / len(after_break) < 0.5
