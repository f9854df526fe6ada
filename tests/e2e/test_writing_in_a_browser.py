"""Writing in a real browser: unsaved text comes back, a colleague is seen, two texts are merged, a phone looks once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from qingshan.stack import Stack
from tests.e2e.conftest import QUIET
from tests.e2e.test_news_in_a_browser import Desk

pytestmark = pytest.mark.browser
# The page keeps what was typed every 10 s and tells of itself every 15 s.
KEPT_MS, BEAT_MS = 25_000, 40_000
TIME = re.compile(r"\d\d:\d\d")


@pytest.fixture
def chrome() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's package chromium is not installed here")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        browser.close()


def desk_of(chrome: Browser, system: Stack, username: str) -> Desk:
    """A signed-in person in a window of their own."""
    desk = Desk(chrome, system)
    desk.sign_in(username)
    return desk


def draft_made(desk: Desk, title: str) -> str:
    """Save a draft; returns the path of its form."""
    desk.open("/admin/news/article/add/")
    desk.page.fill("#id_title", title)
    desk.page.select_option("#id_column", label="要闻")
    body = desk.page.locator(".ProseMirror:visible").first
    body.click()
    body.type("第一段。")
    saved(desk)
    article_id = re.search(r"/article/([0-9a-f-]{36})/", desk.page.url)
    assert article_id, desk.page.url
    return f"/admin/news/article/{article_id[1]}/change/"


def saved(desk: Desk) -> None:
    with desk.page.expect_navigation():
        desk.page.locator("[name=_continue]").first.click()


def faults_of_access(desk: Desk, where: str) -> list[str]:
    found = Axe().run(desk.page, context=where, options={"runOnly": ["wcag2a", "wcag2aa"]})
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


def test_unsaved_text_comes_back_and_two_texts_are_merged(chrome, system):
    mine, hers = desk_of(chrome, system, "editor.demo"), desk_of(chrome, system, "reviewer.demo")
    page_of = draft_made(mine, "合并试稿")

    hers.open(page_of)
    expect(mine.page.locator("[data-others]")).to_contain_text(TIME, timeout=BEAT_MS)
    mine.page.fill("#id_title", "合并试稿（我的）")
    body = mine.page.locator(".ProseMirror:visible").first
    body.click()
    body.press("Control+End")
    body.press("Enter")
    body.type("我加的一段。")
    expect(mine.page.locator("[data-state]")).to_contain_text(TIME, timeout=KEPT_MS)
    mine.picture("writing-autosave")

    mine.open(page_of)
    assert mine.page.input_value("#id_title") == "合并试稿"
    assert faults_of_access(mine, ".qs-writing") == []
    mine.picture("writing-banner")
    mine.page.click("#unsaved-take")
    assert mine.page.input_value("#id_title") == "合并试稿（我的）"
    expect(mine.page.locator(".ProseMirror:visible").first).to_contain_text("我加的一段。")

    hers.page.fill("#id_source", "区融媒体")
    saved(hers)
    saved(mine)
    expect(mine.page.locator("#merge-form")).to_be_visible()
    assert faults_of_access(mine, "#merge-form") == []
    mine.picture("writing-merge")
    with mine.page.expect_navigation():
        mine.page.locator("#merge-form button[type=submit]").click()
    assert mine.page.input_value("#id_title") == "合并试稿（我的）"
    assert mine.page.input_value("#id_source") == "区融媒体"
    expect(mine.page.locator(".ProseMirror:visible").first).to_contain_text("我加的一段。")
    assert mine.page.locator("#unsaved-take").count() == 0
    assert mine.faults == hers.faults == []


def test_an_untouched_form_keeps_nothing(chrome, system):
    desk = desk_of(chrome, system, "editor.demo")
    page_of = draft_made(desk, "没有人动过")

    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.open(page_of)
    desk.page.wait_for_timeout(12_000)

    assert [url for url in asked if "/autosave/" in url] == []
    desk.open(page_of)
    assert desk.page.locator("#unsaved-take").count() == 0


def test_the_preview_beside_the_form_follows_what_is_typed(chrome, system):
    desk = desk_of(chrome, system, "editor.demo")
    desk.open(draft_made(desk, "预览试稿"))
    desk.page.locator("#preview-toggle").focus()
    desk.page.keyboard.press("Enter")
    frame = desk.page.frame_locator("#preview-panel iframe")
    expect(frame.locator("h1")).to_have_text("预览试稿")

    desk.page.fill("#id_title", "预览试稿改")
    expect(desk.page.frame_locator("#preview-panel iframe").last.locator("h1")).to_have_text("预览试稿改")

    assert desk.page.locator("#preview-panel iframe").last.bounding_box()["width"] == 390  # type: ignore[index]
    desk.picture("writing-preview", whole=False)
    desk.page.locator("#preview-panel [data-close]").click()
    expect(desk.page.locator("#preview-panel")).to_be_hidden()
    assert desk.faults == []


def test_a_phone_opens_the_link_once(chrome, system):
    desk = desk_of(chrome, system, "editor.demo")
    desk.open(draft_made(desk, "手机预览试稿"))
    with desk.page.expect_navigation():
        desk.page.locator("form[action$='/preview-link/'] button").click()
    address = desk.page.input_value("#link-address")
    assert desk.page.locator(".qs-code svg").bounding_box()["width"] > 150  # type: ignore[index]
    desk.picture("writing-code")

    phone, other = (
        chrome.new_context(viewport={"width": 390, "height": 844}).new_page() for _each in range(2)
    )
    phone.goto(address)
    phone.click("button")
    expect(phone.locator("h1")).to_have_text("手机预览试稿")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.reload()
    expect(phone.locator("h1")).to_have_text("手机预览试稿")

    refused = other.goto(address)
    assert refused is not None
    assert refused.status == 410
