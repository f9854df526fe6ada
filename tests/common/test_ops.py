"""Health, readiness, metrics, and what production refuses to start with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from apps.common.heartbeat import LANES, heartbeat_write
from qingshan.checks import production_problems

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "DEBUG": False,
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJ",
    "FIELD_KEYS": {"k1": bytes(range(32))},
    "LOOKUP_KEY": bytes(range(32)),
    "ALLOWED_HOSTS": ["qs.example.invalid"],
    "WECHAT_APPID": "wx1",
    "WECHAT_SECRET": "s",
    "WECHAT_BASE_URL": "https://api.weixin.qq.com",
    "PUBLIC_BASE_URL": "https://qs.example.invalid",
    "METRICS_TOKEN": "t",
    "NUM_PROXIES": 1,
    "WECHAT_PUSH_TOKEN": "aToken123",
    "WECHAT_PUSH_MODE": "safe",
    "WECHAT_PUSH_AES_KEY": "A" * 43,
    "SMS_CALLBACK_TOKEN": "s" * 20,
    "SMS_SECRET_ID": "id",
    "SMS_BASE_URL": "https://sms.tencentcloudapi.com",
    "EMAIL_HOST": "mail",
    "EMAIL_USE_SSL": True,
}


def test_the_process_is_healthy_without_anything_else(db):
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_readiness_needs_a_worker_in_each_lane(db):
    silent = Client().get("/readyz")
    heartbeat_write(LANES)
    ready = Client().get("/readyz")

    assert (silent.status_code, silent.json()["worker_interactive"]) == (503, "silent")
    assert (ready.status_code, set(ready.json().values())) == (200, {"ok"})


def test_readiness_without_redis_says_so(db, redis_away):
    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["redis"]) == (503, "unavailable")


def test_metrics_tell_requests_and_the_outbox(db):
    Client().get("/healthz")
    text = Client().get("/metrics").content.decode()

    assert "django_http_requests_total_by_method_total" in text
    assert "outbox_depth" in text
    assert "outbox_oldest_age_seconds" in text


def test_metrics_are_hidden_from_who_does_not_know_the_token(db, settings):
    settings.METRICS_TOKEN = "a-token"

    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer a-token"}).status_code == 200


def test_a_safe_production_has_no_problem():
    assert production_problems(SAFE) == []


@pytest.mark.parametrize(
    "change",
    [
        {"DEBUG": True},
        {"SECRET_KEY": "short"},
        {"SECRET_KEY": "a" * 60},
        {"FIELD_KEYS": {"k1": bytes(32)}},
        {"LOOKUP_KEY": bytes(32)},
        {"ALLOWED_HOSTS": ["*"]},
        {"ALLOWED_HOSTS": []},
        {"WECHAT_SECRET": ""},
        {"WECHAT_BASE_URL": "http://127.0.0.1:8001"},
        {"PUBLIC_BASE_URL": "http://qs.example.invalid"},
        {"METRICS_TOKEN": ""},
        {"NUM_PROXIES": 0},
        {"WECHAT_PUSH_MODE": "plain"},
        {"WECHAT_PUSH_MODE": "compatible"},
        {"WECHAT_PUSH_AES_KEY": ""},
        {"SMS_CALLBACK_TOKEN": "short"},
        {"SMS_BASE_URL": "http://sms.tencentcloudapi.com"},
        {"EMAIL_USE_SSL": False},
    ],
    ids=str,
)
def test_each_unsafe_setting_is_a_problem_of_its_own(change):
    assert len(production_problems(SAFE | change)) == 1


def test_a_production_without_pushes_and_receipts_has_no_problem():
    without = {
        "WECHAT_PUSH_TOKEN": "",
        "WECHAT_PUSH_AES_KEY": "",
        "WECHAT_PUSH_MODE": "plain",
        "SMS_CALLBACK_TOKEN": "",
    }

    assert production_problems(SAFE | without) == []


def test_without_a_mode_the_project_takes_itself_for_production_and_refuses():
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
    }
    environment |= {
        "QINGSHAN_MODE": "production", "SECRET_KEY": "short", "FIELD_KEYS": "k1:" + "A" * 43 + "=",
        "LOOKUP_KEY": "A" * 43 + "=", "DATABASE_URL": "postgres://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1",
        "DEBUG": "true",
    }  # fmt: skip

    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    for word in ("DEBUG is on", "SECRET_KEY is short", "no credentials", "METRICS_TOKEN"):
        assert word in done.stderr


def test_an_error_of_the_database_does_not_bring_a_row_into_the_log():
    from qingshan.logs import rows_drop

    row = "violates check\nDETAIL:  Failing row contains (路灯不亮\n第二行, 199…)."
    event = {
        "exception": f"IntegrityError: {row}\n\nThe above exception was the cause\nend",
        "error": row,
        "event": "raised unexpected: IntegrityError('violates check\\nDETAIL:  Failing row contains (路灯不亮)')",
    }

    cleaned = rows_drop(None, "error", event)

    assert "路灯" not in str(cleaned)
    assert "第二行" not in str(cleaned)
    assert cleaned["exception"].endswith("[row removed]\n\nThe above exception was the cause\nend")


def test_a_signed_link_is_not_logged(rf):
    from qingshan.logs import RequestLogMiddleware

    assert (
        RequestLogMiddleware.format_request(rf.get("/media/signed/abc:def?x=1"))
        == "GET /media/signed/[removed]"
    )
    assert RequestLogMiddleware.format_request(rf.post("/sms/receipts/abc")) == "POST /sms/receipts/[removed]"
    assert RequestLogMiddleware.format_request(rf.post("/wechat/push?openid=oABC")) == "POST /wechat/push"
    assert RequestLogMiddleware.format_request(rf.get("/api/v1/articles?q=x")) == "GET /api/v1/articles"
