"""What residents follow: the list over HTTP, and what the followers of a column are told."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Resident
from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.news import services as news
from apps.news.models import Column, Publication
from apps.news.notices import PUBLISHED
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, InboxMessage, Subscription, TopicNotice
from apps.notifications.services import topic_notices
from apps.notifications.topics import TopicKind, topic_kind_register, topic_names
from tests.factories.articles import article_published, desk_make
from tests.factories.people import attr_of, code_of, resident_make, staff_make

STREET = "street:420107003"


def follow(resident, topic, *, wechat=False, sms=False) -> None:
    Subscription.objects.create(
        resident_id=resident.resident_id, topic=topic, wechat=wechat, sms=sms, created_at=project_clock.now()
    )


def one(topic, **channels):
    return {"topic": topic, "channels": channels}


def published(editor, column="eldercare"):
    return article_published(
        desk=desk_make() | {Role.EDITOR: editor},
        title="助餐点增加",
        body_html="<p>新增三处。</p>",
        column=column,
    )


def tell() -> int:
    return notifications.topics_write(now=project_clock.now())


# --- The list -------------------------------------------------------------------------------------------------------


def test_the_list_is_replaced_as_a_whole_and_comes_back_with_names(resident):
    first = resident.put("subscriptions", [one(STREET, wechat=True), one("news:notices")])
    again = resident.put("subscriptions", [one("news:notices", sms=True, inbox=True)])

    assert first.status_code == 200
    assert [(row["topic"], row["channels"]) for row in first.json()] == [
        ("news:notices", {"inbox": True, "wechat": False, "sms": False}),
        (STREET, {"inbox": True, "wechat": True, "sms": False}),
    ]
    assert (again.status_code, again.json()) == (200, resident.get("subscriptions").json())
    assert again.json() == [
        {
            "topic": "news:notices",
            "label": "通知公告",
            "channels": {"inbox": True, "wechat": False, "sms": True},
        }
    ]
    assert Subscription.objects.count() == 1


def test_the_same_list_again_changes_nothing(resident):
    resident.put("subscriptions", [one(STREET, wechat=True)])
    before = list(Subscription.objects.values())

    assert resident.put("subscriptions", [one(STREET, wechat=True)]).status_code == 200

    assert list(Subscription.objects.values()) == before


def test_an_empty_list_ends_all_and_spares_others(resident, other_resident):
    for person in (resident, other_resident):
        person.put("subscriptions", [one(STREET)])

    assert resident.put("subscriptions", []).json() == []

    assert list(Subscription.objects.values_list("resident_id", flat=True)) == [other_resident.resident_id]


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ([one(STREET), one("street:999")], "topic_unknown", "1.topic"),
        ([one(STREET), one(STREET)], "topic_twice", "1.topic"),
        ([one(STREET, inbox=False)], "inbox_always", "channels.inbox"),
        ([{"topic": STREET}], "required", "channels"),
        ([one(f"street:{n}") for n in range(101)], "too_many_topics", None),
        ({"topic": STREET}, "not_a_list", None),
    ],
)
def test_a_list_that_is_wrong_is_refused_and_the_old_one_stays(resident, body, code, attr):
    resident.put("subscriptions", [one("news:notices")])

    answer = resident.put("subscriptions", body)

    assert (answer.status_code, code_of(answer)) == (400, code)
    assert attr is None or attr_of(answer) == attr
    assert list(Subscription.objects.values_list("topic", flat=True)) == ["news:notices"]


def test_a_topic_that_is_gone_is_not_shown(resident):
    follow(resident, "news:notices")
    Column.objects.filter(slug="notices").update(is_active=False)

    assert resident.get("subscriptions").json() == []


def test_streets_and_columns_can_be_followed_and_a_kind_is_registered_once(db):
    names = topic_names()

    assert (names["news:eldercare"], STREET in names) == ("养老", True)
    with pytest.raises(ValueError, match="twice"):
        topic_kind_register(TopicKind("news", "x", dict))


def test_the_database_keeps_one_row_a_topic(resident):
    follow(resident, STREET)

    with pytest.raises(IntegrityError), transaction.atomic():
        follow(resident, STREET)


# --- Followers of a column ------------------------------------------------------------------------------------------


def test_followers_of_a_column_and_of_the_one_above_are_told_once_as_they_ticked(clock, editor):
    inbox, phone, both, nobody = (resident_make() for _each in range(4))
    follow(inbox, "news:eldercare")
    follow(phone, "news:livelihood", wechat=True)
    follow(both, "news:eldercare")
    follow(both, "news:livelihood", wechat=True, sms=True)
    follow(nobody, "news:notices", wechat=True)
    article = published(editor)

    assert tell() == 3
    assert tell() == 0

    shown = inbox.get("inbox").json()["results"]
    assert [(row["title"], row["body"], row["link"]) for row in shown] == [
        (
            "“养老”栏目有新内容",
            "助餐点增加",
            {"page": "pages/news/article", "params": {"id": str(article.id)}},
        )
    ]
    assert {m.resident_id for m in InboxMessage.objects.all()} == {
        person.resident_id for person in (inbox, phone, both)
    }
    rows = {row.resident_id: row for row in Delivery.objects.all()}
    assert set(rows) == {phone.resident_id, both.resident_id}
    row = rows[both.resident_id]
    assert (row.channel, row.fallbacks, row.lane, row.keep_grants) == ("wechat", [], "bulk", 0)
    assert row.data == {
        "thing1": "助餐点增加", "thing2": "养老", "time3": "2026-03-10 10:00", "thing4": "点击查看全文",
    }  # fmt: skip
    notice = TopicNotice.objects.get()
    assert (notice.told_count, notice.finished_at) == (3, project_clock.now())


def test_who_closed_the_account_is_not_told(editor, resident):
    follow(resident, "news:eldercare")
    Resident.objects.filter(id=resident.resident_id).update(
        cancelled_at=project_clock.now(), openid=None, openid_hash=None
    )
    published(editor)

    assert tell() == 0


def test_a_crash_between_chunks_leaves_no_gap_and_makes_no_double(editor, monkeypatch):
    people = [resident_make() for _each in range(5)]
    for person in people:
        follow(person, "news:eldercare", wechat=True)
    published(editor)
    monkeypatch.setattr(topic_notices, "CHUNK", 2)
    monkeypatch.setattr(topic_notices, "CHUNKS_A_TASK", 1)
    assert tell() == 2
    wake = topic_notices.pump_wake
    monkeypatch.setattr(topic_notices, "pump_wake", lambda **_kw: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tell()
    assert InboxMessage.objects.count() == 2
    monkeypatch.setattr(topic_notices, "pump_wake", wake)

    assert [tell(), tell(), tell()] == [2, 1, 0]

    told = InboxMessage.objects.values_list("resident_id", flat=True)
    assert sorted(told) == sorted(person.resident_id for person in people)
    assert Delivery.objects.count() == 5


def test_what_is_unfinished_is_found_by_the_sweep(editor, monkeypatch):
    queued = []
    monkeypatch.setattr(topic_notices, "send_after_commit", lambda name, **_kw: queued.append(name))
    notifications.topics_sweep()
    assert queued == []
    published(editor)
    queued.clear()

    notifications.topics_sweep()

    assert queued == ["notifications.topics_write"]


def test_each_version_tells_once(editor, resident):
    follow(resident, "news:eldercare")
    article = published(editor)
    tell()
    now = project_clock.now()
    chief = staff_make("reviewer_final")
    news.article_retract(article_id=article.id, staff=chief, reason="更正", now=now)
    tell()
    assert InboxMessage.objects.count() == 1
    publication = Publication.objects.get(article=article)
    with transaction.atomic():
        notifications.topic_tell(
            topics=["news:eldercare"], kind=PUBLISHED, fields={}, now=now,
            key=f"news.published:{publication.id}",
        )  # fmt: skip

    assert tell() == 0
    assert (TopicNotice.objects.count(), InboxMessage.objects.count()) == (1, 1)
