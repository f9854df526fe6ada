"""Scene codes: one token for a page with its parameters, its picture, and where a scanned code leads."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Q
from PIL import Image

from apps.common import clock as project_clock
from apps.news import services as news
from apps.wechat import services
from apps.wechat.models import SceneCode
from tests.factories.cases import case_make

from .stage import Stage

CODE_PATH = "/wxa/getwxacodeunlimit"
ALLOWED = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")  # WeChat's characters of a scene


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def code_make(*, page: str = "pages/news/article", **params: str) -> SceneCode:
    return services.scene_code_for(page=page, params=params or {"id": "1"}, now=project_clock.now())


def image_of(code: SceneCode) -> bytes:
    return services.scene_image(code=code, now=project_clock.now())


def test_the_same_page_and_parameters_have_one_code(db, clock, django_assert_num_queries):
    code = code_make(id="1", tab="2")
    with django_assert_num_queries(1):
        again = code_make(tab="2", id="1")

    assert code == again
    assert (code.page, code.params, code.created_at) == (
        "pages/news/article",
        {"id": "1", "tab": "2"},
        project_clock.now(),
    )
    assert re.fullmatch("[2-9A-HJ-NP-Z]{10}", code.token)
    assert ALLOWED.fullmatch(code.token)


def test_other_parameters_or_another_page_have_another_code(db):
    tokens = {
        code_make(id="1").token,
        code_make(id="2").token,
        code_make(page="pages/feedback/case", id="1").token,
    }

    assert (len(tokens), SceneCode.objects.count()) == (3, 3)


@pytest.mark.parametrize("page", ["", "/pages/news/article", "pages/news/article?id=1"])
def test_a_page_that_wechat_would_refuse_is_not_stored(db, page):
    with pytest.raises(IntegrityError, match="scene_code_page"), transaction.atomic():
        code_make(page=page)

    assert SceneCode.objects.count() == 0


def test_eight_at_once_get_the_same_code(at_once):
    codes = at_once(8, lambda: code_make(id="7").token)

    assert len(set(codes)) == 1
    assert SceneCode.objects.count() == 1


# --- The picture ------------------------------------------------------------------------------------------------------


def test_the_picture_is_asked_for_once_and_kept(db, clock, simulator):
    code = code_make()
    first = image_of(code)
    Stage(running=simulator).fault(CODE_PATH, "http", value=502)
    code.refresh_from_db()

    assert image_of(code) == first
    assert Image.open(io.BytesIO(first)).format == "JPEG"
    assert (code.image_path, code.drawn_at) == (f"scenes/{code.token}.jpg", project_clock.now())


def test_a_picture_whose_file_is_gone_is_asked_for_again(db, simulator):
    code = code_make()
    first = image_of(code)
    code.refresh_from_db()
    default_storage.delete(code.image_path)

    assert image_of(code) == first
    code.refresh_from_db()
    assert default_storage.exists(code.image_path)


def test_two_that_draw_at_once_leave_one_file(db, simulator, settings):
    code, same = code_make(), code_make()

    assert image_of(code) == image_of(same)

    assert len(list((settings.MEDIA_ROOT / "scenes").iterdir())) == 1
    code.refresh_from_db()
    assert default_storage.exists(code.image_path)


@pytest.mark.parametrize(
    ("kind", "value"), [("http", 502), ("errcode", 45009), ("errcode", 41030), ("cut_after", None)]
)
def test_when_wechat_does_not_draw_the_refusal_is_503_and_nothing_is_kept(
    db, simulator, settings, kind, value
):
    code = code_make()
    Stage(running=simulator).fault(CODE_PATH, kind, **({"value": value} if value else {}))

    with pytest.raises(services.SceneImageUnavailable) as refused:
        image_of(code)

    assert (refused.value.code, refused.value.status) == ("scene_image_unavailable", 503)
    assert not (settings.MEDIA_ROOT / "scenes").exists()
    assert SceneCode.objects.filter(image_path="", drawn_at=None).count() == 1


@pytest.mark.parametrize(
    ("state", "version", "checked"),
    [("formal", "release", True), ("trial", "trial", False), ("developer", "develop", False)],
)
def test_the_code_opens_the_version_that_messages_open(db, settings, monkeypatch, state, version, checked):
    settings.WECHAT_MINIPROGRAM_STATE = state
    asked: list[dict[str, object]] = []

    class Drawing:
        async def code_image(self, **given: object) -> object:
            asked.append(given)
            return type("Drawn", (), {"content": b"jpeg", "content_type": "image/jpeg"})

    monkeypatch.setattr("apps.wechat.services.scenes.client", Drawing)
    code = code_make()
    image_of(code)

    assert asked == [
        {
            "scene": code.token, "page": "pages/news/article", "width": 430, "check_path": checked, "env_version": version,
        }
    ]  # fmt: skip


# --- Where a code leads -------------------------------------------------------------------------------------------------


def test_a_scanned_code_tells_its_page_and_parameters(db, anyone, django_assert_num_queries):
    code = code_make(id="1")

    with django_assert_num_queries(1):
        answer = anyone.get(f"scenes/{code.token}")

    assert (answer.status_code, answer.json()) == (200, {"page": "pages/news/article", "params": {"id": "1"}})
    assert answer["Cache-Control"] == "public, max-age=600"
    assert anyone.get(f"scenes/{code.token}", headers={"If-None-Match": answer["ETag"]}).status_code in (
        200,
        304,
    )


@pytest.mark.parametrize("token", ["ABCDEFGHJK", "short", "ABCDEFGHJ%00", "二维码二维码二维码一"])
def test_an_unknown_token_is_404(db, anyone, token):
    answer = anyone.get(f"scenes/{token}")

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


# --- Staff ------------------------------------------------------------------------------------------------------------


def test_staff_who_may_see_a_case_get_its_code(simulator, resident, clerk, desk):
    case = case_make(resident)

    page = desk(clerk).get(f"/admin/feedback/case/{case.pk}/change/").content.decode()
    answer = desk(clerk).get(f"/admin/feedback/case/{case.pk}/code/")

    assert f"/admin/feedback/case/{case.pk}/code/" in page
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Disposition"] == f'inline; filename="case-{case.number}.jpg"'
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    code = SceneCode.objects.get()
    assert (code.page, code.params) == ("pages/feedback/case", {"number": case.number})


def test_staff_who_may_not_see_a_case_get_no_code(simulator, resident, handler, desk):
    case = case_make(resident)

    assert desk(handler).get(f"/admin/feedback/case/{case.pk}/code/").status_code == 404
    assert SceneCode.objects.count() == 0


def test_an_editor_gets_the_code_of_an_article_and_a_clerk_does_not(simulator, editor, clerk, desk):
    article = news.article_draft(
        title="稿件", body_html="<p>正文</p>", summary="", column="news", now=project_clock.now()
    )

    page = desk(editor).get(f"/admin/news/article/{article.pk}/change/").content.decode()
    answer = desk(editor).get(f"/admin/news/article/{article.pk}/code/")

    assert f"/admin/news/article/{article.pk}/code/" in page
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert SceneCode.objects.filter(Q(page="pages/news/article", params={"id": str(article.pk)})).count() == 1
    assert desk(clerk).get(f"/admin/news/article/{article.pk}/code/").status_code in (403, 404)


def test_when_wechat_does_not_draw_staff_are_told_on_the_page(simulator, resident, clerk, desk):
    case = case_make(resident)
    Stage(running=simulator).fault(CODE_PATH, "http", value=502)

    answer = desk(clerk).get(f"/admin/feedback/case/{case.pk}/code/", follow=True)

    assert answer.redirect_chain == [(f"/admin/feedback/case/{case.pk}/change/", 302)]
    (told,) = answer.context["messages"]
    assert str(told) == "微信暂时无法生成小程序码，请稍后再试。"
