"""The operators' view: what it shows, who may see whose messages, and that each look is recorded."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import AccessLog
from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import forget_all
from apps.common.heartbeat import heartbeat_write
from apps.notifications import operator_selectors
from apps.notifications.channels import gates
from apps.notifications.models import Delivery, DeliveryAttempt, WechatTemplate
from apps.notifications.selectors import outbox_figures
from apps.notifications.states import Channel
from tests.conftest import MORNING
from tests.guards.test_messages import data_in_use, english

PAGE = "admin:notifications_operators"
PHONE = "19900012345"
LOOKERS = {Role.ADMINISTRATOR, Role.DESK_HEAD}


@pytest.fixture
def administrator(staff):
    return staff(Role.ADMINISTRATOR.value)


@pytest.fixture
def failed(resident, reply):
    """A failed delivery with an attempt."""

    def make(key: str, code: str = "45168") -> Delivery:
        row = reply(resident, key=key)
        now = clock.now()
        Delivery.objects.filter(id=row.id).update(state="failed", last_code=code, finished_at=now)
        DeliveryAttempt.objects.create(
            delivery=row, number=1, outcome="failed", code=code, started_at=now, ended_at=now
        )
        return row

    return make


# --- The overview ---------------------------------------------------------------------------------------------------


def test_what_waits_failed_and_rests_is_told_with_the_step_that_mends_it(resident, reply, failed):
    reply(resident, key="waits")
    failed("a")
    failed("b")
    failed("c", code="40037")
    WechatTemplate.objects.filter(name="news_update").update(is_active=False)
    heartbeat_write(["interactive"])
    gates.channel_rest(channel=Channel.SMS, seconds=60, why="unavailable")

    seen = operator_selectors.overview(now=clock.now())

    assert [(q.lane, q.channel.value, q.depth) for q in seen.queues] == [
        ("interactive", "wechat", 1), ("interactive", "sms", 0), ("bulk", "wechat", 0), ("bulk", "sms", 0),
    ]  # fmt: skip
    assert [(one.code, one.count) for one in seen.failures] == [("45168", 2), ("40037", 1)]
    assert (seen.minutes, seen.hour, seen.hour_taken, seen.hour_at_least) == (3, 3, 0, False)
    assert (seen.doubts, seen.taken, seen.pushes) == (0, 0, 0)
    assert (seen.templates.gone, seen.templates.unassigned) == (["资讯更新提醒"], 0)
    assert [(one.channel.value, one.why) for one in seen.resting] == [("sms", "unavailable")]
    assert [lane for lane, age in seen.heartbeats if age is not None] == ["interactive"]


def test_a_message_that_waits_for_the_morning_is_not_late(resident, reply):
    row = reply(resident)
    Delivery.objects.filter(id=row.id).update(created_at=MORNING, due_at=MORNING + dt.timedelta(hours=9))

    figures = outbox_figures(now=MORNING + dt.timedelta(hours=1))
    later = outbox_figures(now=MORNING + dt.timedelta(hours=10))

    assert figures == {("interactive", "wechat"): (1, 0.0)}
    assert later == {("interactive", "wechat"): (1, 36000.0)}


def test_what_is_under_way_is_found_by_the_three_small_indexes(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Delivery.objects.under_way().explain()

    assert all(name in plan for name in ("delivery_waiting", "delivery_in_hand", "delivery_in_doubt"))
    assert "Seq Scan" not in plan


def test_the_metrics_tell_what_an_alert_needs(client, settings, resident, reply, failed):
    settings.METRICS_TOKEN = ""
    reply(resident, key="waits")
    failed("a")
    gates.channel_rest(channel=Channel.SMS, seconds=60, why="unavailable")
    WechatTemplate.objects.filter(name="news_update").update(is_active=False)

    told = client.get("/metrics").content.decode().splitlines()

    for line in (
        'outbox_depth{channel="wechat",lane="interactive"} 1.0', 'channel_resting{channel="sms"} 1.0',
        'channel_resting{channel="wechat"} 0.0', 'deliveries_failed_10m{channel="wechat",code="45168"} 1.0',
        "pushes_oldest_age_seconds 0.0", "wechat_templates_gone 1.0",
    ):  # fmt: skip
        assert line in told


@pytest.mark.parametrize("role", Role)
def test_each_role_opens_what_its_work_needs(role, staff, desk, resident, failed):
    row = failed("a")
    browser = desk(staff(role.value, unit="XZSP"))
    may_see = role in {*LOOKERS, Role.AUDITOR}
    resident_page = reverse("admin:notifications_operators_resident", args=[resident.resident_id])
    message_page = reverse("admin:notifications_operators_message", args=[row.message_id])

    assert (browser.get(reverse(PAGE)).status_code == 200) == may_see
    assert (browser.get(reverse("admin:notifications_operators_figures")).status_code == 200) == may_see
    for page in (resident_page, message_page):
        assert browser.get(page).status_code == (200 if role in LOOKERS else 403)
        assert browser.post(page, {"reason": "核对"}).status_code == (200 if role in LOOKERS else 403)
    assert AccessLog.objects.count() == (3 if role in LOOKERS else 0)


def test_the_page_takes_as_many_statements_at_20_rows_as_at_2(administrator, desk, failed):
    browser = desk(administrator)
    browser.get(reverse(PAGE))

    def statements() -> int:
        forget_all()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(PAGE)).status_code == 200
        own = ("SAVEPOINT", "RELEASE", 'UPDATE "django_session"')
        return len([query for query in captured if not query["sql"].startswith(own)])

    for number in range(2):
        failed(f"a{number}")
    two = statements()
    for number in range(18):
        failed(f"b{number}", code=str(40000 + number))

    assert statements() == two
    assert two == 12  # 7 of the view; session, person, two of rights, roles


def test_only_an_administrator_ends_a_rest_and_it_is_recorded(administrator, staff, desk):
    head = staff(Role.DESK_HEAD.value, unit="XZSP")
    gates.channel_rest(channel=Channel.WECHAT, seconds=600, why="48001")
    door = reverse("admin:notifications_operators_wake")

    refused = desk(head).post(door, {"channel": "wechat"}).status_code
    still = gates.resting(channel=Channel.WECHAT)
    wrong = desk(administrator).post(door, {"channel": "fax"}).status_code
    done = desk(administrator).post(door, {"channel": "wechat"}).status_code

    assert (refused, wrong, done) == (403, 405, 302)
    assert still is not None
    assert gates.resting(channel=Channel.WECHAT) is None
    assert list(LogEntry.objects.values_list("user_id", flat=True)) == [administrator.pk]


# --- A resident's messages ------------------------------------------------------------------------------------------


def test_a_resident_is_found_by_the_whole_number_which_stands_in_no_address(administrator, desk, resident):
    accounts.phone_set(resident_id=resident.resident_id, phone=PHONE)
    browser = desk(administrator)
    door = reverse("admin:notifications_operators_search")

    found = browser.post(door, {"phone": f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"})
    nobody = browser.post(door, {"phone": PHONE[:-1]})

    assert found.url == reverse("admin:notifications_operators_resident", args=[resident.resident_id])
    assert nobody.url == reverse(PAGE)
    assert browser.get(door, {"phone": PHONE}).status_code == 405


def test_without_a_reason_the_fates_are_shown_and_with_one_the_texts(administrator, desk, resident, failed):
    failed("a")
    browser = desk(administrator)
    page = reverse("admin:notifications_operators_resident", args=[resident.resident_id])

    fates = browser.get(page).content.decode()
    refused = browser.post(page, {"reason": " "})
    texts = browser.post(page, {"reason": "居民来电核对"}).content.decode()

    assert "45168" in fates
    assert "已修好。" not in fates
    assert refused.status_code == 400
    assert "已修好。" not in refused.content.decode()
    assert "已修好。" in texts
    rows = AccessLog.objects.filter(resident_id=resident.resident_id).order_by("id")
    assert list(rows.values_list("staff", flat=True)) == [administrator.pk] * 3
    assert rows.last().reason == "居民来电核对"


def test_an_old_message_is_shown_exactly_as_it_was_written(administrator, desk, resident, failed):
    row = failed("a")
    browser = desk(administrator)
    page = reverse("admin:notifications_operators_message", args=[row.message_id])

    asked = browser.get(page).content.decode()
    shown = browser.post(page, {"reason": "核对"}).content.decode()

    assert "已修好。" not in asked
    for text in ("已修好。", "诉求办理进度通知", "受理编号", "2026031000000019", "2026年3月10日 10:00"):
        assert text in shown
    assert list(AccessLog.objects.values_list("resident_id", "reason")) == [(resident.resident_id, "核对")]


def test_a_resident_or_message_that_is_not_there_is_not_found(administrator, desk):
    browser = desk(administrator)
    nobody = "00000000-0000-7000-8000-000000000000"

    for name in ("resident", "message"):
        page = reverse(f"admin:notifications_operators_{name}", args=[nobody])
        assert browser.post(page, {"reason": "核对"}).status_code == 404
    assert AccessLog.objects.count() == 0


def test_fifty_messages_take_as_many_statements_as_two(resident, reply):
    def statements() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            shown = operator_selectors.messages_of(resident_id=resident.resident_id)
        return len(shown), len(captured)

    for number in range(2):
        reply(resident, key=f"a{number}")
    two = statements()
    for number in range(50):
        reply(resident, key=f"b{number}")

    assert (two, statements()) == ((2, 2), (50, 2))


# --- Templates ------------------------------------------------------------------------------------------------------


def test_staff_compare_the_templates_with_wechat(administrator, desk, wechat):
    browser = desk(administrator)
    door = reverse("admin:notifications_templates_compare")
    WechatTemplate.objects.create(template_id="gone", name="old", title="旧模板", type=2, keys=["thing1"])

    answer = browser.post(door, follow=True)

    assert answer.status_code == 200
    assert f'action="{door}"' in answer.content.decode()
    assert WechatTemplate.objects.get(template_id="gone").is_active is False
    assert WechatTemplate.objects.get(name="case_progress").synced_at is not None


def test_an_answer_of_wechat_that_refuses_is_told_and_changes_nothing(administrator, desk, wechat):
    browser = desk(administrator)
    fault = {"path": "/wxaapi/newtmpl/gettemplate", "kind": "errcode", "value": 48001, "times": 1}
    wechat.ask("POST", "/control/faults", fault)
    before = list(WechatTemplate.objects.order_by("id").values())

    answer = browser.post(reverse("admin:notifications_templates_compare"), follow=True)

    assert "48001" in answer.content.decode()
    assert list(WechatTemplate.objects.order_by("id").values()) == before


def test_a_name_is_assigned_from_a_list_and_the_page_says_whether_the_texts_fit(administrator, desk):
    browser = desk(administrator)
    WechatTemplate.objects.filter(name="case_progress").update(name=None)
    row = WechatTemplate.objects.create(template_id="new", title="新模板", type=2, keys=["thing1"])
    page = reverse("admin:notifications_wechattemplate_change", args=[row.pk])

    wrong = browser.post(page, {"name": "nobody_uses_this"})
    done = browser.post(page, {"name": "case_progress"})
    shown = browser.get(page).content.decode()

    assert (wrong.status_code, done.status_code) == (200, 302)
    row.refresh_from_db()
    assert (row.name, row.title) == ("case_progress", "新模板")
    assert "character_string1" in shown


# --- Words ----------------------------------------------------------------------------------------------------------


def test_the_pages_speak_chinese(administrator, desk, resident, failed):
    row = failed("a")
    gates.channel_rest(channel=Channel.SMS, seconds=60, why="unavailable")
    browser = desk(administrator)
    pages = [
        browser.get(reverse(PAGE)),
        browser.get(reverse("admin:notifications_operators_figures")),
        browser.get(reverse("admin:notifications_operators_redrive")),
        browser.get(reverse("admin:notifications_operators_resident", args=[resident.resident_id])),
        browser.post(
            reverse("admin:notifications_operators_message", args=[row.message_id]), {"reason": "核对"}
        ),
        browser.get(reverse("admin:notifications_redrive_changelist")),
        browser.get(reverse("admin:notifications_retention_changelist")),
        browser.get(reverse("admin:notifications_wechattemplate_changelist")),
    ]

    assert [english(page, data_in_use()) for page in pages] == [{}] * len(pages)
