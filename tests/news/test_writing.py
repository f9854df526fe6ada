"""Writing: unsaved text is kept and never lost, two who save at once choose, a preview opens once on one phone."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.news import services
from apps.news.models import Article, Autosave, Column, ColumnRight, PreviewLink
from apps.news.presence import presence_beat
from apps.news.services import writing
from apps.news.writing_errors import AutosaveElsewhere, AutosaveInvalid, AutosaveTooBig, PreviewLinksTooMany
from tests.factories.articles import article_approved, article_drafted, desk_make
from tests.factories.people import staff_make

BODY = "<p>第一段。</p><p>第二段。</p><p>第三段。</p>"


@pytest.fixture
def people(db):
    return desk_make()


@pytest.fixture
def editor(people):
    return people[Role.EDITOR]


@pytest.fixture
def colleague(people):
    return people[Role.REVIEWER_FIRST]


@pytest.fixture
def draft(people):
    return article_drafted(desk=people, title="江滩的路灯", body_html=BODY, source="区融媒体")


def values(article: Article, **changed: object) -> dict[str, object]:
    return {
        "title": article.title, "column": str(article.column_id), "summary": article.summary,
        "body_html": article.body_html, "cover_asset": "", "source": article.source, "author": article.author,
        "audio_url": "", "pinned": False, **changed,
    }  # fmt: skip


def form(article: Article, version: int | str, **changed: object) -> dict[str, object]:
    fields = values(article, **changed)
    del fields["pinned"]
    return fields | {"seen_version": version, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}


def url(name: str, *args: object) -> str:
    return reverse(f"admin:news_article_{name}", args=args)


def keep(
    browser: Client, article: Article | None, seen_at: str | None = None, version: int = 1, **fields: object
):
    door = url("autosave", article.pk) if article else url("autosave_new")
    given = values(article, **fields) if article else fields
    body = {"base_version": version, "seen_at": seen_at, "fields": given}
    return browser.post(door, json.dumps(body), content_type="application/json")


def saved(article: Article, who, **changed: str) -> Article:
    """Another save of the stored article."""
    stored = Article.objects.get(pk=article.pk)
    for name, value in changed.items():
        setattr(stored, name, value)
    return services.article_save(
        article=stored, staff=who, seen_version=stored.version, now=project_clock.now()
    )


# --- Unsaved text ---------------------------------------------------------------------------------------------------


def test_unsaved_text_is_kept_once_a_person_and_the_article_stays(draft, editor, desk):
    first = keep(desk(editor), draft, title="未保存").json()
    again = keep(desk(editor), draft, seen_at=first["saved_at"], title="未保存二")

    assert again.status_code == 200
    assert again.json()["behind"] is False
    assert "no-store" in again["Cache-Control"]
    row = Autosave.objects.get()
    assert (row.staff, row.article, row.base_version) == (editor, draft, 1)
    assert row.fields == values(draft, title="未保存二")
    assert Article.objects.get(pk=draft.pk).title == "江滩的路灯"
    assert Article.history.filter(id=draft.pk).count() == 1


def test_a_second_window_does_not_overwrite_what_the_first_keeps(draft, editor, desk):
    keep(desk(editor), draft, title="第一个窗口")

    answer = keep(desk(editor), draft, title="第二个窗口")

    assert (answer.status_code, answer.json()["code"]) == (409, "autosave_elsewhere")
    assert Autosave.objects.get().fields["title"] == "第一个窗口"


def test_the_database_keeps_one_unsaved_new_text_a_person(editor):
    row = {"staff": editor, "article": None, "saved_at": project_clock.now()}
    Autosave.objects.create(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        Autosave.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Autosave.objects.create(**row | {"staff": staff_make("editor"), "base_version": 1})
    assert Autosave.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"base_version": 1, "seen_at": null}',
        b'{"base_version": "1", "seen_at": null, "fields": {}}',
        b'{"base_version": true, "seen_at": null, "fields": {}}',
        b'{"base_version": 1, "seen_at": "x", "fields": []}',
        b'{"base_version": 1, "seen_at": 5, "fields": {}}',
        b'{"base_version": 1, "seen_at": "2026-99-99T00:00", "fields": {}}',
        b'{"base_version": 1, "seen_at": "2026-11-24T00:00", "fields": {}}',
        b'{"base_version": 1, "seen_at": null, "fields": {"state": "published"}}',
        b"[" * 100_000, b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_is_not_the_form_is_refused_and_nothing_is_kept(draft, editor, desk, body):
    answer = desk(editor).post(url("autosave", draft.pk), body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "autosave_invalid")
    assert not Autosave.objects.exists()


def test_odd_characters_ids_and_versions_are_kept_as_far_as_they_mean_anything(draft, editor, desk):
    answer = keep(
        desk(editor), draft, version=2**40, title="甲\0乙\ud800", column="9" * 30, cover_asset="../x", pinned="on",
        body_html="<p>好<script>x</script></p>", source=5,
    )  # fmt: skip

    assert answer.status_code == 200
    row = Autosave.objects.get()
    assert row.base_version == 0
    assert row.fields == values(
        draft, title="甲乙?", column="", pinned=True, body_html="<p>好</p>", source=""
    )
    assert desk(editor).get(url("change", draft.pk) + "?unsaved=take").status_code == 200
    assert desk(editor).get(url("merge", draft.pk)).status_code == 200


def test_a_text_of_more_than_500_kb_is_refused(draft, editor):
    def kept(body: str) -> None:
        writing.autosave_write(
            staff=editor, article_id=draft.pk, base_version=1, fields={"body_html": body}, seen_at=None,
            now=project_clock.now(),
        )  # fmt: skip

    with pytest.raises(AutosaveTooBig):
        kept("灯" * 166_667)
    assert not Autosave.objects.exists()
    kept("灯" * 166_666)
    with pytest.raises(AutosaveElsewhere):
        kept("")
    with pytest.raises(AutosaveInvalid):
        writing.autosave_write(
            staff=editor,
            article_id=None,
            base_version=0,
            fields={"x": ""},
            seen_at=None,
            now=project_clock.now(),
        )
    assert Autosave.objects.count() == 1


def test_the_form_offers_the_unsaved_text_and_taking_it_over_writes_nothing(draft, editor, colleague, desk):
    keep(desk(editor), draft, title="没存的标题")

    page = desk(editor).get(url("change", draft.pk))
    taken = desk(editor).get(url("change", draft.pk) + "?unsaved=take")

    assert "?unsaved=take" in page.content.decode()
    assert 'value="江滩的路灯"' in page.content.decode()
    assert 'value="没存的标题"' in taken.content.decode()
    assert 'id="unsaved-take"' not in taken.content.decode()
    assert Autosave.objects.count() == 1
    assert "没存的标题" not in desk(colleague).get(url("change", draft.pk) + "?unsaved=take").content.decode()


def test_nothing_is_offered_where_the_unsaved_text_is_the_stored_one(draft, editor, desk):
    keep(desk(editor), draft)

    assert 'id="unsaved-take"' not in desk(editor).get(url("change", draft.pk)).content.decode()


def test_a_new_text_is_offered_too_and_saving_ends_it(editor, desk, db):
    keep(desk(editor), None, version=7, title="新稿", body_html="<p>正文。</p>")
    page = desk(editor).get(url("add") + "?unsaved=take")
    assert 'value="新稿"' in page.content.decode()
    assert Autosave.objects.get().base_version == 0

    fields = {"title": "新稿", "column": Column.objects.get(slug="news").pk, "body_html": "<p>正文。</p>"}
    answer = desk(editor).post(url("add"), fields | {"events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0})

    assert answer.status_code == 302
    assert Article.objects.get().title == "新稿"
    assert not Autosave.objects.exists()


def test_a_save_ends_ones_own_unsaved_text_and_nobody_elses(draft, editor, colleague, desk):
    keep(desk(editor), draft, title="甲")
    keep(desk(colleague), draft, title="乙")

    answer = desk(editor).post(url("change", draft.pk), form(draft, 1, title="甲"))

    assert answer.status_code == 302
    assert list(Autosave.objects.values_list("staff", flat=True)) == [colleague.pk]


def test_a_save_that_the_form_refuses_leaves_the_unsaved_text(draft, editor, desk):
    keep(desk(editor), draft, title="甲")

    assert desk(editor).post(url("change", draft.pk), form(draft, 1, title="")).status_code == 200
    assert Autosave.objects.get().fields["title"] == "甲"


def test_it_is_thrown_away_by_a_post_only(draft, editor, desk):
    keep(desk(editor), draft, title="甲")

    assert desk(editor).get(url("autosave_drop", draft.pk)).status_code == 405
    assert Autosave.objects.count() == 1
    assert desk(editor).post(url("autosave_drop", draft.pk)).status_code == 302
    assert not Autosave.objects.exists()


def test_what_is_seven_days_old_is_deleted(draft, editor, desk, clock):
    keep(desk(editor), draft, title="甲")
    link, _token = writing.preview_link_make(article_id=draft.pk, staff=editor, now=project_clock.now())

    assert writing.writing_purge(now=link.expires_at + dt.timedelta(days=6, hours=23)) == {
        "texts": 0,
        "links": 0,
    }
    assert writing.writing_purge(now=link.expires_at + dt.timedelta(days=7, seconds=1)) == {
        "texts": 1, "links": 1,
    }  # fmt: skip


# --- Two save at once -----------------------------------------------------------------------------------------------


def merged(browser: Client, page, **picks: str):
    """Send the page of a merge as it came, with some choices made."""
    html = page.content.decode()
    data = dict(re.findall(r'<input type="hidden" name="(seen_version|base_version)" value="(\d+)">', html))
    data |= dict(page.context["mine"])
    data = {("mine_" + name if "version" not in name else name): value for name, value in data.items()}
    data |= dict(re.findall(r'name="((?:pick|piece)_\w+)" value="(\w+)" checked', html))
    return browser.post(page.context["article"] and url("merge", page.context["article"].pk), data | picks)


def test_a_stale_save_shows_both_texts_and_what_each_changed_alone_is_taken(draft, editor, colleague, desk):
    saved(draft, colleague, source="市融媒体", body_html=BODY.replace("第三段", "第三段改"))
    page = desk(editor).post(
        url("change", draft.pk),
        form(draft, 1, title="我的标题", body_html=BODY.replace("第一段", "第一段改")),
    )
    html = page.content.decode()

    assert page.status_code == 409
    assert {(row["name"], row["pick"]) for row in page.context["fields"]} == {
        ("title", "mine"), ("source", "theirs"),
    }  # fmt: skip
    assert "<ins>改</ins>" in html
    stored = Article.objects.get(pk=draft.pk)
    assert (stored.title, stored.version) == ("江滩的路灯", 2)
    row = Autosave.objects.get()
    assert (row.staff, row.base_version, row.fields["title"]) == (editor, 1, "我的标题")

    answer = merged(desk(editor), page)

    stored = Article.objects.get(pk=draft.pk)
    assert (answer.status_code, stored.version) == (302, 3)
    assert (stored.title, stored.source) == ("我的标题", "市融媒体")
    assert stored.body_html == "<p>第一段改。</p><p>第二段。</p><p>第三段改。</p>"
    assert not Autosave.objects.exists()


def test_what_both_changed_has_to_be_chosen(draft, editor, colleague, desk):
    saved(draft, colleague, title="她的标题", body_html=BODY.replace("第二段", "她的二段"))
    page = desk(editor).post(
        url("change", draft.pk),
        form(draft, 1, title="我的标题", body_html=BODY.replace("第二段", "我的二段")),
    )

    undecided = merged(desk(editor), page)
    assert undecided.status_code == 409
    assert len(undecided.context["errors"]) == 1
    assert Article.objects.get(pk=draft.pk).version == 2

    place = next(row["place"] for row in page.context["body"]["rows"] if row["side"] == "conflict")
    answer = merged(desk(editor), undecided, **{"pick_title": "theirs", f"piece_{place}": "both"})
    stored = Article.objects.get(pk=draft.pk)
    assert (answer.status_code, stored.title) == (302, "她的标题")
    assert stored.body_html == "<p>第一段。</p><p>她的二段。</p><p>我的二段。</p><p>第三段。</p>"


@pytest.mark.parametrize(("pick", "title"), [("mine", "我的二段"), ("theirs", "她的二段")])
def test_the_whole_body_of_one_side_may_be_chosen(draft, editor, colleague, desk, pick, title):
    saved(draft, colleague, body_html=BODY.replace("第二段", "她的二段"))
    page = desk(editor).post(
        url("change", draft.pk), form(draft, 1, body_html=BODY.replace("第二段", "我的二段"))
    )

    assert merged(desk(editor), page, pick_body_html=pick).status_code == 302
    assert title in Article.objects.get(pk=draft.pk).body_html


def test_a_save_in_between_leads_to_another_merge_with_what_was_chosen(draft, editor, colleague, desk):
    saved(draft, colleague, title="第二版标题")
    page = desk(editor).post(url("change", draft.pk), form(draft, 1, title="我的标题"))
    saved(draft, colleague, source="市融媒体")

    again = merged(desk(editor), page, pick_title="mine")

    assert again.status_code == 409
    assert Article.objects.get(pk=draft.pk).version == 3
    assert dict(again.context["mine"])["title"] == "我的标题"
    assert again.context["base_version"] == 2
    row = Autosave.objects.get()
    assert (row.base_version, row.fields["title"]) == (2, "我的标题")
    assert merged(desk(editor), again).status_code == 302
    stored = Article.objects.get(pk=draft.pk)
    assert (stored.title, stored.source, stored.version) == ("我的标题", "市融媒体", 4)


@pytest.mark.parametrize("seen", ["", "x", "-1", "99", "9" * 40, "²"])
def test_a_save_over_a_version_that_nobody_knows_leaves_every_difference_to_choose(draft, editor, desk, seen):
    page = desk(editor).post(url("change", draft.pk), form(draft, seen, title="我的标题"))

    assert page.status_code == 409
    assert [(row["name"], row["pick"], row["conflict"]) for row in page.context["fields"]] == [
        ("title", "", True)
    ]
    assert not page.context["known"]
    assert Article.objects.get(pk=draft.pk).version == 1


def test_what_was_chosen_is_checked_like_any_save(draft, editor, colleague, desk):
    saved(draft, colleague, source="市融媒体")
    page = desk(editor).post(url("change", draft.pk), form(draft, 1, title="", audio_url="ftp://x"))

    answer = merged(desk(editor), page)

    assert answer.status_code == 409
    assert len(answer.context["errors"]) == 2
    assert Article.objects.get(pk=draft.pk).version == 2
    assert Autosave.objects.get().fields["audio_url"] == "ftp://x"


def test_an_unsaved_text_over_an_older_version_is_merged(draft, editor, colleague, desk):
    keep(desk(editor), draft, title="没存的标题")
    saved(draft, colleague, source="市融媒体")

    page = desk(editor).get(url("change", draft.pk))
    taken = desk(editor).get(url("change", draft.pk) + "?unsaved=take")
    assert url("merge", draft.pk) in page.content.decode()
    assert 'value="没存的标题"' not in taken.content.decode()
    page = desk(editor).get(url("merge", draft.pk))

    assert page.status_code == 200
    assert merged(desk(editor), page).status_code == 302
    stored = Article.objects.get(pk=draft.pk)
    assert (stored.title, stored.source) == ("没存的标题", "市融媒体")


def test_without_an_unsaved_text_the_merge_leads_back_to_the_form(draft, editor, desk):
    answer = desk(editor).get(url("merge", draft.pk))

    assert (answer.status_code, answer["Location"]) == (302, url("change", draft.pk))


def test_a_text_of_the_merge_is_escaped(draft, editor, colleague, desk):
    saved(draft, colleague, title="<b>她</b>")
    page = desk(editor).post(url("change", draft.pk), form(draft, 1, title="</textarea><script>x</script>"))

    assert "<script>x" not in page.content.decode()
    assert "<b>她</b>" not in page.content.decode()


# --- Who else writes ------------------------------------------------------------------------------------------------


def test_who_else_has_the_form_open_is_shown_until_they_fall_silent(draft, editor, colleague, desk, clock):
    assert desk(editor).post(url("beat", draft.pk)).json() == {"others": []}
    since = project_clock.local(project_clock.now())
    clock.shift(dt.timedelta(seconds=15))

    told = desk(colleague).post(url("beat", draft.pk)).json()["others"]
    assert len(told) == 1
    assert str(editor) in told[0]
    assert f"{since:%H:%M}" in told[0]
    clock.shift(dt.timedelta(seconds=41))
    assert desk(colleague).post(url("beat", draft.pk)).json() == {"others": []}


def test_whoever_comes_back_has_been_there_since_then(draft, editor, clock):
    def beat(who: int) -> list[dt.datetime]:
        others = presence_beat(article_id=draft.pk, staff_id=who, name="甲", now=project_clock.now())
        return [other.since for other in others]

    beat(1)
    clock.shift(dt.timedelta(seconds=60))
    back = project_clock.now()
    beat(1)
    clock.shift(dt.timedelta(seconds=15))
    beat(1)

    assert beat(2) == [back]


def test_without_redis_nobody_is_shown_and_the_form_works(draft, editor, desk, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert desk(editor).post(url("beat", draft.pk)).json() == {"others": []}
    assert keep(desk(editor), draft, title="甲").status_code == 200


# --- The preview ----------------------------------------------------------------------------------------------------


def test_the_preview_shows_the_unsaved_fields_and_writes_nothing(draft, editor, desk):
    fields = values(
        draft, title="没存", body_html="<p>新段<script>x()</script></p><table><tr><td>甲</td></tr></table>"
    )
    answer = desk(editor).post(url("preview", draft.pk), {**fields, "pinned": ""})
    html = answer.content.decode()

    assert answer.status_code == 200
    assert "<h1>没存</h1>" in html
    assert '<div style="overflow-x:auto"><table' in html
    assert "script" not in html
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; img-src 'self'")
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert Article.objects.get(pk=draft.pk).version == 1
    assert not Autosave.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"column": "x", "cover_asset": "x", "body_html": "<", "title": "\0"}])
def test_a_preview_of_odd_fields_is_a_page(editor, desk, fields):
    assert desk(editor).post(url("preview_new"), fields).status_code == 200


def test_a_preview_of_more_than_500_kb_is_refused(editor, desk):
    answer = desk(editor).post(url("preview_new"), {"body_html": "灯" * 170_000})

    assert answer.status_code == 400


def linked(article: Article, editor, desk) -> str:
    """The path of a new link, from the page that shows it."""
    page = desk(editor).post(url("preview_link", article.pk))
    assert page.status_code == 200
    assert page.content.decode().count("<svg") >= 1
    return re.search(r"/preview/[\w-]{43}", page.context["address"])[0]


def test_a_link_opens_once_on_one_phone_for_half_an_hour(draft, editor, desk, clock):
    path = linked(draft, editor, desk)
    saved(draft, editor, title="后来的标题")
    phone, other = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)

    looked = [other.get(path), other.head(path), other.get(path)]
    assert [answer.status_code for answer in looked] == [200, 200, 200]
    assert "江滩的路灯" not in looked[0].content.decode()
    assert PreviewLink.objects.get().used_at is None
    used = phone.post(path, headers={"Origin": "null"})
    cookie = used.cookies["qs_preview"]
    shown = phone.get(path)

    assert (used.status_code, used["Location"]) == (303, path)
    assert (cookie["httponly"], cookie["path"], cookie["max-age"], cookie["samesite"]) == (
        True,
        path,
        1800,
        "Lax",
    )
    assert "<h1>江滩的路灯</h1>" in shown.content.decode()
    assert [other.get(path).status_code, other.post(path).status_code] == [410, 410]
    assert phone.post(path).status_code == 303
    for answer in (*looked, used, shown, other.get(path)):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    clock.shift(dt.timedelta(minutes=29, seconds=59))
    assert phone.get(path).status_code == 200
    clock.shift(dt.timedelta(seconds=2))
    assert phone.get(path).status_code == 410


def test_a_cookie_of_another_link_or_a_forged_one_shows_nothing(draft, editor, desk):
    first, second = linked(draft, editor, desk), linked(draft, editor, desk)
    phone, other = Client(), Client()
    phone.post(first)
    other.post(second)
    value = phone.cookies["qs_preview"].value
    other.cookies["qs_preview"] = value
    other.cookies["qs_preview"]["path"] = second

    assert other.get(second).status_code == 410
    other.cookies["qs_preview"] = str(PreviewLink.objects.order_by("id").last().pk)
    assert other.get(second).status_code == 410
    assert phone.get(first).status_code == 200


@pytest.mark.parametrize("token", ["x", "%00", "灯" * 43, "A" * 43, "A" * 3000])
def test_a_token_that_was_never_made_is_gone(db, token):
    answers = [Client().get(f"/preview/{token}"), Client().post(f"/preview/{token}")]

    assert [answer.status_code for answer in answers] == [410, 410]


def test_an_unused_link_ends_after_half_an_hour(draft, editor, desk, clock):
    path = linked(draft, editor, desk)
    clock.shift(dt.timedelta(minutes=30))

    assert Client().post(path).status_code == 410
    assert PreviewLink.objects.get().used_at is None


@pytest.mark.parametrize("after_use", [False, True])
@pytest.mark.parametrize("loss", ["signed off", "column", "role"])
def test_a_link_dies_with_the_right_of_whoever_made_it(draft, editor, desk, loss, after_use):
    path, phone = linked(draft, editor, desk), Client()
    if after_use:
        phone.post(path)
    if loss == "signed off":
        editor.is_active = False
        editor.save()
    elif loss == "column":
        ColumnRight.objects.filter(staff=editor).delete()
    else:
        editor.groups.clear()

    assert phone.get(path).status_code == 410
    assert phone.post(path).status_code == 410


def test_of_many_phones_at_once_one_gets_the_preview(whole_db, at_once, desk):
    people = desk_make()
    article = article_drafted(desk=people)
    path = linked(article, people[Role.EDITOR], desk)

    statuses = at_once(6, lambda: Client().post(path).status_code)

    assert sorted(statuses) == [303, 410, 410, 410, 410, 410]


def test_the_21st_open_link_is_refused(draft, editor, desk):
    for _each in range(writing.MOST_LINKS):
        writing.preview_link_make(article_id=draft.pk, staff=editor, now=project_clock.now())

    with pytest.raises(PreviewLinksTooMany):
        writing.preview_link_make(article_id=draft.pk, staff=editor, now=project_clock.now())
    assert desk(editor).post(url("preview_link", draft.pk)).status_code == 302
    assert PreviewLink.objects.count() == writing.MOST_LINKS


def test_the_token_stands_in_no_row(draft, editor):
    link, token = writing.preview_link_make(article_id=draft.pk, staff=editor, now=project_clock.now())

    assert len(token) == 43
    assert token not in json.dumps(PreviewLink.objects.filter(pk=link.pk).values()[0], default=str)


# --- Who may open which door ----------------------------------------------------------------------------------------

DOORS = {
    "autosave": "post", "autosave_drop": "post", "beat": "post", "preview": "post", "preview_link": "post", "merge": "get",
}  # fmt: skip
WRITE = {"autosave", "autosave_drop", "beat", "merge"}


def knock(browser: Client, door: str, article: Article):
    if door == "autosave":
        return keep(browser, article, title="闯入")
    if DOORS[door] == "get":
        return browser.get(url(door, article.pk))
    return browser.post(url(door, article.pk), {"title": "闯入"})


@pytest.mark.parametrize("door", DOORS)
def test_no_door_opens_to_who_does_not_work_in_the_column(draft, desk, door):
    stranger = staff_make("editor", "reviewer_final")
    ColumnRight.objects.filter(staff=stranger).delete()
    services.column_right_grant(staff=stranger, column=Column.objects.get(slug="notices"))

    for person in (stranger, staff_make("intake_clerk", unit="XZSP")):
        answer = knock(desk(person), door, draft)
        assert answer.status_code in (302, 403, 404)
        assert draft.title not in answer.content.decode()
    anonymous = knock(Client(), door, draft)
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/admin/login/")
    assert not Autosave.objects.exists()
    assert not PreviewLink.objects.exists()


@pytest.mark.parametrize("door", DOORS)
def test_an_approved_text_can_be_looked_at_and_not_written(people, desk, door):
    article = article_approved(desk=people, title="已批")

    answer = knock(desk(people[Role.EDITOR]), door, article)

    assert answer.status_code == (403 if door in WRITE else 200)
    assert not Autosave.objects.exists()


@pytest.mark.parametrize("door", ["autosave_new", "autosave_drop_new", "preview_new"])
def test_a_new_text_is_for_those_who_may_add_one(clerk, desk, door):
    body = json.dumps({"base_version": 0, "seen_at": None, "fields": {"title": "闯入"}})

    assert desk(clerk).post(url(door), body, content_type="application/json").status_code == 403
    assert Client().post(url(door)).status_code == 302
    assert not Autosave.objects.exists()


@pytest.mark.parametrize("door", ["autosave", "autosave_drop", "beat", "preview_link"])
def test_a_door_that_writes_takes_no_get_and_no_forged_form(draft, editor, desk, door):
    assert desk(editor).get(url(door, draft.pk)).status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(editor, backend="django.contrib.auth.backends.ModelBackend")
    assert careful.post(url(door, draft.pk)).status_code == 403
    assert not PreviewLink.objects.exists()
