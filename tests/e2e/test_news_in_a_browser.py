"""The content desk in a real browser: written, submitted, signed by three, published, retracted; pictures are kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from apps.news.text import html_clean
from qingshan.browser import Browser
from qingshan.stack import Stack
from tests.e2e.conftest import QUIET

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / ".local" / "pictures"
REVIEWERS = ("reviewer.demo", "reviewer2.demo", "reviewer3.demo")
TITLE = "江滩步道的路灯全部换新"


class Desk:
    """A page of Chromium at the admin; whoever signs in gets a profile of their own."""

    page: Page
    _context: BrowserContext | None = None

    def __init__(self, chromium: Chromium, system: Stack) -> None:
        self.chromium, self.about = chromium, system.describe()
        self.faults: list[str] = []
        self.fresh()

    def fresh(self) -> None:
        """Cookies are not cleared but left behind: a request on its way would bring the session back."""
        if self._context is not None:
            self._context.close()
        context = self._context = self.chromium.new_context(
            viewport={"width": 1440, "height": 1000}, locale="zh-CN"
        )
        context.set_default_timeout(20_000)
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def sign_in(self, username: str) -> None:
        self.fresh()
        self.open("/admin/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", self.about["staff"][0]["password"])
        self.page.click("#login-form button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def open(self, path: str) -> None:
        self.page.goto(self.about["web"] + path)

    def picture(self, name: str, *, whole: bool = True) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=whole)

    def act(self, name: str, **given: str) -> None:
        """Open an act's fold if it is closed, fill it in, press its button, wait for what came of it."""
        form = self.page.locator(f"#act-{name}")
        if not form.is_visible():
            self.page.locator(f"details:has(#act-{name}) > summary").click()
        for field, value in given.items():
            form.locator(f"[name={field}]").fill(value)
        with self.page.expect_navigation():
            form.locator("button[type=submit]").click()


@pytest.fixture
def desk(system: Stack) -> Iterator[Desk]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's package chromium is not installed here")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield Desk(browser, system)
        browser.close()


def test_a_text_is_written_signed_by_three_published_and_retracted(desk, system):
    phone = Browser(system.web)
    desk.sign_in("editor.demo")
    desk.open("/admin/news/article/add/")
    desk.page.fill("#id_title", TITLE)
    desk.page.select_option("#id_column", label="要闻")
    desk.page.fill("#id_summary", "步道更亮，用电更省。")
    body = desk.page.locator(".ProseMirror:visible").first
    body.click()
    body.type("青山江滩步道的路灯全部换成节能灯，夜里散步看得清台阶。")
    desk.picture("article-form")
    with desk.page.expect_navigation():
        desk.page.locator("[name=_continue]").first.click()
    article_id = re.search(r"/article/([0-9a-f-]{36})/", desk.page.url)
    assert article_id, desk.page.url
    address, page_of = f"/api/v1/articles/{article_id[1]}", f"/admin/news/article/{article_id[1]}/change/"
    desk.act("submit")
    assert phone.get(address).status == 404

    for username in REVIEWERS:
        desk.sign_in(username)
        desk.open(page_of)
        desk.act("proof")
    for place, username in enumerate(REVIEWERS):
        desk.sign_in(username)
        desk.open(page_of)
        for box in desk.page.locator("#act-sign [name=points]").all():
            box.check()
        if place == 2:
            desk.picture("article-review")
        desk.act("sign")

    desk.sign_in("editor.demo")
    desk.open(page_of)
    desk.act("publish")
    assert phone.get(address).json()["title"] == TITLE
    desk.page.locator(".qs-card a[href*='/sheet/']").first.click()
    expect(desk.page.get_by_text("一致", exact=False).first).to_be_visible()
    desk.picture("review-sheet")
    desk.open("/admin/reports/dailyfigure/inspection/")
    desk.picture("inspection")
    desk.open("/admin/news/article/")
    desk.picture("article-list", whole=False)

    desk.sign_in("reviewer3.demo")
    desk.open(page_of)
    desk.act("retract", reason="数字有误，先撤下核对")
    assert phone.get(address).status == 404
    assert desk.faults == []


def test_pictures_are_added_and_one_stands_in_a_text_beside_a_table_and_nothing_is_lost(desk, tmp_path):
    for name, colour in (("one", "red"), ("two", "blue")):
        Image.new("RGB", (1600, 900), colour).save(tmp_path / f"{name}.jpg")
    desk.sign_in("editor.demo")
    desk.open("/admin/news/mediaasset/several/")
    desk.page.set_input_files("#several-files", [tmp_path / "one.jpg", tmp_path / "two.jpg"])
    rows = desk.page.locator("form.qs-upload")
    rows.nth(0).locator("[name=alt]").fill("红色的门")
    rows.nth(0).locator("[name=title]").fill("红门")
    rows.nth(0).locator("[name=caption]").fill("新换的门")
    desk.page.locator("[data-send] button").click()
    # The second has no words: it is refused by itself, and the first is kept.
    expect(rows.nth(0).locator("[data-result]")).to_have_class("qs-fine")
    expect(rows.nth(1).locator("[data-result]")).to_have_class("qs-error")
    desk.picture("media-several")

    desk.open("/admin/news/mediaasset/?q=红门")
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    point = desk.page.locator("[data-qs-focal] img")
    point.wait_for()
    box = point.bounding_box()
    point.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    assert float(desk.page.input_value("#id_focal_x")) == pytest.approx(0.25, abs=0.01)
    desk.picture("media-picture")

    desk.open("/admin/news/article/add/")
    desk.page.fill("#id_title", "有图有表的稿件")
    desk.page.select_option("#id_column", label="要闻")
    body = desk.page.locator(".ProseMirror:visible").first
    body.click()
    body.type("正文。")
    desk.page.locator("button[data-name=table]").click()
    dialog = desk.page.locator("dialog.prose-editor-dialog")
    dialog.locator("select").select_option("Yes")
    dialog.locator("[type=submit]").click()
    body.type("表头")
    body.press("Control+End")
    desk.page.locator("button[data-name=picture]").click()
    desk.page.locator("dialog.qs-picker input[type=search]").fill("红门")
    desk.picture("editor-picker", whole=False)
    desk.page.locator(".qs-picker-found button:has-text('红门')").first.click()
    written = desk.page.input_value("#id_body_html")
    assert re.search(
        r'<img src="/media/public/[0-9a-f-]{36}/body\.webp" alt="红色的门" width="750" height="422">', written
    )
    assert '<p class="caption">新换的门</p>' in written
    assert written.count("<th>") == 3, written
    assert "表头" in written
    assert html_clean(written) == written
    desk.picture("editor")

    with desk.page.expect_navigation():
        desk.page.locator("[name=_continue]").first.click()

    assert desk.page.input_value("#id_body_html") == written
    shown = desk.page.locator(".ProseMirror:visible img").first
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 750
    english = [
        name
        for name in desk.page.locator(".prose-menubar button[title]").evaluate_all(
            "all => all.map((one) => one.title)"
        )
        if re.search("[A-Za-z]{4}", name)
    ]
    assert english == []
    assert desk.faults == []
