"""Two writers of one campaign, two who start it, two who tell followers, two lists of one resident, at once."""

import pytest

from apps.common import clock
from apps.common.errors import Refused
from apps.notifications import services as notifications
from apps.notifications.models import (
    Campaign,
    CampaignEvent,
    CampaignRecipient,
    Delivery,
    InboxMessage,
    Subscription,
    TopicNotice,
)
from apps.notifications.services import campaign_rows, topic_notices
from apps.notifications.states import CampaignVerb
from tests.factories.campaigns import campaign_make
from tests.factories.people import resident_make, staff_make

PEOPLE = 23


@pytest.fixture
def approved(whole_db):
    author, second = staff_make("editor"), staff_make("desk_head")
    campaign = campaign_make(author)
    for _each in range(PEOPLE):
        resident_make()
    for verb, person in ((CampaignVerb.PROPOSE, author), (CampaignVerb.APPROVE, second)):
        notifications.campaign_act(
            campaign_id=campaign.id, verb=verb, staff=person, version=None, now=clock.now()
        )
    return campaign


def start(campaign) -> str:
    try:
        notifications.campaign_act(
            campaign_id=campaign.id, verb=CampaignVerb.START, staff=None, version=None, now=clock.now()
        )
    except Refused as refused:
        return refused.code
    return "started"


def test_four_who_start_one_campaign_freeze_its_segment_once(at_once, approved):
    answers = at_once(4, lambda: start(approved))

    assert sorted(answers) == ["campaign_move_refused"] * 3 + ["started"]
    assert list(CampaignRecipient.objects.order_by("number").values_list("number", flat=True)) == list(
        range(1, PEOPLE + 1)
    )
    assert CampaignEvent.objects.filter(verb="start").count() == 1


def test_four_writers_leave_no_gap_and_make_no_double(at_once, approved, monkeypatch):
    monkeypatch.setattr(campaign_rows, "CHUNK", 3)
    start(approved)

    taken = at_once(4, lambda: notifications.campaign_write(campaign_id=approved.id, now=clock.now()))

    assert sum(taken) == PEOPLE
    assert len(set(InboxMessage.objects.values_list("resident_id", flat=True))) == PEOPLE
    assert (InboxMessage.objects.count(), Delivery.objects.count()) == (PEOPLE, PEOPLE)
    assert Campaign.objects.get().written_count == PEOPLE


def test_four_who_tell_the_followers_of_a_column_tell_each_once(at_once, whole_db, monkeypatch):
    monkeypatch.setattr(topic_notices, "CHUNK", 3)
    from apps.news.notices import PUBLISHED

    for _each in range(10):
        Subscription.objects.create(
            resident_id=resident_make().resident_id, topic="news:notices", wechat=True, created_at=clock.now()
        )
    for key in ("a", "b"):
        notifications.topic_tell(
            topics=["news:notices"], kind=PUBLISHED, fields=PUBLISHED.samples, key=key, now=clock.now()
        )

    taken = at_once(4, lambda: notifications.topics_write(now=clock.now()))
    taken.append(notifications.topics_write(now=clock.now()))

    assert sum(taken) == 20
    assert (InboxMessage.objects.count(), Delivery.objects.count()) == (20, 20)
    assert list(TopicNotice.objects.order_by("key").values_list("told_count", flat=True)) == [10, 10]


def test_two_lists_of_one_resident_at_once_leave_one_of_them_whole(at_once, whole_db):
    resident = resident_make()
    lists = [["news:notices", "news:guides"], ["news:health", "street:420107003"]]
    left = list(lists)

    def put() -> int:
        wanted = [{"topic": topic, "channels": {}} for topic in left.pop()]
        return resident.put("subscriptions", wanted).status_code

    assert at_once(2, put) == [200, 200]
    kept = set(Subscription.objects.values_list("topic", flat=True))
    assert kept in [set(one) for one in lists]
