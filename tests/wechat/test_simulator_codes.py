"""Mini-program codes and links of the simulator (rule 14)."""

from __future__ import annotations

import io
import json
import urllib.request

import pytest
from PIL import Image

CODE, SCHEME, LINK = "/wxa/getwxacodeunlimit", "/wxa/generatescheme", "/wxa/generate_urllink"
GOOD = {"scene": "a1b2c3d4e5", "page": "pages/case/detail"}


def code(stage, **given):
    """The content type and the bytes of an answer."""
    body = {key: value for key, value in (GOOD | given).items() if value is not None}
    request = urllib.request.Request(
        f"{stage.running.base_url}{CODE}?access_token={stage.token()}",
        data=json.dumps(body, ensure_ascii=False).encode(),
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        return response.headers["Content-Type"], response.read()


def errcode(stage, **given):
    return stage.errcode(
        "POST",
        CODE,
        {key: value for key, value in (GOOD | given).items() if value is not None},
        access_token=stage.token(),
    )


def test_a_code_is_a_small_jpeg_and_the_same_for_the_same_page_and_scene(stage):
    kind, first = code(stage)

    assert kind == "image/jpeg"
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("JPEG", (430, 430))
    assert len(first) < 30_000
    assert code(stage) == (kind, first)
    assert code(stage, scene="a1b2c3d4e6")[1] != first
    assert code(stage, page="pages/index")[1] != first
    kind, clear = code(stage, is_hyaline=True, width=280)
    assert (kind, Image.open(io.BytesIO(clear)).size) == ("image/png", (280, 280))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"scene": None}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": 5}, 40169),
        ({"scene": "a" * 33}, 40169),
        ({"scene": "a b"}, 40129),
        ({"scene": "a%20"}, 40129),
        ({"scene": "场"}, 40129),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/index?a=1"}, 41030),
        ({"page": "pages/none"}, 41030),
        ({"page": "pages/none", "check_path": True}, 41030),
        ({"width": 279}, 40097),
        ({"width": 1281}, 40097),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_what_a_code_may_not_hold(stage, given, wanted):
    stage.running.account.pages = ["pages/index", "pages/case/detail"]

    assert errcode(stage, **given) == wanted


@pytest.mark.parametrize("scene", ["a", "A" * 32, "!#$&'()*+,/:;=?@-._~", "0"])
def test_what_a_code_may_hold(stage, scene):
    stage.running.account.pages = ["pages/case/detail"]

    assert code(stage, scene=scene)[0] == "image/jpeg"
    assert code(stage, scene=scene, page="pages/none", check_path=False)[0] == "image/jpeg"
    assert code(stage, scene=scene, page=None)[0] == "image/jpeg"


def test_a_full_minute_of_codes_answers_as_a_full_day_does(stage):
    assert stage.state.limits_by_path[CODE].minute == 5_000
    stage.control("POST", "limits", {"path": CODE, "minute": 1})
    stage.control("POST", "clock", {"advance_s": 61 - stage.state.now_s() % 60})

    assert code(stage)[0] == "image/jpeg"
    assert errcode(stage) == 45009
    stage.control("POST", "clock", {"advance_s": 60})
    assert code(stage)[0] == "image/jpeg"


def test_the_published_pages_are_read_from_a_list_and_any_page_is_good_without_one(stage):
    assert stage.control("POST", "pages", {"pages": ["pages/b", "pages/a"]}) == {
        "pages": ["pages/a", "pages/b"]
    }
    assert errcode(stage) == 41030
    assert stage.control("POST", "pages", {"pages": None}) == {"pages": None}
    assert code(stage)[0] == "image/jpeg"
    assert stage.control("POST", "pages", {}) == {"error": "pages: a list of texts"}


def test_links_open_a_page(stage):
    target = {"path": "/pages/index", "query": "from=sms", "env_version": "release"}

    scheme = stage.post(
        SCHEME, {"jump_wxa": target, "is_expire": True, "expire_type": 1, "expire_interval": 30}
    )
    link = stage.post(LINK, target | {"expire_type": 0, "expire_time": int(stage.state.now_s()) + 3600})

    assert scheme["openlink"].startswith("weixin://dl/business/?t=")
    assert link["url_link"].startswith("https://wxaurl.cn/")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"path": "/pages/none"}, 40165),
        ({"path": "/pages/index?a=1"}, 40165),
        ({"query": "q" * 1025}, 40212),
        ({"env_version": "beta"}, 40097),
        ({"expire_type": 1, "expire_interval": 31}, 85401),
        ({"expire_type": 1}, 85401),
        ({"expire_time": 1}, 85401),
        ({"expire_time": 10**11}, 85401),
    ],
)
def test_what_a_link_may_not_hold(stage, change, wanted):
    stage.running.account.pages = ["pages/index"]
    life = {key: change.pop(key) for key in list(change) if key.startswith("expire")}
    target = {"path": "/pages/index", "query": "a=1"} | change

    assert stage.post(LINK, target | life)["errcode"] == wanted
    assert stage.post(SCHEME, {"jump_wxa": target, **life})["errcode"] == wanted


def test_both_kinds_of_links_share_one_limit_a_day(stage):
    for path in (SCHEME, LINK):
        assert (stage.state.limits_by_path[path].day, stage.state.limits_by_path[path].pool) == (
            500_000,
            "links",
        )
        stage.control("POST", "limits", {"path": path, "day": 2})

    assert stage.post(SCHEME, {})["errcode"] == 0
    assert stage.post(LINK, {})["errcode"] == 0
    assert stage.post(SCHEME, {})["errcode"] == 45009
    assert stage.post(LINK, {})["errcode"] == 45009
