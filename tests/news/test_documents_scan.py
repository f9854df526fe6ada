"""What attachments give away: numbers in every corner of a file, what is no number of a person, and masked copies."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.ids import check_digit
from apps.common.redaction import Kind
from apps.news.documents.accepted import format_told
from apps.news.documents.masking import MaskRefused, NoCopy, document_masked
from apps.news.documents.package import DOCX, PDF, XLSX, FileRefused, Why, content_told
from apps.news.documents.personal import id_number_is_valid, luhn_is_valid, personal_findings, personal_masked
from apps.news.documents.places import Place, PlaceKind, UnreadReason
from apps.news.documents.scan import (
    MOST_COUNTED,
    MOST_KEPT,
    NUMBER_COLUMN,
    PERSON_LIST,
    document_scan,
    document_texts,
)
from apps.news.states import FindingLevel
from tests.factories.documents import (
    CARD,
    ID_NUMBER,
    ID_WITH_X,
    ID_WRONG,
    MOBILE,
    package_changed,
    pdf,
    word,
    word_of,
    word_of_xml,
    workbook,
)

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BLOCK, WARN = FindingLevel.BLOCK, FindingLevel.WARN


def kinds(text: str) -> list[tuple[Kind, FindingLevel, str]]:
    return [(one.kind, one.level, text[one.start : one.end]) for one in personal_findings(text)]


def found(raw: bytes, content_type: str) -> list[tuple[str, FindingLevel, Place, str]]:
    scan = document_scan(raw, content_type)
    return [(one.kind, one.level, one.place, one.excerpt) for one in scan.kept]


# --- Numbers in texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "level", "hit"),
    [
        (f"证{ID_NUMBER}号", Kind.ID_NUMBER, BLOCK, ID_NUMBER),
        (ID_WITH_X, Kind.ID_NUMBER, BLOCK, ID_WITH_X),
        (ID_WITH_X.lower(), Kind.ID_NUMBER, BLOCK, ID_WITH_X.lower()),
        (ID_NUMBER.translate(WIDE), Kind.ID_NUMBER, BLOCK, ID_NUMBER.translate(WIDE)),
        ("420107 19900101 1238", Kind.ID_NUMBER, BLOCK, "420107 19900101 1238"),
        ("420107-1990-0101-1238", Kind.ID_NUMBER, BLOCK, "420107-1990-0101-1238"),
        ("420107\u200b199001011238", Kind.ID_NUMBER, BLOCK, "420107\u200b199001011238"),
        (ID_WRONG, Kind.ID_NUMBER, WARN, ID_WRONG),
        ("420107900101123", Kind.ID_NUMBER, WARN, "420107900101123"),
        (MOBILE, Kind.MOBILE, BLOCK, MOBILE),
        ("199-0001-2345", Kind.MOBILE, BLOCK, "199-0001-2345"),
        ("+86 199 0001 2345", Kind.MOBILE, BLOCK, "199 0001 2345"),
        ("199.0001.2345", Kind.MOBILE, BLOCK, "199.0001.2345"),
        (" ".join(MOBILE), Kind.MOBILE, BLOCK, " ".join(MOBILE)),
        ("幺九九零零零幺二三四五", Kind.MOBILE, BLOCK, "幺九九零零零幺二三四五"),
        ("tel19900012345", Kind.MOBILE, BLOCK, MOBILE),
        ("1.电话19900012345.2.地址", Kind.MOBILE, BLOCK, MOBILE),
        (CARD, Kind.BANK_CARD, BLOCK, CARD),
        ("6222 0212 3456 7890 128", Kind.BANK_CARD, BLOCK, "6222 0212 3456 7890 128"),
        ("027-86860000", Kind.LANDLINE, WARN, "027-86860000"),
        ("电话：86860000", Kind.LANDLINE, WARN, "86860000"),
        ("鄂A·12345", Kind.PLATE, WARN, "鄂A·12345"),
        ("鄂AD12345", Kind.PLATE, WARN, "鄂AD12345"),
        ("写信给 a.b@example.com。", Kind.EMAIL, WARN, "a.b@example.com"),
    ],
)
def test_a_number_of_a_person_is_found_as_people_write_it(text, kind, level, hit):
    assert kinds(text) == [(kind, level, hit)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10 10:30", "20260310-20260312", "订单202603100000123456", "价格13000-150000元", "拨打12345", "12,345,678元",
        "0.4201071990010112", "86860000", "6222021234567890129", "文号〔2026〕12号", "1990年1月1日", "12420107441234567X",
        "400-800-8820", "一九九〇年一月", "114.361234,30.634567", "19900012345678", "199000123456.7", "130 000 000 000", "@所有人", "鄂尔多斯A",
    ],
)  # fmt: skip
def test_dates_prices_orders_and_public_numbers_are_none(text):
    assert kinds(text) == []


def test_two_numbers_beside_each_other_are_two():
    assert [hit for _kind, _level, hit in kinds(f"{MOBILE} {ID_NUMBER}\t{CARD}")] == [MOBILE, ID_NUMBER, CARD]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (ID_NUMBER, "420107********1238"), (MOBILE, "199****2345"), ("199-0001-2345", "199-****-2345"),
        (CARD, "***************0128"), ("027-86860000", "027-********"), ("鄂A12345", "鄂A*****"),
        ("abc@example.com", "a**@example.com"),
    ],
)  # fmt: skip
def test_a_mask_keeps_what_its_kind_may_show(text, masked):
    assert personal_masked(text) == masked


DIGITS = st.text("0123456789０１X -\u200b幺一九 @a.", max_size=60)


@settings(max_examples=300, deadline=None)
@given(DIGITS)
def test_a_masked_text_has_the_same_length_and_gives_nothing_away(text):
    masked = personal_masked(text)

    assert (len(masked), personal_findings(masked)) == (len(text), [])


@settings(max_examples=200, deadline=None)
@given(st.integers(10**14, 10**18))
def test_luhn_is_the_check_digit_of_the_project(number):
    digits = str(number)

    assert luhn_is_valid(digits + check_digit(digits))
    assert sum(luhn_is_valid(digits + last) for last in "0123456789") == 1


def test_one_check_character_of_eleven_fits_an_identity_number():
    fits = [last for last in "0123456789X" if id_number_is_valid(ID_NUMBER[:17] + last)]

    assert fits == [ID_NUMBER[17]]


# --- Word -----------------------------------------------------------------------------------------------------------


def test_a_number_that_is_cut_over_runs_is_found_in_its_paragraph():
    body = "<w:p><w:r><w:t>一</w:t></w:r></w:p>" + (
        "<w:p><w:r><w:t>证42010</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>719900101</w:t></w:r>\n  <w:r><w:t>1238。</w:t></w:r></w:p>"
    )

    assert found(word_of_xml(body), DOCX) == [
        ("id_number", BLOCK, Place(PlaceKind.BODY, "", 2), "420107********1238")
    ]


@pytest.mark.parametrize(
    ("name", "xml", "kind"),
    [
        (
            "word/header5.xml",
            f"<w:hdr {W}><w:p><w:r><w:t>{MOBILE}</w:t></w:r></w:p></w:hdr>",
            PlaceKind.HEADER,
        ),
        (
            "word/footer5.xml",
            f"<w:ftr {W}><w:p><w:r><w:t>{MOBILE}</w:t></w:r></w:p></w:ftr>",
            PlaceKind.FOOTER,
        ),
        (
            "word/footnotes.xml",
            f"<w:footnotes {W}><w:p><w:t>{MOBILE}</w:t></w:p></w:footnotes>",
            PlaceKind.NOTE,
        ),
        (
            "word/comments.xml",
            f"<w:comments {W}><w:p><w:t>{MOBILE}</w:t></w:p></w:comments>",
            PlaceKind.COMMENT,
        ),
        ("docProps/custom.xml", f"<p><v>{MOBILE}</v></p>", PlaceKind.PROPERTIES),
        ("customXml/item1.xml", f"<a><b>{MOBILE}</b></a>", PlaceKind.PART),
        ("word/charts/chart1.xml", f"<c:chart xmlns:c='c'><c:v>{MOBILE}</c:v></c:chart>", PlaceKind.PART),
        (
            "word/_rels/document.xml.rels",
            f'<Relationships><Relationship Target="tel:{MOBILE}"/></Relationships>',
            PlaceKind.FIELD,
        ),
        ("word/header6.xml", f'<w:hdr {W}><w:p><wp:docPr descr="{MOBILE}"/></w:p></w:hdr>', PlaceKind.FIELD),
    ],
)
def test_no_part_of_a_word_file_hides_a_number(name, xml, kind):
    hits = found(package_changed(word_of("办事指南"), {name: xml}), DOCX)

    assert [(hit[0], hit[2].kind, hit[3]) for hit in hits] == [("mobile", kind, "199****2345")]


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (f"<w:del><w:r><w:delText>{MOBILE}</w:delText></w:r></w:del>", PlaceKind.DELETED),
        (f'<w:r><w:instrText>HYPERLINK "tel:{MOBILE}"</w:instrText></w:r>', PlaceKind.FIELD),
        (f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{MOBILE}</w:t></w:r>", PlaceKind.BODY),
        (f"<w:r><w:t>{''.join(f'&#{ord(digit)};' for digit in MOBILE)}</w:t></w:r>", PlaceKind.BODY),
        (f"<w:r><w:t><![CDATA[{MOBILE}]]></w:t></w:r>", PlaceKind.BODY),
        (f"<w:r><w:t>{MOBILE[:5]}<!-- x -->{MOBILE[5:]}</w:t></w:r>", PlaceKind.BODY),
    ],
)
def test_deleted_hidden_and_coded_numbers_are_found(run, kind):
    hits = found(word_of_xml(f"<w:p>{run}</w:p>"), DOCX)

    assert [(hit[0], hit[2].kind) for hit in hits] == [("mobile", kind)]


def test_a_part_in_utf_16_is_read():
    xml = f"<w:hdr {W}><w:p><w:r><w:t>{MOBILE}</w:t></w:r></w:p></w:hdr>".encode("utf-16")

    assert len(found(package_changed(word_of("x"), {"word/header5.xml": xml}), DOCX)) == 1


def test_numbers_of_two_cells_are_not_read_as_one():
    def build(document: Any) -> None:
        table = document.add_table(1, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = MOBILE[:6], MOBILE[6:]

    assert found(word(build), DOCX) == []


def test_files_in_the_file_and_pictures_are_said_to_be_unread():
    raw = package_changed(word_of("x"), {"word/embeddings/a.bin": b"x", "word/media/a.png": b"x"})

    unread = document_scan(raw, DOCX).unread

    assert [one.reason for one in unread] == [UnreadReason.EMBEDDED, UnreadReason.PICTURES]


# --- Spreadsheets ---------------------------------------------------------------------------------------------------


def test_all_sheets_are_read_hidden_ones_too_with_sheet_and_row():
    raw = workbook({"说明": [["一"], [MOBILE]], "备份": [["x", int(MOBILE)]]}, hidden=["备份"])

    assert set(found(raw, XLSX)) == {
        ("mobile", BLOCK, Place(PlaceKind.SHEET, "说明", 2), "199****2345"),
        ("mobile", BLOCK, Place(PlaceKind.HIDDEN_SHEET, "备份", 1), "199****2345"),
    }


@pytest.mark.parametrize(
    ("cell", "row"),
    [
        (f"<c r='A7'><v>{MOBILE}</v></c>", 7),
        (f"<c r='A7'><v>{MOBILE}.0</v></c>", 7),
        ("<c r='A7'><v>1.9900012345E10</v></c>", 7),
        (f"<c r='A7' t='str'><f>B1</f><v>电话{MOBILE}</v></c>", 7),
        (f"<c r='A7' t='inlineStr'><is><t>{MOBILE}</t></is></c>", 7),
        (
            f"<c r='A7' t='inlineStr'><is><r><t>{MOBILE[:4]}</t></r><r><rPr><b/></rPr><t>{MOBILE[4:]}</t></r></is></c>",
            7,
        ),
        (f"<x:c xmlns:x='x' r='A7'><x:v>{MOBILE}</x:v></x:c>", 7),
    ],
)
def test_each_way_of_keeping_a_cell_is_read(cell, row):
    cell = cell.replace("'", '"')
    sheet = f'<worksheet><sheetData><row r="7">{cell}</row></sheetData></worksheet>'
    raw = package_changed(workbook({"名单": [["x"]]}), {"xl/worksheets/sheet1.xml": sheet})

    assert found(raw, XLSX) == [("mobile", BLOCK, Place(PlaceKind.SHEET, "名单", row), "199****2345")]


@pytest.mark.parametrize(
    ("name", "xml", "kind"),
    [
        ("xl/comments1.xml", f"<comments><t>{MOBILE}</t></comments>", PlaceKind.COMMENT),
        ("xl/pivotCache/pivotCacheRecords1.xml", f'<r><s v="{MOBILE}"/></r>', PlaceKind.CACHE),
        (
            "xl/worksheets/sheet9.xml",
            f"<worksheet><c><v>{MOBILE}</v></c></worksheet>",
            PlaceKind.HIDDEN_SHEET,
        ),
        ("docProps/custom.xml", f"<p><v>{MOBILE}</v></p>", PlaceKind.PROPERTIES),
    ],
)
def test_no_part_of_a_workbook_hides_a_number(name, xml, kind):
    hits = found(package_changed(workbook({"名单": [["x"]]}), {name: xml}), XLSX)

    assert [(hit[0], hit[2].kind) for hit in hits] == [("mobile", kind)]


def test_a_defined_name_and_what_stands_after_the_rows_are_read():
    raw = workbook({"名单": [["x"]]})
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        book = package.read("xl/workbook.xml").decode()
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    names = f'<definedNames><definedName name="a">"{MOBILE}"</definedName></definedNames>'
    book = book.replace("<definedNames/>", names).replace("<definedNames />", names)
    assert names in book
    sheet = sheet.replace(
        "</sheetData>", f"</sheetData><headerFooter><oddHeader>{MOBILE}</oddHeader></headerFooter>"
    )

    hits = found(package_changed(raw, {"xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet}), XLSX)

    assert {hit[2].kind for hit in hits} == {PlaceKind.NAMES, PlaceKind.SHEET}


def test_identity_numbers_that_lost_their_digits_are_told_by_their_heading():
    raw = workbook(
        {
            "名单": [["序号", "身份证号"], [1, 4.20107199001011e17], [2, 4.20107199001012e17]],
            "账": [["金额"], [4.2e17]],
        }
    )

    hits = [hit for hit in found(raw, XLSX) if hit[0] == NUMBER_COLUMN]

    assert hits == [(NUMBER_COLUMN, BLOCK, Place(PlaceKind.SHEET, "名单", 2), "B × 2")]


def test_a_list_of_names_with_numbers_is_one_finding_more():
    rows = [["姓名", "电话"], *[[f"某{number}", f"1990001234{number}"] for number in range(3)]]

    hits = found(workbook({"名单": rows}), XLSX)

    assert [hit[0] for hit in hits] == [PERSON_LIST, "mobile", "mobile", "mobile"]
    assert [hit[0] for hit in found(workbook({"名单": rows[:3]}), XLSX)] == ["mobile", "mobile"]


def test_the_same_number_in_several_rows_is_named_with_each_row():
    raw = workbook({"名单": [[int(MOBILE)], ["x"], [int(MOBILE)], [MOBILE], [MOBILE]]})

    assert [hit[2].number for hit in found(raw, XLSX)] == [1, 3, 4, 5]


def test_500_findings_are_kept_and_all_are_counted_up_to_a_limit():
    scan = document_scan(workbook({"名单": [[f"1990001{number:04d}"] for number in range(1200)]}), XLSX)

    assert (len(scan.kept), scan.total, scan.blocking, scan.counted_all) == (MOST_KEPT, 1200, 1200, True)
    many = "".join(f"<si><t>199{number:08d}</t></si>" for number in range(MOST_COUNTED + 5))
    raw = package_changed(workbook({"名单": [["x"]]}), {"xl/sharedStrings.xml": f"<sst>{many}</sst>"})
    assert document_scan(raw, XLSX).counted_all is False


# --- PDF and refusals -----------------------------------------------------------------------------------------------


def test_pages_of_a_pdf_are_read_and_pictures_are_named():
    scan = document_scan(pdf("page", f"id {ID_NUMBER}", ""), PDF)

    assert [(one.kind, one.place) for one in scan.kept] == [("id_number", Place(PlaceKind.PAGE, "", 2))]
    assert [(one.place.number, one.reason) for one in scan.unread] == [(3, UnreadReason.PICTURE_ONLY)]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", Why.EMPTY),
        (b"hello", Why.UNKNOWN),
        (b"PK\x03\x04", Why.BROKEN),
        (word_of("x")[:-40], Why.BROKEN),
        (package_changed(word_of("x"), {"word/vbaProject.bin": b"x"}), Why.MACROS),
        (package_changed(word_of("x"), {"ppt/presentation.xml": "<p/>"}), Why.SLIDES),
        (package_changed(word_of("x"), {"[Content_Types].xml": None}), Why.UNKNOWN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), Why.ENCRYPTED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Why.OLD_FORMAT),
    ],
)
def test_what_is_no_plain_document_is_refused(raw, why):
    with pytest.raises(FileRefused) as refused:
        content_told(raw)

    assert refused.value.why is why


def test_a_bomb_and_a_dtd_are_refused_before_they_unfold():
    bomb = package_changed(word_of("x"), {"word/z.xml": b"0" * (201 * 1024 * 1024)})
    with pytest.raises(FileRefused) as refused:
        content_told(bomb)
    assert refused.value.why is Why.BOMB
    dtd = package_changed(word_of("x"), {"word/header5.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
    with pytest.raises(FileRefused) as refused:
        document_scan(dtd, DOCX)
    assert refused.value.why is Why.ENTITIES


def test_a_pdf_that_runs_programs_and_one_with_a_password_are_refused():
    script = pdf("x").replace(
        b"/Catalog/Pages 2 0 R", b"/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
    )

    with pytest.raises(FileRefused) as refused:
        format_told("a.pdf", script)
    assert refused.value.why is Why.ACTIVE


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 40), st.binary(min_size=1, max_size=30), st.sampled_from([DOCX, XLSX, PDF]))
def test_broken_bytes_are_refused_or_read_and_nothing_else(place, junk, content_type):
    raw = {DOCX: word_of("x"), XLSX: workbook({"a": [["x"]]}), PDF: pdf("x")}[content_type]
    at = len(raw) * place // 40
    try:
        document_scan(raw[:at] + junk + raw[at + len(junk) :], content_type)
    except FileRefused as refused:
        assert refused.why in Why  # noqa: PT017 - either answer is right


def test_texts_come_out_with_their_places_up_to_a_limit():
    texts = document_texts(workbook({"名单": [["错字"]]}), XLSX)

    assert (Place(PlaceKind.SHEET, "名单"), "错字") in texts
    assert sum(len(text) for _place, text in document_texts(word_of("字" * 2_100_000), DOCX)) == 2_000_000


# --- Masked copies --------------------------------------------------------------------------------------------------


def parts_of(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_a_masked_word_file_differs_in_the_part_with_the_number_alone():
    raw = word_of_xml(
        f"<w:p><w:r><w:t>证{ID_NUMBER[:8]}</w:t></w:r><w:r><w:t>{ID_NUMBER[8:]}</w:t></w:r></w:p>"
    )

    before, after = parts_of(raw), parts_of(document_masked(raw, DOCX))

    assert list(before) == list(after)
    assert [name for name in before if before[name] != after[name]] == ["word/document.xml"]
    assert "<w:t>证420107**</w:t></w:r><w:r><w:t>******1238</w:t>" in after["word/document.xml"].decode()


def test_numbers_in_cells_become_text_and_formulas_that_show_them_go():
    import openpyxl

    raw = workbook(
        {
            "名单": [
                ["姓名", "身份证号", "手机"],
                ["某", ID_NUMBER, int(MOBILE)],
                ["某", 4.20107199001011e17, f'="{MOBILE}"'],
                ["某", 1, 2.5],
            ]
        }
    )

    book = openpyxl.load_workbook(io.BytesIO(document_masked(raw, XLSX)))

    rows = list(book["名单"].values)
    assert rows[1] == ("某", "420107********1238", "199****2345")
    assert rows[2][1].startswith("420107*****")
    assert rows[3] == ("某", 1, 2.5)
    assert MOBILE not in str(rows)


def test_a_file_without_findings_comes_back_as_it_is():
    raw = word_of("办事指南")

    assert document_masked(raw, DOCX) == raw


@pytest.mark.parametrize(
    ("raw", "content_type", "why"),
    [
        (pdf(ID_NUMBER), PDF, NoCopy.FORMAT),
        (
            package_changed(workbook({"a": [["x"]]}), {"xl/pivotCache/pivotCacheRecords1.xml": f'<r><s v="{MOBILE}"/></r>'}),
            XLSX,
            NoCopy.REMAINS,
        ),
    ],
)  # fmt: skip
def test_where_a_number_can_not_be_reached_there_is_no_copy(raw, content_type, why):
    with pytest.raises(MaskRefused) as refused:
        document_masked(raw, content_type)

    assert refused.value.why is why


PIECES = st.lists(
    st.sampled_from([ID_NUMBER, ID_WITH_X, ID_WRONG, MOBILE, CARD, "027-86860000", "鄂A12345", "a@example.com", "字", " ", "2026"]),
    min_size=1, max_size=6,
)  # fmt: skip
CUTS = st.lists(st.integers(1, 7), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(PIECES, CUTS)
def test_a_masked_word_copy_is_clean_however_its_runs_are_cut(pieces, cuts):
    line, runs, place = "，".join(pieces), [], 0
    while line:
        size = cuts[place % len(cuts)]
        runs.append(f"<w:r><w:t xml:space='preserve'>{line[:size]}</w:t></w:r>")
        line, place = line[size:], place + 1
    raw = word_of_xml(f"<w:p>{''.join(runs)}</w:p>")

    assert document_scan(document_masked(raw, DOCX), DOCX).total == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.one_of(PIECES.map("，".join), st.just(int(MOBILE)), st.integers(0, 10**18)), min_size=1, max_size=4), min_size=1, max_size=6))  # fmt: skip
def test_a_masked_workbook_is_clean(rows):
    raw = workbook({"名单": [["姓名", "身份证号", "手机", "卡号"], *rows]})

    assert document_scan(document_masked(raw, XLSX), XLSX).total == 0
