"""Every operation of the API's schema with generated input: answers, but never an error of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
import yaml
from django.test import Client
from hypothesis import HealthCheck, given, settings

from tests.factories.people import resident_make

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
schema = schemathesis.openapi.from_dict(yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
OPERATIONS = [result.ok() for result in schema.get_all_operations()]


def body_of(case: Any) -> tuple[bytes, str]:
    if isinstance(case.body, dict | list | str | int | float | bool) or case.body is None:
        return json.dumps(case.body).encode(), "application/json"
    if isinstance(case.body, bytes):
        return case.body, case.media_type or "application/octet-stream"
    return b"", "application/json"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method.upper()} {one.path}")
def test_no_generated_input_makes_the_server_fail(db, operation):
    token = resident_make().token

    @settings(
        max_examples=12, deadline=None, database=None, derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    @given(operation.as_strategy())
    def run(case: Any) -> None:
        path = case.path
        for name, value in (case.path_parameters or {}).items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        raw, kind = body_of(case)
        query = {name: str(value) for name, value in (case.query or {}).items()}
        answer = Client(raise_request_exception=False).generic(
            case.method,
            path,
            raw,
            content_type=kind,
            query_params=query,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code < 500 or answer.status_code == 503, answer.content[:300]

    run()
