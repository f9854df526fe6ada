"""Campaigns at the desk: who may do what, the draft's form, the look before it goes out, lists of people."""

import re
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.notifications import campaign_selectors as selectors
from apps.notifications import services as notifications
from apps.notifications.models import (
    Campaign,
    CampaignEvent,
    SmsTemplate,
    Subscription,
    WechatTemplate,
)
from apps.notifications.services import campaigns
from apps.notifications.states import CampaignVerb, Channel
from tests.factories.campaigns import campaign_make
from tests.factories.people import resident_make

LIST, ADD = "admin:notifications_campaign_changelist", "admin:notifications_campaign_add"
LISTS, LOAD = "admin:notifications_campaignlist_changelist", "admin:notifications_campaignlist_add"
WRITERS = {LIST, ADD, LISTS, LOAD}
RIGHTS = {
    Role.EDITOR: WRITERS,
    Role.REVIEWER_FINAL: {LIST, LISTS},
    Role.DESK_HEAD: {LIST, LISTS},
    Role.ADMINISTRATOR: {LIST, LISTS},
}
STREET = "420107003"


@pytest.fixture
def head(staff):
    return staff("desk_head")


@pytest.fixture
def draft(editor):
    return partial(campaign_make, editor)


def page(campaign, **query) -> str:
    return reverse("admin:notifications_campaign_change", args=[campaign.pk]) + (
        "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
    )


def move(browser, campaign, verb, **more):
    campaign.refresh_from_db()
    return browser.post(
        reverse("admin:notifications_campaign_move", args=[campaign.pk, verb]),
        {"version": campaign.version, **more},
    )


def offered(browser, campaign) -> list[str]:
    return re.findall(r'id="move-(\w+)"', browser.get(page(campaign)).content.decode())


def filled(**changes):
    form = {
        "name": "停水", "who": f"street|{STREET}", "title": "停水通知", "body": "明日检修。", "page": "", "chain": "wechat",
        "wechat_template": WechatTemplate.objects.get(name="news_update").pk, "wechat_lines": "资讯标题：明日停水\n发布时间：08:00",
        "sms_template": "", "sms_lines": "", "starts_at_0": "", "starts_at_1": "", "seen_version": "",
        "events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0",
    }  # fmt: skip
    return form | changes


# --- Who may do what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_each_role_opens_what_its_work_needs_and_nothing_else(staff, desk, role):
    browser = desk(staff(role.value, unit="XZSP"))

    opened = {name for name in (LIST, ADD, LISTS, LOAD) if browser.get(reverse(name)).status_code == 200}

    assert opened == RIGHTS.get(role, set())


def test_the_author_is_not_offered_to_approve_and_is_refused(draft, editor, head, desk):
    campaign = draft()
    writer, second = desk(editor), desk(head)
    assert offered(writer, campaign) == ["propose", "cancel"]
    move(writer, campaign, "propose")
    assert offered(writer, campaign) == ["send_back", "cancel"]
    assert offered(second, campaign) == ["send_back", "approve", "cancel"]

    answer = move(writer, campaign, "approve")

    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved_by_id) == ("proposed", None)
    assert list(CampaignEvent.objects.values_list("verb", flat=True)) == ["propose"]


def test_another_editor_may_not_approve_either(draft, staff, editor):
    campaign = draft()
    with_right = {"campaign_id": campaign.id, "version": None, "now": project_clock.now()}
    notifications.campaign_act(verb=CampaignVerb.PROPOSE, staff=editor, **with_right)

    with pytest.raises(campaigns.CampaignNotAllowed) as refused:
        notifications.campaign_act(verb=CampaignVerb.APPROVE, staff=staff("editor"), **with_right)

    assert refused.value.status == 403
    campaign.refresh_from_db()
    assert (campaign.state, campaign.version) == ("proposed", 2)


def test_from_draft_to_running_by_two_people_at_the_desk(draft, editor, head, desk):
    resident_make()
    campaign, second = draft(), desk(head)
    move(desk(editor), campaign, "propose")
    move(second, campaign, "send_back", note="标题再短一些")
    move(desk(editor), campaign, "propose")
    move(second, campaign, "approve")
    answer = move(second, campaign, "start")

    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert (campaign.state, campaign.frozen_count, campaign.approved_by_id) == ("running", 1, head.pk)
    assert list(CampaignEvent.objects.values_list("verb", "note")) == [
        ("propose", ""), ("send_back", "标题再短一些"), ("propose", ""), ("approve", ""), ("start", ""),
    ]  # fmt: skip
    shown = second.get(page(campaign))
    assert (shown.status_code, shown["Refresh"]) == (200, "15")
    assert offered(second, campaign) == ["pause", "cancel"]


def test_a_page_that_is_old_moves_nothing(draft, editor, desk):
    campaign = draft()
    old = campaign.version
    notifications.campaign_redraft(
        campaign_id=campaign.id, staff=editor, version=old, values={"title": "新"}, now=project_clock.now()
    )

    answer = desk(editor).post(
        reverse("admin:notifications_campaign_move", args=[campaign.pk, "propose"]), {"version": old}
    )

    campaign.refresh_from_db()
    assert (answer.status_code, campaign.state, campaign.version) == (302, "draft", 2)


@pytest.mark.parametrize("role", ["handler", "auditor", "service_operator"])
def test_who_has_no_part_in_campaigns_sees_none(draft, staff, desk, role):
    campaign = draft()
    browser = desk(staff(role, unit="CG"))

    assert browser.get(page(campaign)).status_code in (302, 403)
    assert move(browser, campaign, "cancel").status_code in (403, 404)
    campaign.refresh_from_db()
    assert campaign.state == "draft"


# --- The draft ------------------------------------------------------------------------------------------------------


def test_the_form_writes_codes_and_values_from_names(editor, desk):
    browser = desk(editor)

    answer = browser.post(reverse(ADD), filled())

    assert answer.status_code == 302, answer.context["errors"]
    campaign = Campaign.objects.get()
    assert (campaign.segment, campaign.segment_key, campaign.channels) == ("street", STREET, ["wechat"])
    assert campaign.wechat_values == {"thing1": "明日停水", "time3": "08:00"}
    assert (campaign.author_id, campaign.state) == (editor.pk, "draft")
    again = browser.get(page(campaign)).content.decode()
    assert "资讯标题：明日停水" in again
    assert "所属栏目：" in again


def test_a_change_is_written_with_its_version_and_an_old_one_is_refused(draft, editor, desk):
    campaign, browser = draft(), desk(editor)
    changed = filled(who="topic|news:notices", title="改过", seen_version="1")

    assert browser.post(page(campaign), changed).status_code == 302
    stale = browser.post(page(campaign), changed | {"title": "又改"})

    campaign.refresh_from_db()
    assert stale.status_code == 200
    assert (campaign.title, campaign.segment, campaign.segment_key, campaign.version) == (
        "改过",
        "topic",
        "news:notices",
        2,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"who": "street|999"}, "who"),
        ({"title": "长" * 61}, "title"),
        ({"body": "长" * 2001}, "body"),
        ({"wechat_lines": "没有的名字：x"}, "wechat_lines"),
    ],
)
def test_a_form_that_is_wrong_names_the_field_and_writes_nothing(editor, desk, changes, field):
    answer = desk(editor).post(reverse(ADD), filled(**changes))

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Campaign.objects.count() == 0


def test_what_is_not_a_draft_can_not_be_written(draft, editor, desk):
    campaign = draft()
    move(desk(editor), campaign, "propose")

    answer = desk(editor).post(page(campaign), filled(title="改过", seen_version="2"))

    campaign.refresh_from_db()
    assert (answer.status_code, campaign.title) == (403, "停水通知")


@pytest.mark.parametrize(
    "values",
    [
        {"segment": "street", "segment_key": "999999999"},
        {"segment": "community", "segment_key": "999999999"},
        {"segment": "topic", "segment_key": "news:nothing"},
        {"segment": "list"},
        {"title": " "},
        {"body": "长" * 2001},
        {"page": "https://example.test/"},
        {"channels": ["wechat", "wechat"]},
        {"channels": ["sms"]},
    ],
)
def test_what_is_wrong_in_itself_is_not_proposed(draft, editor, values):
    campaign = draft(**values)

    with pytest.raises(campaigns.CampaignWrong) as refused:
        notifications.campaign_act(
            campaign_id=campaign.id,
            verb=CampaignVerb.PROPOSE,
            staff=editor,
            version=1,
            now=project_clock.now(),
        )

    assert refused.value.status == 400
    assert "%(" not in refused.value.text()
    campaign.refresh_from_db()
    assert campaign.state == "draft"


# --- The look -------------------------------------------------------------------------------------------------------


def test_the_preview_counts_the_segment_and_whom_each_channel_reaches(draft, grant, editor, desk):
    people = [resident_make(phone=f"1990000{n:04d}" if n < 2 else None) for n in range(4)]
    grant(people[0], template="service_notice")
    grant(people[1], template="case_progress")
    sms = SmsTemplate.objects.get(name="service_notice")
    campaign = draft(channels=["wechat", "sms"], sms_template=sms, sms_params=["停水通知"])

    with CaptureQueriesContext(connection) as captured:
        reach = selectors.campaign_reach(campaign=campaign)

    assert reach == selectors.Reach(4, {"wechat": 1, "sms": 2})
    assert len([q for q in captured.captured_queries if "count(" in q["sql"].lower()]) == 3
    shown = desk(editor).get(page(campaign, count=1))
    assert shown.context["reach"] == reach
    assert desk(editor).get(page(campaign)).context["reach"] is None


def test_of_a_topic_those_count_who_ticked_the_channel(draft, grant):
    people = [resident_make() for _each in range(3)]
    for place, person in enumerate(people):
        grant(person, template="service_notice")
        Subscription.objects.create(
            resident_id=person.resident_id,
            topic="news:notices",
            wechat=place == 0,
            created_at=project_clock.now(),
        )
    campaign = draft(segment="topic", segment_key="news:notices")

    assert selectors.campaign_reach(campaign=campaign) == selectors.Reach(3, {"wechat": 1})


def test_counting_that_takes_too_long_is_given_up(draft, monkeypatch):
    resident_make()
    monkeypatch.setattr(selectors, "COUNT_S", 0.001)
    slow = selectors.segment_query
    monkeypatch.setattr(
        selectors, "segment_query", lambda *a, **k: slow(*a, **k).extra(where=["pg_sleep(0.1) IS NOT NULL"])
    )

    assert selectors.campaign_reach(campaign=draft()) is None
    assert Campaign.objects.count() == 1


def test_the_sample_is_what_providers_are_given(draft):
    sms = SmsTemplate.objects.get(name="service_notice")
    template = WechatTemplate.objects.get(name="news_update")
    campaign = draft(
        channels=["wechat", "sms"], wechat_template=template, sms_template=sms, sms_params=["停水通知"],
        wechat_values={"thing1": "长" * 30, "time3": "08:00"},
    )  # fmt: skip

    sample = selectors.campaign_sample(campaign=campaign)

    assert sample.card == [
        ("资讯标题", "长" * 19 + "…"), ("所属栏目", "-"), ("发布时间", "08:00"), ("温馨提示", "-"),
    ]  # fmt: skip
    assert sample.sms == f"【{sms.sign}】" + sms.text.replace("{1}", "停水通知")


def test_how_it_fares_is_told_by_channel_with_the_reasons_on_demand(clock, draft, editor, head, desk):
    for _each in range(2):
        resident_make()
    campaign = draft()
    for verb, person in (("propose", editor), ("approve", head), ("start", head)):
        move(desk(person), campaign, verb)
    notifications.campaign_write(campaign_id=campaign.id, now=project_clock.now())
    notifications.pump(lane="bulk", channel=Channel.WECHAT)
    notifications.campaigns_tend(now=project_clock.now())
    campaign.refresh_from_db()

    fares = selectors.campaign_fares(campaign=campaign)
    shown = desk(head).get(page(campaign, codes=1))

    assert (campaign.state, fares.told, fares.of, fares.done, fares.open, fares.percent) == (
        "done", 2, 2, 2, 0, 100,
    )  # fmt: skip
    assert [count for _channel, _words, count in fares.lines] == [2]
    assert [row[1:3] for row in shown.context["codes"]] == [("no_permission", 2)]
    assert desk(head).get(page(campaign)).context["codes"] is None


def test_the_list_takes_as_many_statements_at_20_rows_as_at_2(draft, editor, desk):
    browser = desk(editor)

    def statements() -> int:
        browser.get(reverse(LIST))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(LIST)).status_code == 200
        return len(captured)

    for place in range(2):
        draft(segment="street", segment_key=STREET, name=f"甲{place}")
    two = statements()
    for place in range(18):
        draft(segment="topic", segment_key="news:notices", name=f"乙{place}")

    assert statements() == two
