"""From a file to the reader: print with its defects and three Word files, through four people, as the phone shows them."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.shared import Inches

from apps.accounts.states import Role
from apps.common import clock
from apps.news.models import Article, MediaAsset
from apps.news.services.intake import draft_from_document
from qingshan.demo_news import article_release
from qingshan.walkthrough import ARTICLE
from tests.factories.articles import desk_make
from tests.factories.pictures import jpeg


def _saved(file) -> bytes:
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def headings() -> bytes:
    file = Document()
    file.add_heading("江滩步道的路灯换新了", 0)
    file.add_heading("一、照明", 1)
    file.add_paragraph("步道的路灯全部换成节能灯。")
    for line in ("更亮", "更省"):
        file.add_paragraph(line, style="List Bullet")
    return _saved(file)


def table() -> bytes:
    file = Document()
    file.add_heading("各街道助餐点", 0)
    file.add_paragraph("名单如下。")
    grid = file.add_table(rows=2, cols=2)
    for place, text in enumerate(("街道", "点数", "红钢城街道", "3")):
        grid.cell(place // 2, place % 2).text = text
    return _saved(file)


def picture() -> bytes:
    file = Document()
    file.add_heading("老厂房改成展馆", 0)
    file.add_paragraph("展馆周末开放。")
    file.add_picture(io.BytesIO(jpeg(320, 240)), width=Inches(2))
    file.add_paragraph("图为展馆入口。", style="Caption")
    return _saved(file)


FILES = {
    "print.txt": (lambda: ARTICLE.read_bytes(), "<h2>"),
    "headings.docx": (headings, "<ul><li>"),
    "table.docx": (table, "红钢城街道"),
    "picture.docx": (picture, "展馆入口"),
}


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_becomes_an_article_that_the_phone_shows(db, anyone, name):
    make, shown = FILES[name]
    people = desk_make()
    article, report = draft_from_document(
        name=name, raw=make(), column="news", staff=people[Role.EDITOR], now=clock.now()
    )
    if name == "picture.docx":
        asset = MediaAsset.objects.get()
        stored = Article.objects.get(pk=article.pk)
        stored.body_html = stored.body_html.replace('alt=""', 'alt="展馆入口"')
        Article.objects.filter(pk=article.pk).update(body_html=stored.body_html)
        assert str(asset.upload_id) in stored.body_html

    article_release(article_id=article.id, people=people, at=clock.now())

    answer = anyone.get(f"articles/{article.id}").json()
    assert shown in answer["body_html"].replace("\n", "")
    assert answer["title"] == Article.objects.get(pk=article.pk).title
    assert report.file_name == name
