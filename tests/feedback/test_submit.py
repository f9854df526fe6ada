"""Submitting a case: what is written, and what bad input gets."""

import io
from uuid import UUID

import pytest

from apps.common.models import Upload
from apps.feedback.models import Case, TimelineEntry
from apps.notifications.models import Delivery, InboxMessage
from tests.factories.people import attr_of, code_of
from tests.factories.pictures import jpeg

GOOD = {"request_type": "help", "text": "路灯不亮", "category": "0201"}


def nothing_written() -> bool:
    tables = (Case, TimelineEntry, InboxMessage, Delivery)
    return not any(table.objects.exists() for table in tables)


def test_a_case_gets_a_number_a_promise_a_first_entry_and_a_receipt(clock, resident):
    photo = resident.upload(io.BytesIO(jpeg())).json()

    answer = resident.post(
        "feedback/cases",
        GOOD
        | {
            "street": "420107003",
            "address": "建设二路",
            "point": {"lng": 114.4, "lat": 30.63},
            "uploads": [photo["id"]],
        },
    )

    body = answer.json()
    assert answer.status_code == 201
    assert (body["state"], body["state_label"]) == ("submitted", "已提交")
    assert body["due_at"] == "2026-03-17T18:00:00+08:00"  # five working days after Tuesday 2026-03-10
    assert [line["counts"] for line in body["due_explained"]] == [
        False,
        True,
        True,
        True,
        False,
        False,
        True,
        True,
    ]
    assert body["point"] == {"lng": 114.4, "lat": 30.63, "crs": "gcj02"}
    assert body["timeline"][0]["uploads"][0]["id"] == photo["id"]
    assert body["can"] == ["withdraw", "supplement", "nudge"]
    assert Upload.objects.get(id=photo["id"]).attached_at is not None
    assert InboxMessage.objects.values_list("kind", flat=True)[0] == "feedback.submitted"
    assert Delivery.objects.count() == 1
    assert resident.get(f"feedback/cases/{body['number']}").json() == body


def test_an_emergency_runs_on_the_clock(clock, resident):
    body = resident.post("feedback/cases", GOOD | {"category": "0202"}).json()

    assert body["due_at"] == "2026-03-11T10:00:00+08:00"


def test_without_a_category_the_standard_profile_holds(clock, resident):
    body = resident.post("feedback/cases", {"request_type": "help", "text": "路灯不亮"}).json()

    assert body["due_at"] == "2026-03-17T18:00:00+08:00"


@pytest.mark.parametrize(
    ("change", "attr", "code"),
    [
        ({"text": ""}, "text", "blank"),
        ({"text": "\u200e\u0007 \t"}, "text", "blank"),
        ({"text": "长" * 100_000}, "text", "max_length"),
        ({"text": 5}, "text", "invalid"),
        ({"text": None}, "text", "null"),
        ({"category": "9999"}, "category", "category_unknown"),
        ({"category": "01"}, "category", "category_unknown"),
        ({"category": "x" * 9}, "category", "max_length"),
        ({"request_type": "gossip"}, "request_type", "invalid_choice"),
        ({"identity": "secret"}, "identity", "invalid_choice"),
        ({"street": "420107007"}, "street", "street_unknown"),
        ({"street": "420107400"}, "street", "street_unknown"),
        ({"point": {"lng": 2.35, "lat": 48.85}}, "point", "outside"),
        ({"point": {"lng": "x", "lat": 30}}, "point", "invalid"),
        ({"point": {"lng": True, "lat": 30}}, "point", "invalid"),
        ({"point": {"lng": 114.4, "lat": 30.6, "crs": "bd09"}}, "point", "invalid"),
        ({"point": [114.4, 30.6]}, "point", "invalid"),
        ({"uploads": [str(UUID(int=n)) for n in range(10)]}, "uploads", "max_length"),
        ({"uploads": [str(UUID(int=7))]}, "uploads", "upload_not_found"),
        ({"uploads": ["x"]}, "uploads.0", "invalid"),
        ({"uploads": "x"}, "uploads", "not_a_list"),
        ({"address": "x" * 201}, "address", "max_length"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input_names_the_field_and_writes_nothing(resident, change, attr, code):
    answer = resident.post("feedback/cases", GOOD | change)

    assert answer.status_code == 400, answer.content
    assert (attr_of(answer), code_of(answer)) == (attr, code)
    assert nothing_written()


def test_an_infinite_number_in_the_body_is_refused(resident):
    answer = resident.send(
        "POST", "feedback/cases", b'{"request_type":"help","text":"a","point":{"lng":1e999,"lat":30}}'
    )

    assert answer.status_code == 400


def test_control_characters_are_removed_and_the_rest_stands_as_given(resident):
    text = "第一行\r\n第二行\u0000\u0007\u202e <b>&"

    body = resident.post("feedback/cases", GOOD | {"text": text}).json()

    assert body["text"] == "第一行\n第二行 <b>&"


def test_someone_elses_photo_can_not_be_attached(resident, other_resident):
    photo = other_resident.upload(io.BytesIO(jpeg())).json()

    answer = resident.post("feedback/cases", GOOD | {"uploads": [photo["id"]]})

    assert code_of(answer) == "upload_not_found"
    assert nothing_written()
    assert Upload.objects.get(id=photo["id"]).attached_at is None


def test_a_photo_is_used_once(resident):
    photo = resident.upload(io.BytesIO(jpeg())).json()
    assert resident.post("feedback/cases", GOOD | {"uploads": [photo["id"]]}).status_code == 201

    assert code_of(resident.post("feedback/cases", GOOD | {"uploads": [photo["id"]]})) == "upload_not_found"
    assert Case.objects.count() == 1


def test_the_same_key_and_body_give_the_first_answer_again(resident):
    first = resident.post("feedback/cases", GOOD, key="k1")
    second = resident.post("feedback/cases", GOOD, key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_422(resident):
    resident.post("feedback/cases", GOOD, key="k1")

    other = resident.post("feedback/cases", GOOD | {"text": "别的"}, key="k1")

    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert Case.objects.count() == 1


def test_a_refused_request_does_not_use_up_its_key(resident):
    assert resident.post("feedback/cases", GOOD | {"category": "9999"}, key="k1").status_code == 400

    assert resident.post("feedback/cases", GOOD, key="k1").status_code == 201


def test_two_residents_may_use_the_same_key(resident, other_resident):
    assert resident.post("feedback/cases", GOOD, key="k1").status_code == 201
    assert other_resident.post("feedback/cases", GOOD, key="k1").status_code == 201
    assert Case.objects.count() == 2


@pytest.mark.parametrize("key", ["x" * 65, "é", "a\tb"])
def test_a_key_out_of_shape_is_refused(resident, key):
    answer = resident.send("POST", "feedback/cases", GOOD, key=key)
    assert (answer.status_code, code_of(answer)) == (400, "idempotency_key_invalid")
    assert nothing_written()


def test_someone_elses_case_is_404_and_not_listed(resident, other_resident):
    number = resident.post("feedback/cases", GOOD).json()["number"]

    assert other_resident.get(f"feedback/cases/{number}").status_code == 404
    assert other_resident.get("feedback/cases").json()["results"] == []
    assert other_resident.post(f"feedback/cases/{number}/withdraw", {"reason": "x"}).status_code == 404


def test_own_cases_come_newest_first_in_pages_that_do_not_shift(resident):
    numbers = [resident.post("feedback/cases", GOOD).json()["number"] for _each in range(5)]

    first = resident.get("feedback/cases", limit=2).json()
    resident.post("feedback/cases", GOOD)
    second = resident.get("feedback/cases", limit=2, cursor=first["next"]).json()
    third = resident.get("feedback/cases", limit=2, cursor=second["next"]).json()

    found = [c["number"] for page in (first, second, third) for c in page["results"]]
    assert found == numbers[::-1]
    assert third["next"] is None


def test_an_html_file_named_jpg_and_a_broken_png_are_refused(resident):
    page = io.BytesIO(b"<html><script>alert(1)</script></html>")
    page.name = "photo.jpg"

    answer = resident.upload(page)

    assert (answer.status_code, code_of(answer)) == (400, "file_type")
    assert Upload.objects.count() == 0


def test_an_upload_of_eleven_megabytes_is_413_from_its_header(resident):
    big = io.BytesIO(jpeg() + b"\0" * (11 * 1024 * 1024))
    big.name = "big.jpg"

    answer = resident.upload(big)

    assert (answer.status_code, code_of(answer)) == (413, "file_too_big")


def test_a_signed_link_shows_the_photo_and_a_changed_one_does_not(resident):
    from django.test import Client

    photo = resident.upload(io.BytesIO(jpeg())).json()

    good = Client().get(photo["thumb_url"])
    assert (good.status_code, good["Content-Type"]) == (200, "image/jpeg")
    assert Client().get(photo["url"][:-2] + "xx").status_code == 404
