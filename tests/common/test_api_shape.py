"""What bad requests get: one shape, Chinese words, no 500."""

import json

import pytest

from tests.factories.people import attr_of, code_of


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[1,2",
        b'{"text": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"text": "\\ud800"}',
        b'"text"',
        b"[]",
        b"null",
    ],
)
def test_a_body_that_is_no_json_object_is_a_clear_400(resident, body):
    answer = resident.send("POST", "feedback/cases", body)

    assert answer.status_code == 400
    assert json.loads(answer.content)["type"] in ("client_error", "validation_error")
    assert answer["X-Request-ID"]


def test_an_unknown_path_answers_in_the_one_shape(anyone, db):
    answer = anyone.get("nothing/here")

    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_a_method_that_is_not_offered_is_405(resident):
    answer = resident.send("PATCH", "me", {})

    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e2", "９", "99999999999"])
def test_a_limit_out_of_range_names_the_field_and_the_range(resident, limit):
    answer = resident.get("feedback/cases", limit=limit)

    assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, "limit_invalid", "limit")
    assert "100" in answer.content.decode()


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "bnVsbA", "WzFd", "WyIyMDI2IiwgImEiXQ", "WyJhIiwgImIiXQ", "0" * 5000]
)
def test_a_cursor_that_was_not_given_out_is_refused(resident, cursor):
    answer = resident.get("feedback/cases", cursor=cursor)

    assert (answer.status_code, code_of(answer)) == (400, "cursor_invalid")


def test_a_private_path_without_a_token_is_401(anyone, db):
    assert anyone.get("feedback/cases").status_code == 401
    assert anyone.get("inbox").status_code == 401


def test_a_body_over_the_limit_is_413(resident):
    answer = resident.send("POST", "feedback/cases", b'{"text":"' + b"a" * 3_000_000 + b'"}')

    assert (answer.status_code, code_of(answer)) == (413, "body_too_big")


@pytest.mark.parametrize("path", ["articles?column=%00", "feedback/cases?state=%00", "feedback/cases/%00"])
def test_a_nul_byte_in_an_address_is_400(resident, path):
    assert resident.send("GET", path, b"").status_code == 400
