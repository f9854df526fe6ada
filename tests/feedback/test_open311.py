"""Open311 GeoReport v2: what other programs read, and how they hand in."""

import datetime as dt
import json
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.settings import api_settings

from apps.accounts.models import Resident
from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.common.geo import Point
from apps.feedback import services
from apps.feedback.models import Case, Category, Open311Key
from apps.feedback.open311.documents import Document, answer
from apps.feedback.services.open311_keys import Open311NameTaken, open311_key_hash
from tests.factories.board import answered_make, entry_make

HERE = Point(114.39707, 30.634215, "gcj02")


def get(path, **query):
    return Client().get(f"/open311/v2/{path}", query)


def read(path, **query):
    found = get(path, **query)
    assert found.status_code == 200, found.content
    assert found["Content-Type"] == "application/json; charset=utf-8"
    return json.loads(found.content)


def xml(path, **query):
    found = get(path, **query)
    assert found["Content-Type"] == "text/xml; charset=utf-8"
    return ET.fromstring(found.content)


def post(form, *, ext=".json", key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return Client(raise_request_exception=False).post(f"/open311/v2/requests{ext}", form, headers=headers)


@pytest.fixture
def api_key(db):
    _row, key = services.open311_key_create(name="测试程序", now=project_clock.now())
    return key


@pytest.fixture
def form(api_key):
    here = HERE.to("wgs84")
    return {
        "api_key": api_key, "service_code": "0201", "description": "路灯不亮。", "lat": here.lat, "long": here.lng,
    }  # fmt: skip


def test_services_are_the_sub_categories_that_are_not_sensitive(db):
    rows = {row["service_code"]: row for row in read("services.json")}

    light = Category.objects.get(code="0201")
    assert rows["0201"] == {
        "service_code": "0201",
        "service_name": "路灯照明",
        "description": light.notice or "路灯照明",
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(light.keywords),
        "group": "市政设施",
    }
    assert len(rows) == Category.objects.filter(parent__isnull=False, sensitive=False).count()
    assert "1602" not in rows


def test_each_path_answers_json_without_an_ending_and_with_it_and_xml(resident):
    number = entry_make(resident).case.public_number

    for path in ("services", "services/0201", "requests", f"requests/{number}", "discovery"):
        assert get(path).content == get(f"{path}.json").content
        assert json.loads(get(path).content)
    roots = {
        path: (tree.tag, [child.tag for child in tree][:1])
        for path in (
            "services.xml",
            "services/0201.xml",
            "requests.xml",
            f"requests/{number}.xml",
            "discovery.xml",
        )
        for tree in [xml(path)]
    }
    assert list(roots.values()) == [
        ("services", ["service"]), ("service_definition", ["service_code"]), ("service_requests", ["request"]),
        ("service_requests", ["request"]), ("discovery", ["changeset"]),
    ]  # fmt: skip


def test_the_form_of_an_answer_does_not_depend_on_the_accept_header(db):
    found = Client().get("/open311/v2/services.xml", headers={"Accept": "application/vnd.other"})

    assert (found.status_code, found["Content-Type"]) == (200, "text/xml; charset=utf-8")


def test_a_service_has_a_definition_without_questions(db):
    assert read("services/0201.json") == {"service_code": "0201", "attributes": []}
    assert get("services/9999.json").status_code == 404
    assert get("services/1602.json").status_code == 404  # sensitive


def test_a_request_shows_redacted_texts_a_blurred_place_and_no_address(clock, resident):
    entry = entry_make(
        resident, text="我家门口停了车，电话19900000001。", category="0505", point=HERE, address="3栋2单元501室",
        note="已划线。",
    )  # fmt: skip
    shown = Point(entry.lng, entry.lat, "gcj02").to("wgs84")

    (row,) = read("requests.json")

    assert row == {
        "service_request_id": entry.case.public_number,
        "status": "open",
        "status_notes": "已处理。\n已划线。",
        "service_name": "房屋质量",
        "service_code": "0505",
        "description": "我家门口停了车，电话****。",
        "agency_responsible": row["agency_responsible"],
        "service_notice": None,
        "requested_datetime": "2026-03-10T10:00:00+08:00",
        "updated_datetime": "2026-03-10T10:00:00+08:00",
        "expected_datetime": row["expected_datetime"],
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": round(shown.lat, 6),
        "long": round(shown.lng, 6),
        "media_url": None,
    }
    assert HERE.to("wgs84").distance_m(Point(row["long"], row["lat"], "wgs84")) > 1
    assert read(f"requests/{entry.case.public_number}.json") == [row]
    tree = xml(f"requests/{entry.case.public_number}.xml")
    assert {child.tag: child.text or None for child in tree[0]} == {
        name: None if value is None else str(value) for name, value in row.items()
    }


def test_only_what_is_published_is_listed(resident, clerk):
    waiting = entry_make(resident, published=False)
    down = entry_make(resident)
    services.board_take_down(entry_id=down.id, staff=clerk, version=None, reason="x", now=project_clock.now())
    answered_make(resident)

    assert read("requests.json") == []
    for entry in (waiting, down):
        assert get(f"requests/{entry.case.public_number}.json").status_code == 404
    assert read("requests.json", service_request_id=waiting.case.public_number) == []


def test_requests_are_searched_by_number_service_status_and_day(clock, resident):
    old = entry_make(resident, text="旧的路灯。").case
    clock.shift(dt.timedelta(days=30))
    closed = entry_make(resident, text="新的路灯。").case
    Case.objects.filter(pk=closed.pk).update(state="closed")
    other = entry_make(resident, text="垃圾没人收。", category="0101").case
    clock.shift(dt.timedelta(minutes=1))

    def found(**query):
        return [row["service_request_id"] for row in read("requests.json", **query)]

    newest = [other.public_number, closed.public_number, old.public_number]
    assert sorted(found()[:2]) == sorted(newest[:2])
    assert found()[2] == newest[2]
    assert found(service_request_id=f"{old.public_number},{other.public_number}") == [newest[0], newest[2]]
    assert found(service_code="0201") == newest[1:]
    assert sorted(found(service_code="0201,0101")) == sorted(newest)
    assert found(status="closed") == [closed.public_number]
    assert found(status="open") == [newest[0], newest[2]]
    assert len(found(status="open,closed")) == 3
    assert found(end_date="2026-03-11") == [old.public_number]
    assert found(start_date="2026-03-09", end_date="2026-03-10") == [old.public_number]
    assert found(start_date="2026-04-01T00:00:00+08:00", status="closed") == [closed.public_number]
    assert found(page="2", page_size="2") == [old.public_number]
    assert found(page="3", page_size="2") == []


def test_a_search_spans_ninety_days_and_looks_back_as_many(clock, resident):
    entry_make(resident)
    clock.shift(dt.timedelta(days=91))
    new = entry_make(resident, text="新的路灯。").case.public_number
    clock.shift(dt.timedelta(minutes=1))

    assert [row["service_request_id"] for row in read("requests.json")] == [new]
    assert [
        row["service_request_id"]
        for row in read("requests.json", start_date="2026-01-01", end_date="2026-12-31")
    ] == []
    assert len(read("requests.json", start_date="2026-03-01", end_date="2026-03-31")) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"status": "lost"}, {"start_date": "yesterday"}, {"start_date": "2026-13-01"}, {"page": "0"}, {"page": "x"},
        {"page_size": "101"}, {"start_date": "2026-03-10", "end_date": "2026-03-01"},
        {"service_code": ",".join(["0201"] * 101)},
    ],
)  # fmt: skip
def test_a_query_that_can_not_be_read_is_400_in_the_specifications_form(db, query):
    found = get("requests.json", **query)
    tree = xml("requests.xml", **query)

    (error,) = json.loads(found.content)
    assert (found.status_code, set(error), error["code"]) == (400, {"code", "description"}, 400)
    assert (tree.tag, tree[0].tag, tree[0].find("code").text) == ("errors", "error", "400")
    assert tree[0].find("description").text == error["description"]


def test_another_jurisdiction_is_404_and_ours_may_be_named(db):
    assert get("services.json", jurisdiction_id="boston.gov").status_code == 404
    assert get("services.json", jurisdiction_id="420107").status_code == 200


def test_a_request_is_handed_in_with_a_key_and_belongs_to_its_account(form):
    made = post(form)

    case = Case.objects.get()
    assert (made.status_code, json.loads(made.content)) == (
        201, [{"service_request_id": case.public_number, "service_notice": None, "account_id": None}],
    )  # fmt: skip
    key = Open311Key.objects.get()
    assert (case.resident_id, case.identity, case.allow_public) == (key.resident_id, "anonymous", False)
    assert (case.category_id, case.text, case.crs) == ("0201", "路灯不亮。", "wgs84")
    assert read(f"tokens/{case.public_number}.json") == [
        {"service_request_id": case.public_number, "token": case.public_number}
    ]
    assert get(f"requests/{case.public_number}.json").status_code == 404  # not published


def test_xml_is_answered_to_xml_and_an_address_is_enough(form):
    del form["lat"], form["long"]

    made = post(
        form | {"address_string": "建设二路公交站", "media_url": "http://127.0.0.1:9/x.jpg"}, ext=".xml"
    )

    tree = ET.fromstring(made.content)
    case = Case.objects.get()
    assert (made.status_code, tree.tag, tree[0][0].text) == (201, "service_requests", case.public_number)
    assert (case.address, case.point) == ("建设二路公交站", None)


def test_who_agrees_to_publication_says_so(form):
    post(form | {"allow_public": "true"})

    assert Case.objects.get().allow_public is True


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"api_key": ""}, 403), ({"api_key": "wrong"}, 403), ({"service_code": "9999"}, 404),
        ({"service_code": "1602"}, 404), ({"service_code": ""}, 400), ({"description": ""}, 400),
        ({"description": "长" * 2001}, 400), ({"lat": "north"}, 400), ({"lat": "0", "long": "0"}, 400),
        ({"lat": "nan"}, 400), ({"jurisdiction_id": "boston.gov"}, 404),
    ],
)  # fmt: skip
def test_what_can_not_be_taken_is_refused_and_nothing_is_written(form, changed, status):
    made = post(form | changed)

    (error,) = json.loads(made.content)
    assert (made.status_code, error["code"]) == (status, status)
    assert Case.objects.count() == 0


def test_a_request_without_a_place_is_refused(form):
    del form["lat"]

    assert post(form).status_code == 400
    assert Case.objects.count() == 0


def test_a_key_that_was_switched_off_opens_nothing(form):
    Open311Key.objects.update(is_active=False)

    assert post(form).status_code == 403
    assert Case.objects.count() == 0


def test_the_same_request_twice_with_a_key_makes_one_case(form):
    first, again = (post(form, key="one") for _each in range(2))
    other = post(form | {"description": "别的"}, key="one")

    assert first.content == again.content
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert (other.status_code, json.loads(other.content)[0]["code"]) == (422, 422)
    assert Case.objects.count() == 1


def test_a_body_that_is_no_form_is_refused(db, api_key):
    made = Client(raise_request_exception=False).post(
        "/open311/v2/requests.json", json.dumps({"api_key": api_key}), content_type="application/json"
    )

    assert made.status_code == 415
    assert json.loads(made.content)[0]["code"] == 415


def test_handing_in_is_throttled_by_key(form, settings, monkeypatch):
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", {"read": "9/min", "write": "2/min"})

    answers = [post(form | {"description": f"路灯{number}"}) for number in range(3)]

    assert [made.status_code for made in answers] == [201, 201, 429]
    assert int(answers[2]["Retry-After"]) >= 1
    assert Case.objects.count() == 2


def test_reads_are_kept_with_an_etag(resident):
    entry_make(resident)
    first = get("requests.xml")

    again = Client().get("/open311/v2/requests.xml", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert "max-age=30" in first["Cache-Control"]


def test_discovery_names_the_endpoint_and_its_forms(db, settings):
    settings.PUBLIC_BASE_URL = "https://qingshan.test"

    found = read("discovery.json")

    assert found["endpoints"][0]["url"] == "https://qingshan.test/open311/v2"
    assert found["endpoints"][0]["formats"] == ["application/json", "text/xml"]
    assert [part.text for part in xml("discovery.xml").iter("format")] == ["application/json", "text/xml"]


def test_a_key_is_shown_once_and_only_its_hash_is_kept(db, capsys):
    call_command("open311_key_create", "街道程序")
    key = capsys.readouterr().out.strip()

    row = Open311Key.objects.get()
    account = Resident.objects.get(pk=row.resident_id)
    assert (len(key), row.key_hash) == (43, open311_key_hash(key))
    assert key not in str(vars(row))
    assert (account.nickname, account.openid, account.sessions.count()) == ("街道程序", None, 0)
    with pytest.raises(CommandError):
        call_command("open311_key_create", "街道程序")
    with pytest.raises(Open311NameTaken):
        services.open311_key_create(name="街道程序", now=project_clock.now())
    assert Resident.objects.filter(nickname="街道程序").count() == 1


def test_markup_and_controls_in_texts_do_not_break_the_xml():
    text = "<b>&amp;\x00\x0b\ufffe]]></b>"

    made = answer(Document("errors", "error", [{"code": 400, "description": text}]), ext=".xml")

    assert ET.fromstring(made.content)[0].find("description").text == "<b>&amp;]]></b>"


def test_a_search_is_one_statement_however_many_requests(resident, django_assert_num_queries):
    for _each in range(4):
        entry_make(resident)
        forget_all()
        with django_assert_num_queries(1):
            read("requests.json")
