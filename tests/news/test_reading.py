"""What the public reads: an article whole, what is kept, what is counted, feeds, and when all of them learn of it."""

from __future__ import annotations

import datetime as dt
import json
from uuid import UUID, uuid4

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree

from apps.accounts.states import Role
from apps.common import changes
from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.news import hits, services
from apps.news.models import Article, Favourite, HitBatch, Publication
from apps.news.services import reading
from qingshan.demo_news import article_release
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.media import asset_make, body_with
from tests.factories.people import code_of

HOUR = dt.timedelta(hours=1)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def people(db):
    return desk_make()


@pytest.fixture
def counts(settings):
    """Nothing is counted, here and in Redis, before and after; the thread that writes stays away."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    hits._counted.clear()
    hits._writer_pid = hits.os.getpid()
    client.delete(hits.COUNTED, hits.TAKEN)
    yield client
    hits._counted.clear()
    client.delete(hits.COUNTED, hits.TAKEN)


def retract(article, people) -> None:
    services.article_retract(
        article_id=article.id, staff=people[Role.REVIEWER_FINAL], reason="有误", now=project_clock.now()
    )
    forget_all()


# --- An article -----------------------------------------------------------------------------------------------------


def test_an_article_shows_its_pictures_with_whole_addresses_and_its_cover_in_sizes(
    people, anyone, settings, tmp_path
):
    settings.MEDIA_ROOT, settings.PUBLIC_BASE_URL = tmp_path, "https://qingshan.example.invalid"
    asset = asset_make(staff=people[Role.EDITOR])
    draft = article_drafted(desk=people, body_html=body_with(asset))
    draft.cover_asset, draft.audio_url = asset, "https://audio.example.invalid/1.mp3"
    services.article_save(article=draft, staff=people[Role.EDITOR], seen_version=1, now=project_clock.now())
    article_release(article_id=draft.id, people=people, at=project_clock.now())

    shown = anyone.get(f"articles/{draft.id}").json()

    path = f"/media/public/{asset.upload_id}"
    assert f'src="https://qingshan.example.invalid{path}/body.webp"' in shown["body_html"]
    assert (shown["audio_url"], shown["hits"], shown["attachments"]) == (draft.audio_url, 0, [])
    cover = shown["cover"]
    assert (cover["url"], cover["alt"]) == (path, "江边的步道")
    assert [(one["name"], one["url"]) for one in cover["sizes"]] == [
        (name, f"{path}/{name}.webp") for name in ("wide", "body", "list", "square")
    ]


def test_an_article_takes_at_most_three_statements(people, anyone):
    article = article_published(desk=people, title="路灯夜间巡查")
    for number in range(5):
        article_published(desk=people, title=f"路灯巡查 {number}")
    forget_all()

    with CaptureQueriesContext(connection) as captured:
        assert anyone.get(f"articles/{article.id}").status_code == 200

    assert len(captured) == 3


def test_related_are_those_that_share_most_words_of_the_title_then_the_newest_of_the_column(people, anyone):
    start = project_clock.now() - 9 * HOUR
    titles = ["社区路灯改造完成", "社区路灯巡查", "社区运动会", "樱花节开幕", "桥梁检修"]
    made = [
        article_published(desk=people, title=title, at=start + number * HOUR)
        for number, title in enumerate(titles)
    ]
    asked = article_published(desk=people, title="社区路灯改造开工", at=start + 8 * HOUR)
    other = article_published(desk=people, title="热干面", at=start, column="notices")

    def related(article):
        return [row["title"] for row in anyone.get(f"articles/{article.id}").json()["related"]]

    # Three words shared, two words shared; one of several is no relation: then the newest.
    assert related(asked) == [titles[0], titles[1], titles[4]]
    assert related(other) == []
    retract(made[0], people)
    assert related(asked) == [titles[1], titles[4], titles[3]]


# --- Favourites -----------------------------------------------------------------------------------------------------


def test_a_favourite_is_kept_once_and_given_up_once(people, resident, other_resident):
    article = article_published(desk=people, title="樱花节")

    for _each in range(2):
        answer = resident.put(f"articles/{article.id}/favourite", {})
        assert (answer.status_code, answer.json()) == (200, {"id": str(article.id), "favourite": True})
    assert Favourite.objects.count() == 1
    assert other_resident.get("me/favourites").json() == {"results": [], "next": None}
    row = resident.get("me/favourites").json()["results"][0]
    assert (row["id"], row["available"], row["article"]["title"]) == (str(article.id), True, "樱花节")
    for _each in range(2):
        answer = resident.send("DELETE", f"articles/{article.id}/favourite", {})
        assert (answer.status_code, answer.json()) == (200, {"id": str(article.id), "favourite": False})
    assert resident.get("me/favourites").json() == {"results": [], "next": None}


def test_what_is_not_public_can_not_be_kept(people, resident):
    for article_id in (article_drafted(desk=people).id, article_approved(desk=people).id, uuid4()):
        answer = resident.put(f"articles/{article_id}/favourite", {})
        assert (answer.status_code, code_of(answer)) == (404, "article_not_found")
    assert not Favourite.objects.exists()


def test_a_favourite_that_was_retracted_says_only_that_it_is_gone(people, resident):
    article = article_published(desk=people, title="将被撤回")
    resident.put(f"articles/{article.id}/favourite", {})
    retract(article, people)

    answer = resident.get("me/favourites")

    row = answer.json()["results"][0]
    assert (row["id"], row["available"], row["article"]) == (str(article.id), False, None)
    assert "将被撤回" not in answer.content.decode()
    assert resident.send("DELETE", f"articles/{article.id}/favourite", {}).status_code == 200
    assert not Favourite.objects.exists()


def test_favourites_come_newest_first_in_pages_of_three_statements(people, resident):
    made = [article_published(desk=people, title=f"稿 {number}") for number in range(5)]
    for article in made:
        resident.put(f"articles/{article.id}/favourite", {})
    first = resident.get("me/favourites", limit=3).json()

    with CaptureQueriesContext(connection) as captured:
        second = resident.get("me/favourites", limit=3, cursor=first["next"]).json()

    assert [row["id"] for row in first["results"] + second["results"]] == [str(one.id) for one in made[::-1]]
    assert second["next"] is None
    assert len([q for q in captured.captured_queries if "news_" in q["sql"]]) == 2


def test_a_resident_keeps_no_more_than_the_cap(people, resident, monkeypatch):
    monkeypatch.setattr(reading, "MOST_FAVOURITES", 1)
    first, second = article_published(desk=people), article_published(desk=people)
    assert resident.put(f"articles/{first.id}/favourite", {}).status_code == 200

    answer = resident.put(f"articles/{second.id}/favourite", {})

    assert (answer.status_code, code_of(answer)) == (409, "favourites_full")
    assert Favourite.objects.get().article_id == first.id
    assert resident.put(f"articles/{first.id}/favourite", {}).status_code == 200


# --- Hits -----------------------------------------------------------------------------------------------------------


def test_each_answer_with_the_article_counts_once_kept_or_not_and_304_too(people, anyone, counts):
    article = article_published(desk=people)
    first = anyone.get(f"articles/{article.id}")
    anyone.get(f"articles/{article.id}")
    again = anyone.get(f"articles/{article.id}", headers={"If-None-Match": first["ETag"]})
    anyone.get(f"articles/{uuid4()}")
    anyone.get("articles")

    assert again.status_code == 304
    assert hits._counted == {article.id: 3}
    assert hits.hits_write() == 3
    assert hits.hits_flush(now=project_clock.now()) == 3
    assert Publication.objects.get().hits == 3
    assert counts.exists(hits.COUNTED, hits.TAKEN) == 0
    forget_all()
    assert anyone.get(f"articles/{article.id}").json()["hits"] == 3


def test_an_article_is_not_another_one_because_it_was_read(people, anyone, counts):
    before, after = 0, 1260
    article = article_published(desk=people)
    Publication.objects.update(hits=before)
    first = anyone.get(f"articles/{article.id}")
    Publication.objects.update(hits=after)
    forget_all()

    again = anyone.get(f"articles/{article.id}", headers={"If-None-Match": first["ETag"]})

    assert (first.json()["hits"], again.status_code) == (before, 304)


def test_counting_takes_no_statement_and_no_round_trip(people, anyone, counts, monkeypatch):
    article = article_published(desk=people)
    anyone.get(f"articles/{article.id}")
    monkeypatch.setattr(hits, "_client", lambda: pytest.fail("asked Redis"))

    with CaptureQueriesContext(connection) as captured:
        hits.hit_count(article_id=article.id)

    assert (len(captured), hits._counted[article.id]) == (0, 2)


def test_without_redis_counts_are_lost_and_no_request_is(people, anyone, counts, settings):
    article = article_published(desk=people)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert anyone.get(f"articles/{article.id}").status_code == 200
    assert hits.hits_write() == 0
    assert hits.hits_flush(now=project_clock.now()) == 0
    assert (hits._counted, Publication.objects.get().hits) == ({}, 0)


def test_a_worker_that_dies_before_it_adds_leaves_the_batch_to_the_next(people, counts, monkeypatch):
    article = article_published(desk=people)
    counts.hincrby(hits.COUNTED, str(article.id), 7)

    def dies(**_given):
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(hits, "hits_add", dies)
        with pytest.raises(SystemExit):
            hits.hits_flush(now=project_clock.now())
    counts.hincrby(hits.COUNTED, str(article.id), 2)

    assert [hits.hits_flush(now=project_clock.now()) for _each in range(3)] == [7, 2, 0]
    assert Publication.objects.get().hits == 9


def test_a_worker_that_dies_after_it_added_leaves_nothing_to_add_twice(people, counts):
    article = article_published(desk=people)
    batch = uuid4()
    assert reading.hits_add(batch=batch, hits={article.id: 7}, now=project_clock.now())
    counts.hset(hits.TAKEN, mapping={str(article.id): 7, hits.BATCH: str(batch)})

    assert hits.hits_flush(now=project_clock.now()) == 0
    assert Publication.objects.get().hits == 7
    assert counts.exists(hits.TAKEN) == 0


def test_hits_go_to_the_version_that_is_public_and_batches_are_forgotten_after_a_day(clock, people):
    article = article_published(desk=people)
    reading.hits_add(batch=uuid4(), hits={article.id: 1, uuid4(): 5}, now=project_clock.now())
    clock.shift(dt.timedelta(days=1, seconds=1))
    reading.hits_add(batch=uuid4(), hits={article.id: 2}, now=project_clock.now())

    assert Publication.objects.get().hits == 3
    assert HitBatch.objects.count() == 1


# --- Feeds ----------------------------------------------------------------------------------------------------------


def test_the_atom_feed_names_every_entry_with_whole_addresses(people, settings):
    settings.PUBLIC_BASE_URL = "https://qingshan.example.invalid"
    article = article_published(
        desk=people, title="樱花 <节> & 灯", body_html="<p>正文。</p>", author="王编辑"
    )

    answer = Client().get("/feeds/articles.atom")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    feed = etree.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    # RFC 4287, 4.1.1 and 4.1.2: what a feed and an entry must hold.
    assert all(feed.find(f"{ATOM}{name}") is not None for name in ("id", "title", "updated", "author"))
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == "https://qingshan.example.invalid/feeds/articles.atom"
    entry = feed.find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{article.id}"
    assert entry.findtext(f"{ATOM}title") == "樱花 <节> & 灯"
    assert (
        entry.find(f"{ATOM}link").get("href")
        == f"https://qingshan.example.invalid/api/v1/articles/{article.id}"
    )
    assert entry.findtext(f"{ATOM}updated")
    assert entry.findtext(f"{ATOM}summary") == "<p>正文。</p>"


def test_the_json_feed_is_of_version_1_1_with_the_newest_50_of_a_column(people, settings, monkeypatch):
    settings.PUBLIC_BASE_URL = "https://qingshan.example.invalid"
    monkeypatch.setattr("apps.news.feeds.ENTRIES", 2)
    made = [article_published(desk=people, title=f"稿 {number}") for number in range(3)]
    elsewhere = article_published(desk=people, column="notices")

    feed = json.loads(Client().get("/feeds/articles.json").content)
    column = json.loads(Client().get("/feeds/articles.json?column=news").content)

    assert (feed["version"], feed["language"]) == ("https://jsonfeed.org/version/1.1", "zh-hans")
    assert feed["feed_url"] == "https://qingshan.example.invalid/feeds/articles.json"
    assert [row["id"] for row in feed["items"]] == [f"urn:uuid:{one.id}" for one in (elsewhere, made[2])]
    assert [row["id"] for row in column["items"]] == [f"urn:uuid:{one.id}" for one in (made[2], made[1])]
    assert dt.datetime.fromisoformat(feed["items"][0]["date_published"]).tzinfo is not None


@pytest.mark.parametrize("name", ["atom", "json"])
def test_a_feed_has_a_fingerprint_and_is_not_sent_twice(people, name):
    article_published(desk=people)
    first = Client().get(f"/feeds/articles.{name}")

    again = Client().get(f"/feeds/articles.{name}", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "public, max-age=30"
    assert Client().post(f"/feeds/articles.{name}").status_code == 405


# --- One announcement an act ----------------------------------------------------------------------------------------


def test_each_act_that_changes_what_is_public_is_announced_once(
    clock, people, monkeypatch, django_capture_on_commit_callbacks
):
    told: list[str] = []
    monkeypatch.setattr(changes, "_announce_now", told.append)
    article = article_approved(desk=people)
    chief = people[Role.REVIEWER_FINAL]

    def act(call, **given):
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call(now=project_clock.now(), **given)
        return [name for name in told if name == "news"]

    assert act(services.article_publish, article_id=article.id, staff=people[Role.EDITOR]) == ["news"]
    assert act(services.publication_pin, article_id=article.id, staff=people[Role.EDITOR], pinned=True) == [
        "news"
    ]
    held = Publication.objects.get()
    assert act(
        services.publication_reschedule, publication_id=held.pk, staff=people[Role.EDITOR],
        go_live_at=held.go_live_at, expire_at=project_clock.now() + HOUR,
    ) == ["news"]  # fmt: skip
    assert act(services.article_retract, article_id=article.id, staff=chief, reason="有误") == ["news"]


def test_a_save_of_a_draft_is_not_announced(people, monkeypatch, django_capture_on_commit_callbacks):
    told: list[str] = []
    monkeypatch.setattr(changes, "_announce_now", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        article = article_drafted(desk=people)
        services.article_save(
            article=Article.objects.get(pk=article.pk), staff=people[Role.EDITOR], seen_version=1,
            now=project_clock.now(),
        )  # fmt: skip

    assert "news" not in told


def test_ids_of_hits_are_articles(counts):
    hits.hit_count(article_id=UUID(int=1))

    assert hits.hits_write() == 1
    assert counts.hgetall(hits.COUNTED) == {str(UUID(int=1)).encode(): b"1"}
