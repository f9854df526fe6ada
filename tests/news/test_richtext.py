"""What an article's HTML may hold: the gate of every write, WeChat's list, what is read from it."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.news import wechat_nodes
from apps.news.text import ATTRIBUTES, TAGS, html_clean, html_images, html_phone, html_text, wechat_dropped

UPLOAD = "018f0000-0000-7000-8000-000000000001"
PICTURE = f'<img src="/media/public/{UPLOAD}" alt="步道">'
PIECES = st.sampled_from(
    [
        "<p>", "</p>", "<h2>", "</h2>", "<table><tr><td colspan=2>", "</td></tr></table>", "<script>", "</script>",
        "<img src=x onerror=1>", PICTURE, "<svg><a>", "</svg>", "<style>", "</style>", "文字", "&lt;b&gt;", "<!--", "-->",
        '<p class="caption">', "<b>", "</b>", "<ul><li>", "</li></ul>", "<iframe src=x>", "javascript:", "\x00", '"', "'>",
    ]
)  # fmt: skip


def test_what_is_let_through_is_on_wechats_list():
    assert TAGS <= wechat_nodes.NODES
    for tag, names in ATTRIBUTES.items():
        assert names <= wechat_nodes.ATTRIBUTES.get(tag, frozenset()) | wechat_nodes.EVERYWHERE


@given(st.lists(PIECES, max_size=25).map("".join))
def test_cleaning_is_final_and_leaves_only_trusted_nodes(html):
    once = html_clean(html)

    assert html_clean(once) == once
    assert set(re.findall(r"<([a-z0-9]+)", once)) <= TAGS
    assert wechat_dropped(once) == []
    for bad in ("<script", "<style", "onerror", "<svg", "<iframe"):
        assert bad not in once.lower()


@given(st.lists(PIECES, max_size=25).map("".join))
def test_the_words_are_the_same_however_often_it_is_cleaned(html):
    once = html_clean(html)

    assert html_text(html_clean(once)) == html_text(once)


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<table><thead><tr><th>甲</th></tr></thead><tbody><tr><td rowspan=2>乙</td></tr></tbody></table>",
         '<table><thead><tr><th>甲</th></tr></thead><tbody><tr><td rowspan="2">乙</td></tr></tbody></table>'),
        ('<img src="https://elsewhere.example/x.jpg" alt="外">', ""),
        ('<p class="caption">图</p><p class="big">大</p>', '<p class="caption">图</p><p>大</p>'),
        ('<p style="color:red">红</p>', "<p>红</p>"),
        ("<a href='https://x.example'>链</a>", "链"),
    ],
)  # fmt: skip
def test_what_is_kept_and_what_is_not(html, wanted):
    assert html_clean(html) == wanted


def test_a_picture_of_the_library_is_kept_with_its_words():
    assert html_images(html_clean(PICTURE)) == [(UUID(UPLOAD), "步道")]


def test_what_wechat_would_drop_is_named_once_with_what_it_holds():
    found = wechat_dropped("<p>好</p><video><p>影片</p></video><a href='/x'>去</a>")

    assert [(one.kind, one.name, one.text) for one in found] == [
        ("node", "video", "影片"),
        ("link", "a", "去"),
    ]


def test_the_phone_gets_whole_addresses_and_tables_in_a_box():
    html = html_clean(f"<p>文</p>{PICTURE}<table><tr><td>格</td></tr></table>")

    shown = html_phone(html, "https://media.example")

    assert f'src="https://media.example/media/public/{UPLOAD}"' in shown
    assert "max-width:100%" in shown
    assert "overflow-x:auto" in shown
    assert wechat_dropped(shown) == []


def test_words_of_blocks_do_not_run_together_and_those_of_marks_do():
    assert html_text("<p>甲</p><p>乙<strong>丙</strong>丁</p>") == "甲 乙丙丁"
