"""A campaign from draft to done: two people, a frozen segment, no gap and no double."""

import datetime as dt
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Resident
from apps.common import clock as project_clock
from apps.notifications import services as notifications
from apps.notifications.campaign_checks import CampaignWrong
from apps.notifications.models import (
    Campaign,
    CampaignEvent,
    CampaignRecipient,
    Delivery,
    InboxMessage,
    Subscription,
)
from apps.notifications.services import campaign_rows, campaigns
from apps.notifications.states import (
    CAMPAIGN_MOVES,
    CampaignState,
    CampaignVerb,
    Channel,
    MoveRefused,
    campaign_move_find,
)
from tests.factories.campaigns import campaign_make
from tests.factories.people import resident_make, staff_make

STREET = "420107003"


@pytest.fixture
def author(db):
    return staff_make("editor")


@pytest.fixture
def second(db):
    return staff_make("desk_head")


@pytest.fixture
def draft(author):
    return partial(campaign_make, author)


def act(campaign, verb, staff=None, version=None, note=""):
    return notifications.campaign_act(
        campaign_id=campaign.id, verb=CampaignVerb(verb), staff=staff, version=version, note=note,
        now=project_clock.now(),
    )  # fmt: skip


def started(campaign, author, second) -> Campaign:
    act(campaign, "propose", author)
    act(campaign, "approve", second)
    return act(campaign, "start", second)


def write_all(campaign) -> int:
    return notifications.campaign_write(campaign_id=campaign.id, now=project_clock.now())


def test_everyone_is_told_once_and_who_permits_it_on_the_phone(draft, author, second, grant, clock):
    people = [resident_make() for _each in range(3)]
    grant(people[0], template="service_notice")
    gone = resident_make()
    Resident.objects.filter(id=gone.resident_id).update(
        cancelled_at=project_clock.now(), openid=None, openid_hash=None
    )
    campaign = started(draft(), author, second)
    assert (campaign.state, campaign.frozen_count) == ("running", 3)

    assert write_all(campaign) == 3
    assert write_all(campaign) == 0

    assert {m.resident_id for m in InboxMessage.objects.all()} == {one.resident_id for one in people}
    assert set(Delivery.objects.values_list("lane", "state", "campaign")) == {("bulk", "queued", campaign.id)}
    shown = people[1].get("inbox").json()["results"][0]
    assert (shown["title"], shown["body"], shown["kind"]) == (
        "停水通知",
        "明日检修。",
        "notifications.campaign",
    )
    notifications.pump(lane="bulk", channel=Channel.WECHAT)
    states = dict(Delivery.objects.values_list("resident_id", "last_code"))
    assert [states[one.resident_id] for one in people[1:]] == ["no_permission", "no_permission"]


def test_the_segment_is_as_it_was_when_it_started(draft, author, second):
    resident_make()
    campaign = started(draft(), author, second)
    resident_make()

    write_all(campaign)

    assert InboxMessage.objects.count() == 1
    assert list(CampaignRecipient.objects.values_list("number", flat=True)) == [1]


def test_a_crash_between_chunks_leaves_no_gap_and_makes_no_double(draft, author, second, monkeypatch):
    people = [resident_make() for _each in range(7)]
    campaign = started(draft(), author, second)
    monkeypatch.setattr(campaign_rows, "CHUNK", 3)
    monkeypatch.setattr(campaign_rows, "CHUNKS_A_TASK", 1)
    write_all(campaign)
    wake = campaign_rows.pump_wake
    monkeypatch.setattr(campaign_rows, "pump_wake", lambda **_kw: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_all(campaign)
    assert InboxMessage.objects.count() == 3
    monkeypatch.setattr(campaign_rows, "pump_wake", wake)

    while write_all(campaign):
        pass

    told = InboxMessage.objects.values_list("resident_id", flat=True)
    assert sorted(told) == sorted(one.resident_id for one in people)
    assert Delivery.objects.count() == 7
    campaign.refresh_from_db()
    assert (campaign.written_count, campaign.frozen_count) == (7, 7)


def test_followers_of_a_topic_get_it_as_they_chose(draft, author, second):
    inbox, phone, text, nobody = (resident_make() for _each in range(4))
    for one, wechat, sms in ((inbox, False, False), (phone, True, False), (text, False, True)):
        Subscription.objects.create(
            resident_id=one.resident_id, topic=f"street:{STREET}", wechat=wechat, sms=sms,
            created_at=project_clock.now(),
        )  # fmt: skip
    from apps.notifications.models import SmsTemplate

    sms_template = SmsTemplate.objects.get(name="service_notice")
    campaign = draft(
        segment="topic", segment_key=f"street:{STREET}", channels=["wechat", "sms"], sms_template=sms_template,
        sms_params=["停水通知"],
    )  # fmt: skip
    write_all(started(campaign, author, second))

    assert InboxMessage.objects.filter(resident_id=nobody.resident_id).count() == 0
    assert InboxMessage.objects.count() == 3
    rows = {row.resident_id: row for row in Delivery.objects.all()}
    assert set(rows) == {phone.resident_id, text.resident_id}
    assert (rows[phone.resident_id].channel, rows[phone.resident_id].fallbacks) == ("wechat", [])
    assert (rows[text.resident_id].channel, rows[text.resident_id].data) == ("sms", ["停水通知"])


def test_its_author_can_not_approve_it_and_neither_can_the_system(draft, author, second):
    campaign = draft()
    act(campaign, "propose", author)

    for staff in (author, None):
        with pytest.raises(campaigns.SecondPersonNeeded):
            act(campaign, "approve", staff)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved_by_id) == ("proposed", None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(
            state="approved", approved_by=author, approved_at=project_clock.now()
        )
    assert act(campaign, "approve", second).approved_by_id == second.pk


def test_who_changes_a_draft_becomes_its_author(draft, second):
    campaign = draft()

    changed = notifications.campaign_redraft(
        campaign_id=campaign.id, staff=second, version=1, values={"title": "新标题"}, now=project_clock.now()
    )

    assert (changed.author_id, changed.version, changed.title) == (second.pk, 2, "新标题")
    with pytest.raises(campaigns.CampaignStale):
        notifications.campaign_redraft(
            campaign_id=campaign.id, staff=second, version=1, values={"title": "x"}, now=project_clock.now()
        )


def test_a_campaign_that_is_wrong_is_not_proposed(draft, author):
    campaign = draft(wechat_values={}, segment="street", segment_key="")

    with pytest.raises(CampaignWrong) as refused:
        act(campaign, "propose", author)

    assert "thing1" in str(refused.value.message) or "thing1" in str(refused.value.facts)
    campaign.refresh_from_db()
    assert (campaign.state, CampaignEvent.objects.count()) == ("draft", 0)


def test_a_paused_campaign_is_left_alone_and_goes_on_where_it_stood(clock, draft, author, second, grant):
    people = [resident_make() for _each in range(2)]
    campaign = started(draft(), author, second)
    write_all(campaign)
    act(campaign, "pause", second)

    assert notifications.pump(lane="bulk", channel=Channel.WECHAT) == 0
    assert write_all(campaign) == 0

    act(campaign, "resume", second)
    assert notifications.pump(lane="bulk", channel=Channel.WECHAT) == len(people)


def test_calling_back_ends_what_waits_and_spares_what_is_over(draft, author, second):
    for _each in range(3):
        resident_make()
    campaign = started(draft(), author, second)
    write_all(campaign)
    first = Delivery.objects.order_by("id").first()
    Delivery.objects.filter(pk=first.pk).update(
        state="sent", sent_at=project_clock.now(), finished_at=project_clock.now()
    )

    act(campaign, "cancel", second)
    notifications.campaigns_tend(now=project_clock.now())

    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "cancelled", "sent"]
    campaign.refresh_from_db()
    assert (campaign.state, campaign.progress["settled"], campaign.progress["done"]) == ("cancelled", True, 3)


def test_it_starts_at_its_time_counts_and_ends_by_itself(clock, draft, author, second):
    people = [resident_make() for _each in range(2)]
    campaign = draft(starts_at=project_clock.now() + dt.timedelta(hours=1))
    act(campaign, "propose", author)
    act(campaign, "approve", second)
    notifications.campaigns_tend(now=project_clock.now())
    campaign.refresh_from_db()
    assert campaign.state == "approved"

    clock.shift(dt.timedelta(hours=1))
    notifications.campaigns_tend(now=project_clock.now())
    write_all(campaign)
    notifications.campaigns_tend(now=project_clock.now())
    campaign.refresh_from_db()
    assert (campaign.state, campaign.progress["open"]) == ("running", 2)
    notifications.pump(lane="bulk", channel=Channel.WECHAT)
    clock.shift(dt.timedelta(seconds=15))
    notifications.campaigns_tend(now=project_clock.now())

    campaign.refresh_from_db()
    assert (campaign.state, campaign.progress["counts"]) == ("done", {"wechat": {"suppressed": len(people)}})
    assert campaign.progress["per_s"] == round(2 / 15, 1)
    verbs = list(CampaignEvent.objects.values_list("verb", "staff_id"))
    assert verbs == [("propose", author.pk), ("approve", second.pk), ("start", None), ("finish", None)]


def test_at_night_phones_are_left_alone(clock, draft, author, second):
    clock.move_to(dt.datetime(2026, 3, 10, 23, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    resident_make()
    write_all(started(draft(), author, second))

    assert project_clock.local(Delivery.objects.get().due_at).isoformat() == "2026-03-11T07:30:00+08:00"


def test_the_table_is_the_whole_truth():
    allowed = {(move.source, move.verb) for move in CAMPAIGN_MOVES}
    for source in CampaignState:
        for verb in CampaignVerb:
            if (source, verb) not in allowed:
                with pytest.raises(MoveRefused):
                    campaign_move_find(source=source, verb=verb)
    reached = {move.target for move in CAMPAIGN_MOVES} | {CampaignState.DRAFT}
    assert reached == set(CampaignState)
