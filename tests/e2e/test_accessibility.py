"""The main pages of the desk under axe-core, and signing with the keyboard alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from qingshan.stack import Stack
from qingshan.walkthrough import ARTICLE, Walk
from tests.e2e.conftest import QUIET

pytestmark = pytest.mark.browser
# What axe calls serious or critical keeps somebody from working.
HEAVY = {"serious", "critical"}


@pytest.fixture
def page(system: Stack) -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's package chromium is not installed here")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield fresh_page(browser)
        browser.close()


def fresh_page(browser: Chromium) -> Page:
    """Open a page in a profile of its own, without anybody's cookies."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="zh-CN")
    context.set_default_timeout(20_000)
    return context.new_page()


@pytest.fixture
def walker(system: Stack) -> Walk:
    """An article in review and a case at work."""
    walk = Walk(about=system.describe(), environment=system.environment, article=ARTICLE)
    walk.article_imported()
    walk.article_submitted()
    walk.resident_signed_in()
    walk.message_granted()
    walk.case_submitted()
    walk.case_dispatched()
    return walk


def signed_in(page: Page, system: Stack, username: str) -> Page:
    """Return a page at which ``username`` is signed in; the one given is left to its own cookies."""
    about = system.describe()
    assert page.context.browser is not None
    page = fresh_page(page.context.browser)
    page.goto(f"{about['web']}/admin/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", about["staff"][0]["password"])
    page.click("#login-form button[type=submit]")
    page.wait_for_url("**/admin/")
    return page


def heavy(page: Page) -> list[str]:
    """Return what axe holds against the page: rule, weight, the first places."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in HEAVY
    ]


def test_no_main_page_keeps_anybody_out(page, system, walker):
    web = system.describe()["web"]
    held: dict[str, list[str]] = {}
    page.goto(f"{web}/admin/login/")
    held["login"] = heavy(page)
    article = f"/admin/news/article/{walker.article_id}"
    pages = {
        "editor.demo": (
            "/admin/", "/admin/news/article/", "/admin/news/article/add/", "/admin/news/mediaasset/",
            "/admin/reports/dailyfigure/inspection/",
        ),
        "reviewer.demo": (f"{article}/change/", f"{article}/history/"),
        "clerk.demo": ("/admin/feedback/case/", walker.case_path),
        "sysadmin.demo": ("/admin/sheets/importbatch/",),
    }  # fmt: skip
    for username, paths in pages.items():
        page = signed_in(page, system, username)
        for path in paths:
            answer = page.goto(web + path)
            assert answer is not None
            assert answer.status == 200, (username, path, answer.status)
            held[path] = heavy(page)
            if path.endswith("/change/") and "article" in path:
                page.locator(".qs-card a[href*='/sheet/']").first.click()
                held["sheet"] = heavy(page)

    assert "\n".join(f"{name}: {fault}" for name, faults in held.items() for fault in faults) == ""


def test_a_text_is_signed_with_the_keyboard_alone(page, system, walker):
    page = signed_in(page, system, "reviewer.demo")
    page.goto(f"{system.describe()['web']}/admin/news/article/{walker.article_id}/change/")
    page.locator("#act-sign [name=points]").first.focus()
    for _point in range(6):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert page.locator("text=复审中").count() > 0
