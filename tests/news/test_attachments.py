"""Attachments: what is taken, who may add it, what a scan writes down, who gets the file."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock
from apps.news import services as news
from apps.news import tasks
from apps.news.documents.accepted import MAX_BYTES
from apps.news.documents.package import Why
from apps.news.errors import ArticleMoveRefused, ArticleNotFound
from apps.news.file_errors import (
    AttachmentNotFound,
    AttachmentRefused,
    AttachmentsTooMany,
    AttachmentThere,
    MaskedCopyRefused,
)
from apps.news.file_words import WHY_WORDS
from apps.news.models import Article, Attachment, AttachmentEvent, Publication, ReviewRound, Revision
from apps.news.models.attachments import ScanState
from apps.news.services import attachments as services
from apps.news.states import Act, ArticleState
from qingshan.demo_news import article_release
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.documents import ID_NUMBER, MOBILE, pdf, word_of, workbook

HARMLESS = word_of("办事指南", "请带好材料。")


@pytest.fixture
def people(db):
    return desk_make()


@pytest.fixture
def draft(people):
    return article_drafted(desk=people)


def added(article: Article, people, raw: bytes = HARMLESS, name: str = "指南.docx") -> Attachment:
    return services.attachment_add(
        article_id=article.pk, name=name, stream=io.BytesIO(raw), staff=people[Role.EDITOR], now=clock.now()
    )


def scanned(article: Article, people, raw: bytes = HARMLESS, name: str = "指南.docx") -> Attachment:
    row = added(article, people, raw, name)
    tasks.attachment_scan(attachment_id=str(row.pk))
    return Attachment.objects.get(pk=row.pk)


def test_a_file_is_kept_as_it_came_and_waits_for_its_scan(draft, people):
    row = added(draft, people, name="C:\\桌面\\办事\n指南.docx")

    kept = Attachment.objects.get(pk=row.pk)
    assert (kept.name, kept.scan_state, kept.size_bytes) == ("办事指南.docx", "pending", len(HARMLESS))
    assert default_storage.open(kept.path).read() == HARMLESS
    assert list(AttachmentEvent.objects.values_list("act", "staff")) == [("added", people[Role.EDITOR].pk)]


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("空.docx", b"", Why.EMPTY),
        ("大.pdf", b"%PDF-" + b"x" * MAX_BYTES, Why.TOO_BIG),
        ("指南.pdf", HARMLESS, Why.NAME),
        ("坏.docx", HARMLESS[:500], Why.BROKEN),
        ("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, Why.OLD_FORMAT),
        (
            "密.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            Why.ENCRYPTED,
        ),
        ("坏.pdf", b"%PDF-1.4 x", Why.BROKEN),
        ("网页.docx", b"<html>", Why.UNKNOWN),
    ],
)
def test_what_is_no_plain_document_is_refused_and_nothing_is_kept(draft, people, name, raw, why):
    with pytest.raises(AttachmentRefused) as refused:
        added(draft, people, raw, name)

    assert refused.value.facts == {"why": str(WHY_WORDS[why])}
    assert (Attachment.objects.count(), AttachmentEvent.objects.count()) == (0, 0)
    assert Article.objects.get(pk=draft.pk).version == 1


def test_the_same_bytes_stand_once_and_may_come_back_after_removal(draft, people):
    first = added(draft, people)

    with pytest.raises(AttachmentThere):
        added(draft, people, name="别名.docx")
    assert Attachment.objects.count() == 1
    services.attachment_remove(attachment_id=first.pk, staff=people[Role.EDITOR], now=clock.now())
    added(draft, people)

    assert Attachment.objects.filter(removed_at=None).count() == 1
    assert Attachment.objects.count() == 2


def test_the_21st_file_is_refused(draft, people):
    for number in range(services.MOST_AN_ARTICLE):
        added(draft, people, pdf(f"page {number}"), f"{number}.pdf")

    with pytest.raises(AttachmentsTooMany):
        added(draft, people)
    assert Attachment.objects.count() == services.MOST_AN_ARTICLE


def test_who_adds_a_file_is_an_author_and_a_file_in_review_voids_the_signatures(people):
    article = article_approved(desk=people)
    with pytest.raises(ArticleMoveRefused):
        added(article, people)
    news.article_withdraw(article_id=article.pk, staff=people[Role.EDITOR], now=clock.now())
    news.article_submit(article_id=article.pk, staff=people[Role.EDITOR], now=clock.now())
    before = ReviewRound.objects.get(article=article, closed_at=None).revision

    services.attachment_add(
        article_id=article.pk, name="a.docx", stream=io.BytesIO(HARMLESS), staff=people[Role.REVIEWER_FIRST],
        now=clock.now(),
    )  # fmt: skip

    article = Article.objects.get(pk=article.pk)
    opened = ReviewRound.objects.get(article=article, closed_at=None)
    assert people[Role.REVIEWER_FIRST].pk in article.writers
    assert article.state == ArticleState.FIRST_REVIEW
    assert (opened.revision.number, opened.revision.sha256 == before.sha256) == (before.number + 1, False)
    assert [one["name"] for one in opened.revision.attachments] == ["a.docx"]
    assert article.events.filter(verb=Act.VOID.value).count() == 1


def test_somebody_without_the_column_finds_no_article(draft, staff):
    stranger = staff("handler", unit="CG")

    with pytest.raises(ArticleNotFound):
        services.attachment_add(
            article_id=draft.pk, name="a.docx", stream=io.BytesIO(HARMLESS), staff=stranger, now=clock.now()
        )
    assert Attachment.objects.count() == 0


def test_a_clean_file_is_clean_and_a_list_is_found_with_masked_excerpts(draft, people):
    assert scanned(draft, people).scan_state == ScanState.CLEAN

    row = scanned(
        draft, people, workbook({"名单": [["姓名", "电话"], ["某", MOBILE]]}, hidden=()), "名单.xlsx"
    )

    assert (row.scan_state, row.scan["total"], row.scan["blocking"]) == ("found", 1, 1)
    assert row.scan["findings"] == [
        {
            "kind": "mobile", "level": "block", "excerpt": "199****2345",
            "where": {"kind": "sheet", "name": "名单", "number": 2},
        }
    ]  # fmt: skip
    assert MOBILE not in str(row.scan)


def test_a_file_that_is_gone_or_can_not_be_read_has_failed_and_is_not_clean(draft, people):
    row = added(draft, people)
    default_storage.delete(row.path)

    assert services.attachment_scan(attachment_id=row.pk, now=clock.now()) is True

    kept = Attachment.objects.get(pk=row.pk)
    assert (kept.scan_state, kept.scan) == ("failed", {})


def test_a_second_scan_changes_nothing(draft, people):
    row = scanned(draft, people)

    assert services.attachment_scan(attachment_id=row.pk, now=clock.now()) is False


def test_the_sweep_scans_what_waits_for_a_minute(draft, people):
    row = added(draft, people)

    assert services.attachments_sweep(now=clock.now()) == 0
    assert services.attachments_sweep(now=clock.now() + dt.timedelta(seconds=61)) == 1
    assert Attachment.objects.get(pk=row.pk).scan_state == ScanState.CLEAN


def test_the_masked_copy_is_made_for_who_may_write_and_written_down(draft, people, staff):
    row = scanned(draft, people, word_of(f"证号{ID_NUMBER}"), "名单.docx")

    _row, copy = services.attachment_masked(attachment_id=row.pk, staff=people[Role.EDITOR], now=clock.now())

    assert services.document_scan(copy, row.content_type).total == 0
    assert list(AttachmentEvent.objects.order_by("id").values_list("act", flat=True)) == ["added", "masked"]
    with pytest.raises(AttachmentNotFound):
        services.attachment_masked(attachment_id=row.pk, staff=staff("handler", unit="CG"), now=clock.now())
    page = scanned(draft, people, pdf(ID_NUMBER), "名单.pdf")
    with pytest.raises(MaskedCopyRefused):
        services.attachment_masked(attachment_id=page.pk, staff=people[Role.EDITOR], now=clock.now())
    assert AttachmentEvent.objects.filter(act="masked").count() == 1


def test_the_database_keeps_acts_and_one_copy_of_a_file(draft, people):
    row = added(draft, people)

    with pytest.raises(DatabaseError), transaction.atomic():
        AttachmentEvent.objects.filter(attachment=row).update(act="removed")
    with pytest.raises(DatabaseError), transaction.atomic():
        Attachment.objects.filter(pk=row.pk).update(scanned_at=clock.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Attachment.objects.filter(pk=row.pk).update(content_type="text/html")


def test_the_public_gets_a_file_only_while_its_version_is_public(people, client):
    article = article_drafted(desk=people)
    row = scanned(article, people)
    url = reverse("attachment-public", args=[row.pk])
    assert client.get(url).status_code == 404

    _release(article, people)
    answer = client.get(url)

    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, HARMLESS)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    news.article_retract(
        article_id=article.pk, staff=people[Role.REVIEWER_FINAL], reason="有误", now=clock.now()
    )
    assert client.get(url).status_code == 404


def test_a_file_that_is_taken_from_the_working_copy_stays_with_the_public_version(people, client):
    article = article_drafted(desk=people)
    row = scanned(article, people)
    _release(article, people)
    news.article_revise(article_id=article.pk, staff=people[Role.EDITOR], now=clock.now())

    services.attachment_remove(attachment_id=row.pk, staff=people[Role.EDITOR], now=clock.now())

    assert client.get(reverse("attachment-public", args=[row.pk])).status_code == 200
    assert Revision.objects.get(article=article).attachments[0]["id"] == str(row.pk)
    assert Publication.objects.filter(article=article).count() == 1


def _release(article: Article, people) -> None:
    article_release(article_id=article.pk, people=people, at=clock.now(), go_live_at=None, expire_at=None)


def test_the_desk_adds_looks_at_masks_and_removes_a_file(draft, people, desk):
    editor = desk(people[Role.EDITOR])
    page = reverse("admin:news_article_files", args=[draft.pk])
    file = io.BytesIO(word_of(f"证号{ID_NUMBER}"))
    file.name = "名单.docx"

    assert editor.post(page, {"file": file}).status_code == 302
    row = Attachment.objects.get()
    services.attachment_scan(attachment_id=row.pk, now=clock.now())
    shown = editor.get(page).content.decode()
    assert "420107********1238" in shown
    assert ID_NUMBER not in shown
    got = editor.get(reverse("admin:news_article_file", args=[draft.pk, row.pk]))
    assert got["Content-Disposition"].startswith("attachment;")
    masked = editor.post(reverse("admin:news_article_file_masked", args=[draft.pk, row.pk]))
    assert (masked.status_code, masked.content[:2]) == (200, b"PK")
    assert editor.post(reverse("admin:news_article_file_remove", args=[draft.pk, row.pk])).status_code == 302
    assert Attachment.objects.filter(removed_at=None).count() == 0


def test_the_page_refuses_a_bad_file_with_a_reason_and_strangers_get_nothing(draft, people, desk, staff):
    page = reverse("admin:news_article_files", args=[draft.pk])
    file = io.BytesIO(b"<html>")
    file.name = "网页.docx"

    answer = desk(people[Role.EDITOR]).post(page, {"file": file})

    assert (answer.status_code, Attachment.objects.count()) == (400, 0)
    row = added(draft, people)
    stranger = desk(staff("handler", unit="CG"))
    for url in (page, reverse("admin:news_article_file", args=[draft.pk, row.pk])):
        assert stranger.get(url).status_code in (302, 403, 404)
    other = article_published(desk=people)
    crossed = reverse("admin:news_article_file", args=[other.pk, row.pk])
    assert desk(people[Role.EDITOR]).get(crossed).status_code == 404
