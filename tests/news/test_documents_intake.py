"""Articles from files: Word, pages, what is pasted from WeChat, plain text; what is mended, doubted, lost."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from contextlib import suppress
from html import escape
from typing import Any

import pytest
from django.urls import reverse
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.states import Role
from apps.common import clock
from apps.news.documents.draft import Draft, NoteReason, NoteSort
from apps.news.documents.mends import text_mended
from apps.news.documents.package import FileRefused, Why
from apps.news.documents.reading import MAX_BYTES, document_read
from apps.news.documents.shapes import heading_level, is_caption
from apps.news.errors import ColumnForbidden
from apps.news.file_errors import DocumentRefused
from apps.news.models import Article, IntakeReport, MediaAsset
from apps.news.services.intake import draft_from_document
from apps.news.text import html_clean, html_text
from tests.factories.articles import desk_make
from tests.factories.documents import package_changed, pdf, word, word_of, word_of_xml, workbook
from tests.factories.pictures import jpeg

P = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"


def notes(draft: Draft, sort: NoteSort) -> list[tuple[str, str]]:
    return [(note.reason, note.excerpt) for note in draft.notes if note.sort is sort]


def reasons(draft: Draft) -> set[str]:
    return {note.reason for note in draft.notes}


def paragraph(document: Any, text: str, *, bold: bool = False, centred: bool = False, size: int = 0) -> None:
    made = document.add_paragraph()
    run = made.add_run(text)
    run.bold = bold or None
    if size:
        run.font.size = Pt(size)
    if centred:
        made.alignment = WD_ALIGN_PARAGRAPH.CENTER


# --- Word -----------------------------------------------------------------------------------------------------------


def test_title_headings_marks_lists_and_tables_of_a_word_file_are_taken_over():
    def build(document: Any) -> None:
        document.add_heading("江滩步道完工", 0)
        document.add_heading("路灯", 1)
        made = document.add_paragraph("换成")
        made.add_run("节能灯").bold = True
        made.add_run("。")
        document.add_heading("座椅", 2)
        document.add_paragraph("木椅", style="List Bullet")
        document.add_paragraph("石椅", style="List Bullet")
        table = document.add_table(2, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "名称", "数量"
        table.cell(1, 0).merge(table.cell(1, 1)).text = "合计"

    draft = document_read(name="稿.docx", raw=word(build))

    assert (draft.title, draft.format, draft.notes) == ("江滩步道完工", "docx", ())
    assert draft.body_html.split("\n") == [
        "<h2>路灯</h2>",
        "<p>换成<strong>节能灯</strong>。</p>",
        "<h3>座椅</h3>",
        "<ul><li><p>木椅</p></li><li><p>石椅</p></li></ul>",
        "<table><tbody><tr><td><p>名称</p></td><td><p>数量</p></td></tr>"
        '<tr><td colspan="2"><p>合计</p></td></tr></tbody></table>',
    ]
    assert html_clean(draft.body_html) == draft.body_html


def test_headings_are_told_from_shape_and_said():
    def build(document: Any) -> None:
        paragraph(document, "江滩步道完工", centred=True, size=22)
        paragraph(document, "一、路灯更亮")
        paragraph(document, "路灯全部换成节能灯，夜里更亮。")
        paragraph(document, "（一）东段")
        paragraph(document, "东段已经完工。")
        paragraph(document, "座椅更多", bold=True)
        paragraph(document, "新添座椅六十张。", bold=True)

    draft = document_read(name="稿.docx", raw=word(build))

    assert draft.title == "江滩步道完工"
    assert draft.body_html.split("\n") == [
        "<h2>一、路灯更亮</h2>",
        "<p>路灯全部换成节能灯，夜里更亮。</p>",
        "<h3>（一）东段</h3>",
        "<p>东段已经完工。</p>",
        "<h2>座椅更多</h2>",
        "<p><strong>新添座椅六十张。</strong></p>",
    ]
    assert notes(draft, NoteSort.DOUBT) == [
        ("heading_shape", "一、路灯更亮"), ("heading_shape", "（一）东段"), ("heading_shape", "座椅更多"),
    ]  # fmt: skip


def test_pictures_come_out_with_the_caption_below_them():
    def build(document: Any) -> None:
        document.add_heading("标题", 0)
        document.add_picture(io.BytesIO(jpeg()))
        paragraph(document, "江滩夜景", centred=True)
        document.add_paragraph("正文在这里。")
        document.add_picture(io.BytesIO(jpeg(80, 60)))

    draft = document_read(name="稿.docx", raw=word(build))

    assert draft.body_html.split("\n") == [
        '<p><img src="cid:0" alt=""></p>',
        '<p class="caption">江滩夜景</p>',
        "<p>正文在这里。</p>",
        '<p><img src="cid:1" alt=""></p>',
    ]
    assert [(one.number, one.caption) for one in draft.pictures] == [(0, "江滩夜景"), (1, "")]
    assert ("no_alt", "2") in notes(draft, NoteSort.DOUBT)


def test_tracked_changes_hidden_text_comments_and_margins_are_said():
    body = (
        P.format("标题")
        + "<w:p><w:r><w:t>留下</w:t></w:r><w:del><w:r><w:delText>删去的话</w:delText></w:r></w:del>"
        + "<w:ins><w:r><w:t>加上的话</w:t></w:r></w:ins>"
        + "<w:r><w:rPr><w:vanish/></w:rPr><w:t>看不见的话</w:t></w:r><w:r><w:t>。</w:t></w:r></w:p>"
    )
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    parts = {
        "word/comments.xml": f"<w:comments {w}><w:comment w:id='0'>{P.format('批注')}</w:comment></w:comments>",
        "word/header9.xml": f"<w:hdr {w}>{P.format('内部资料')}</w:hdr>",
    }

    draft = document_read(name="稿.docx", raw=word_of_xml(body, parts=parts))

    assert draft.body_html == "<p>留下加上的话。</p>"
    assert set(notes(draft, NoteSort.LOST)) == {
        ("deletions", "删去的话"), ("hidden", "看不见的话"), ("comments", "批注"), ("margins", "内部资料"),
    }  # fmt: skip
    assert notes(draft, NoteSort.MEND) == [("insertions", "加上的话")]


def test_a_text_box_is_put_behind_its_paragraph_and_an_equation_becomes_text():
    box = (
        "<w:p><w:r><w:t>前文。</w:t></w:r><w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox>"
        f"<w:txbxContent>{P.format('框里的话。')}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    )
    formula = (
        "<w:p><w:r><w:t>公式</w:t></w:r><m:oMath xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'>"
        "<m:r><m:t>a+b</m:t></m:r></m:oMath></w:p>"
    )

    draft = document_read(
        name="稿.docx", raw=word_of_xml(P.format("标题") + box + formula + P.format("完。"))
    )

    assert draft.body_html.split("\n") == [
        "<p>前文。</p>",
        "<p>框里的话。</p>",
        "<p>公式a+b</p>",
        "<p>完。</p>",
    ]
    assert {"text_box", "equation"} <= reasons(draft)


def test_a_picture_of_drawing_commands_is_named():
    raw = word(
        lambda document: (
            document.add_paragraph("标题"), document.add_picture(io.BytesIO(jpeg())), document.add_paragraph("正文。"),
        )
    )  # fmt: skip
    types = "[Content_Types].xml"
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        changed = package.read(types).replace(b"image/jpeg", b"image/x-emf")

    draft = document_read(name="稿.docx", raw=package_changed(raw, {types: changed}))

    assert draft.pictures == ()
    assert ("picture_format", "x-emf") in notes(draft, NoteSort.LOST)


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("a.docx", b"", Why.EMPTY),
        ("a.docx", b"PK\x03\x04broken", Why.BROKEN),
        ("a.docx", b"no zip at all", Why.BROKEN),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 90, Why.OLD_FORMAT),
        ("a.txt", word_of("x"), Why.NAME),
        ("a.docx", workbook({"a": [["x"]]}), Why.UNKNOWN),
        ("a.pdf", pdf("x"), Why.UNKNOWN),
        ("a.docx", package_changed(word_of("x"), {"word/vbaProject.bin": b"x"}), Why.MACROS),
        ("a.docx", package_changed(word_of("x"), {"word/document.xml": b"<w:document"}), Why.BROKEN),
        ("a.docx", package_changed(word_of("x"), {"word/document.xml": None}), Why.BROKEN),
        (
            "a.docx",
            package_changed(
                word_of("x"), {"word/document.xml": '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>'}
            ),
            Why.ENTITIES,
        ),
        ("a.docx", package_changed(word_of("x"), {"word/z.xml": b" " * (101 * 1024 * 1024)}), Why.BOMB),
        ("a.txt", b"x" * (MAX_BYTES + 1), Why.TOO_BIG),
        ("a.txt", ("字" * 200_001).encode(), Why.TOO_LONG),
        ("a.html", b"<p></p>", Why.EMPTY),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_its_reason(name, raw, why):
    with pytest.raises(FileRefused) as refused:
        document_read(name=name, raw=raw)

    assert refused.value.why is why


# --- Pages and what is pasted ---------------------------------------------------------------------------------------

WECHAT = """<h1 class="rich_media_title" id="activity-name"> 路灯换新了 </h1><div class="rich_media_content" id="js_content"
style="visibility: hidden; opacity: 0;"><section><p style="text-align: center;"><span style="font-size: 20px;"><strong>夜里更亮
</strong></span></p><p><span>青山江滩的路灯全部<strong>换成</strong>节能灯。</span></p><p><img data-src="https://example.invalid/a.jpg"
data-type="jpeg"></p><p style="text-align:center;font-size:12px;">江滩夜景</p><mpvoice name="录音"></mpvoice>
<iframe class="video_iframe"></iframe><p>点<a href="https://example.invalid/">这里</a>看。</p></section></div><script>x()</script>"""


def test_an_article_copied_from_wechat_keeps_its_text_and_names_what_is_elsewhere():
    draft = document_read(name="pasted.txt", raw=WECHAT.encode())

    assert (draft.title, draft.format, draft.missing) == ("路灯换新了", "html", 1)
    assert draft.body_html.split("\n") == [
        "<h2>夜里更亮</h2>",
        "<p>青山江滩的路灯全部<strong>换成</strong>节能灯。</p>",
        '<p class="caption">⟦1⟧</p>',
        '<p class="caption">江滩夜景</p>',
        "<p>点这里看。</p>",
    ]
    assert [reason for reason, _text in notes(draft, NoteSort.LOST)] == [
        "picture_remote",
        "media",
        "media",
        "link",
    ]


def test_pictures_inside_of_a_page_come_out_and_hidden_parts_are_named():
    picture = f"data:image/jpeg;base64,{b64encode(jpeg()).decode()}"
    page = f'<html><title>页</title><body><p>一。</p><p>二<img src="{picture}" alt="灯">三。</p><p style="display:none">藏</p><input></body></html>'

    draft = document_read(name="页.html", raw=page.encode("gb18030"))

    assert draft.title == "页"
    assert draft.body_html.split("\n") == [
        "<p>一。</p>",
        "<p>二</p>",
        '<p><img src="cid:0" alt="灯"></p>',
        "<p>三。</p>",
    ]
    assert (draft.pictures[0].data, draft.pictures[0].alt) == (jpeg(), "灯")
    assert reasons(draft) == {"hidden", "form"}


def test_plain_text_goes_the_way_of_print_with_its_joins_and_doubts():
    text = "老街口袋公园开放\n\n柳溪区今年新建口袋公园六处，最大的一处就在柳溪\n\n溪区图书馆的东侧，占地约两千平方米。"

    draft = document_read(name="稿.txt", raw=text.encode())

    assert (draft.title, draft.format) == ("老街口袋公园开放", "txt")
    assert "柳溪区图书馆" in draft.body_html
    assert ("character_doubled") in reasons(draft)


# --- The rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("共１２处", "共12处", NoteReason.WIDTH),
        ("今天,开放", "今天，开放", NoteReason.WIDTH),
        ("好，，开", "好，开", NoteReason.MARKS),
        ("青 山 江 滩", "青山江滩", NoteReason.SPACES),
        ("开放， 市民", "开放，市民", NoteReason.SPACES),
        ("零\u200b宽", "零宽", NoteReason.CONTROLS),
    ],
)
def test_a_defect_of_typing_is_mended_and_said(before, after, reason):
    text, said = text_mended(before, 3)

    assert (text, [(note.reason, note.place) for note in said]) == (after, [(reason.value, 3)])


@pytest.mark.parametrize(
    "text", ["记者 张某", "等等……", "好！！", "Hello, world", "3.14", "——他说", "10:30", "一、"]
)
def test_what_is_meant_stays(text):
    assert text_mended(text, 1) == (text, [])


@pytest.mark.parametrize(
    ("text", "bold", "level"),
    [("一、路灯", False, 2), ("（二）座椅", False, 3), ("路灯", True, 2), ("路灯。", True, 0), ("路灯", False, 0), ("字" * 31, True, 0)],
)  # fmt: skip
def test_the_shape_of_a_heading(text, bold, level):
    assert heading_level(text, bold=bold, large=False) == level


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("图1 夜景", True), ("图：夜景", True), ("图为夜景", True), ("▲夜景", True), ("夜景 张某摄", True), ("图书馆开放", False), ("力图改善", False)],
)  # fmt: skip
def test_the_shape_of_a_caption(text, is_one):
    assert is_caption(text) is is_one


TEXT = st.text(st.sampled_from("江滩步道换新灯一二。，； <>&"), min_size=1, max_size=30)
TAGS = st.sampled_from(["p", "div", "section", "strong", "em", "span", "h2", "li", "blockquote", "td"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TAGS, TEXT), min_size=1, max_size=8))
def test_no_character_of_a_page_is_lost_and_the_body_is_clean_already(pieces):
    page = "<html><title>题</title><body><p>首。</p>" + "".join(
        f"<{tag}>{escape(text)}</{tag}>" for tag, text in pieces
    )

    draft = document_read(name="页.html", raw=page.encode())

    wanted = "".join(text_mended(text, 1)[0] for _tag, text in pieces)
    kept = html_text(draft.body_html).removeprefix("首。")
    assert sorted(char for char in kept if char not in " ，；") == sorted(
        char for char in wanted if char not in " ，；"
    )
    assert html_clean(draft.body_html) == draft.body_html


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.docx", "a.html", "a.txt"]))
def test_no_bytes_raise_anything_but_a_refusal(raw, name):
    with suppress(FileRefused):
        assert document_read(name=name, raw=raw).title


# --- The service and the desk ---------------------------------------------------------------------------------------


@pytest.fixture
def people(db):
    return desk_make()


def with_picture() -> bytes:
    def build(document: Any) -> None:
        document.add_heading("江滩夜景", 0)
        document.add_picture(io.BytesIO(jpeg()))
        paragraph(document, "图1 夜景")
        document.add_paragraph("共１２处。")

    return word(build)


def test_a_draft_is_made_with_its_pictures_in_the_library_and_a_report(people):
    article, report = draft_from_document(
        name="稿.docx", raw=with_picture(), column="news", staff=people[Role.EDITOR], now=clock.now()
    )

    asset = MediaAsset.objects.get()
    assert article.title == "江滩夜景"
    assert article.body_html == (
        f'<p><img src="/media/public/{asset.upload_id}" alt=""></p>\n<p class="caption">图1 夜景</p>\n<p>共12处。</p>'
    )
    assert (asset.alt, asset.caption) == ("图1 夜景", "图1 夜景")
    assert (report.file_name, report.format, len(report.sha256)) == ("稿.docx", "docx", 64)
    assert {
        "sort": "mend",
        "reason": "width",
        "place": 3,
        "excerpt": "共１２处。",
        "count": 1,
    } in report.notes


def test_a_picture_that_is_none_is_named_and_the_text_comes_in(people):
    bad = b64encode(b"\xff\xd8 no picture").decode()
    page = f'<title>页</title><p>一。</p><img src="data:image/jpeg;base64,{bad}"><p>二。</p>'

    article, report = draft_from_document(
        name="页.html", raw=page.encode(), column="news", staff=people[Role.EDITOR], now=clock.now()
    )

    assert html_text(article.body_html) == "一。 二。"
    assert "img" not in article.body_html
    assert [note["reason"] for note in report.notes if note["sort"] == "lost"] == ["picture_broken"]
    assert MediaAsset.objects.count() == 0


def test_a_refused_file_leaves_nothing(people, staff):
    with pytest.raises(DocumentRefused):
        draft_from_document(
            name="a.docx", raw=b"PK\x03\x04x", column="news", staff=people[Role.EDITOR], now=clock.now()
        )
    with pytest.raises(ColumnForbidden):
        draft_from_document(
            name="a.docx",
            raw=with_picture(),
            column="news",
            staff=staff("handler", unit="CG"),
            now=clock.now(),
        )
    assert (Article.objects.count(), IntakeReport.objects.count(), MediaAsset.objects.count()) == (0, 0, 0)


def test_the_desk_reads_a_file_and_sees_the_report(people, desk):
    editor = desk(people[Role.EDITOR])
    url = reverse("admin:news_article_intake_open")
    file = io.BytesIO(with_picture())
    file.name = "稿.docx"
    column = Article._meta.get_field("column").related_model.objects.get(slug="news")
    assert editor.get(url).status_code == 200

    answer = editor.post(url, {"column": column.pk, "file": file})

    article = Article.objects.get()
    assert answer["Location"] == reverse("admin:news_article_intake", args=[article.pk])
    assert "共１２处。" in editor.get(answer["Location"]).content.decode()
    assert editor.post(url, {"column": column.pk}).status_code == 400
    pasted = editor.post(url, {"column": column.pk, "pasted": WECHAT})
    assert (pasted.status_code, Article.objects.filter(title="路灯换新了").count()) == (302, 1)
    reviewer = desk(people[Role.REVIEWER_FIRST])
    assert reviewer.get(answer["Location"]).status_code == 200


def test_strangers_neither_read_files_nor_reports(people, desk, staff):
    article, _report = draft_from_document(
        name="稿.docx", raw=with_picture(), column="news", staff=people[Role.EDITOR], now=clock.now()
    )
    stranger = desk(staff("handler", unit="CG"))

    assert stranger.get(reverse("admin:news_article_intake", args=[article.pk])).status_code in (
        302,
        403,
        404,
    )
    assert stranger.get(reverse("admin:news_article_intake_open")).status_code in (302, 403)
    assert Article.objects.count() == 1
