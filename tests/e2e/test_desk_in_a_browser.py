"""Staff at work in a real browser: signing in, the queue, a case from the desk to its answer, an article."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from qingshan.walkthrough import ARTICLE, Walk

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).resolve().parents[2] / ".local" / "pictures"


class Desk:
    """A browser at the admin."""

    def __init__(self, window, system) -> None:
        self.window, self.about = window, system.describe()

    def sign_in(self, username: str) -> None:
        self.window.get_log("browser")  # what came before is not this test's
        self.window.delete_all_cookies()
        self.open("/admin/login/")
        self.window.find_element(By.NAME, "username").send_keys(username)
        self.window.find_element(By.NAME, "password").send_keys(self.about["staff"][0]["password"])
        self.click("#login-form button[type=submit]")

    def open(self, path: str) -> None:
        self.window.get(self.about["web"] + path)

    def click(self, css: str) -> None:
        """Press a button that leads to another page, and wait for that page."""
        button = self.window.find_element(By.CSS_SELECTOR, css)
        before = self.window.find_element(By.TAG_NAME, "html")
        self.window.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        WebDriverWait(self.window, 20).until(
            lambda w: (
                w.find_element(By.TAG_NAME, "html") != before
                and w.execute_script("return document.readyState") == "complete"
            )
        )

    def text(self) -> str:
        return self.window.find_element(By.TAG_NAME, "body").text

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.window.save_screenshot(str(PICTURES / f"{name}.png"))

    def complaints(self) -> list[str]:
        """Return what the browser's console holds against the page."""
        return [row["message"] for row in self.window.get_log("browser") if row["level"] == "SEVERE"]


@pytest.fixture
def desk(chromium, system) -> Desk:
    return Desk(chromium, system)


@pytest.fixture
def case(system) -> Walk:
    walker = Walk(about=system.describe(), environment=system.environment, article=ARTICLE)
    walker.resident_signed_in()
    walker.message_granted()
    walker.case_submitted()
    return walker


def test_signing_in_leads_to_ones_own_queues(desk):
    desk.sign_in("clerk.demo")

    assert desk.window.current_url.endswith("/admin/")
    assert "待受理、待派单" in desk.text()
    assert desk.complaints() == []
    desk.picture("start-page")


def test_a_wrong_password_is_said_in_chinese(desk):
    desk.window.delete_all_cookies()
    desk.open("/admin/login/")
    desk.window.find_element(By.NAME, "username").send_keys("clerk.demo")
    desk.window.find_element(By.NAME, "password").send_keys("wrong")
    desk.click("#login-form button[type=submit]")

    assert "请输入" in desk.text()


def test_a_case_goes_from_the_queue_to_the_unit_and_is_answered(desk, case):
    number = case.case["number"]
    desk.sign_in("clerk.demo")
    desk.open("/admin/feedback/case/")
    desk.picture("queue")
    desk.open(f"/admin/feedback/case/?q={number}")
    desk.click("#result_list a[href*='/change/']")
    assert "建设二路公交站旁的路灯不亮" in desk.text()
    assert Select(desk.window.find_element(By.NAME, "unit")).first_selected_option.text == "区城管执法局"
    photo = desk.window.find_element(By.CSS_SELECTOR, ".qs-photos img")
    assert desk.window.execute_script("return arguments[0].naturalWidth", photo) > 0
    path = desk.window.current_url.removeprefix(desk.about["web"])
    desk.click("#move-dispatch button[type=submit]")
    assert "已派单" in desk.text()

    desk.sign_in("handler.cg.demo")
    desk.open(path)
    desk.click("#move-sign button[type=submit]")
    desk.window.find_element(By.CSS_SELECTOR, "#move-reply textarea").send_keys("已更换灯头。")
    desk.picture("case")
    desk.click("#move-reply button[type=submit]")

    assert "已答复" in desk.text()
    assert desk.complaints() == []


def test_an_answer_on_a_stale_page_is_refused_and_the_text_is_kept(desk, case):
    case.case_dispatched()
    handler = case.desk("handler", department="CG")
    assert handler.submit(handler.get(case.case_path), form="move-sign").status == 302
    desk.sign_in("handler.cg.demo")
    desk.open(case.case_path)
    desk.window.find_element(By.CSS_SELECTOR, "#move-reply textarea").send_keys("我的答复")
    assert (
        handler.submit(handler.get(case.case_path), form="move-reply", changes={"text": "同事的答复"}).status
        == 302
    )

    desk.click("#move-reply button[type=submit]")

    kept = desk.window.find_element(By.CSS_SELECTOR, "#move-reply textarea").get_attribute("value")
    assert kept == "我的答复"
    assert "同事的答复" in desk.text()


def test_a_phone_is_shown_once_and_only_with_a_reason(desk, case):
    code = case.control.post("/control/phone-codes", {"openid": case.openid}).json()["code"]
    assert case.phone.post("/api/v1/me/phone", {"code": code}).status == 200
    desk.sign_in("clerk.demo")
    desk.open(f"/admin/feedback/case/?q={case.case['number']}")
    desk.click("#result_list a[href*='/change/']")
    masked = case.phone.get("/api/v1/me").json()["phone_masked"]
    assert masked in desk.text()

    desk.window.find_element(By.ID, "contact-reason").send_keys("核实地点")
    desk.click("form[action$='/contact/'] button[type=submit]")

    assert masked not in desk.text()
    log = case.phone.get("/api/v1/me/access-log").json()["results"]
    assert [(row["subject"], row["reason"]) for row in log] == [(case.case["number"], "核实地点")]


def test_an_editor_changes_an_imported_article_and_its_captions_stay(desk, case):
    case.article_imported()
    desk.sign_in("editor.demo")
    desk.open(f"/admin/news/article/{case.article_id}/change/")
    editors = desk.window.find_elements(By.CSS_SELECTOR, ".ProseMirror")
    body = next(editor for editor in editors if editor.is_displayed())
    ActionChains(desk.window).click(body).send_keys("编").perform()
    desk.picture("article")
    desk.click("button[name=_continue], input[name=_continue]")
    desk.click("#act-submit button[type=submit]")
    case.article_signed()
    case.article_published()

    shown = case.phone.get(f"/api/v1/articles/{case.article_id}").json()["body_html"]
    assert shown.count('<p class="caption">') == 2
    assert "编" in shown
    assert desk.complaints() == []
