"""What the checks find in a text, what a waiver does, and that a new list looks at everything again."""

from __future__ import annotations

import datetime as dt
import io
import struct

import pytest
from django.db import IntegrityError, transaction
from docx import Document

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import forget_all
from apps.news import checks, services
from apps.news.errors import (
    ArticleMoveRefused,
    AttachmentsPending,
    ChecksPending,
    FindingsOpen,
    ReasonNeeded,
    SamePerson,
)
from apps.news.models import Article, Finding, Publication, ReviewRound, Revision, WordCheck
from apps.news.services import attachment_words, attachments
from apps.news.services.attachment_words import attachment_words_write
from apps.news.services.attachments import attachment_add, attachment_scan
from apps.news.services.checks import findings_write, rechecks_run
from apps.news.states import STAGES, FindingKind, FindingLevel, Point
from apps.safety import services as safety
from apps.safety.states import Category, Level
from apps.safety.words import Lexicon, WordRule
from qingshan.demo_news import SIGNERS, article_release, article_review
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make

BLOCKED, HINTED = "测试禁词", "测试提示词"
RULES = [
    WordRule(BLOCKED, Level.BLOCK, Category.OTHER, "改成这个", ("上测试禁词业",)),
    WordRule(HINTED, Level.WARN, Category.OTHER),
]
EMPTY = dict.fromkeys(checks.TEXTS, "")


@pytest.fixture
def people(db):
    return desk_make()


def found(body: str, **fields) -> list[checks.Found]:
    return checks.text_findings(
        fields=EMPTY | {"body_html": body} | fields, lexicon=Lexicon(RULES), decorative={}
    )


def list_loaded(*words: str) -> None:
    """Put a list with ``words`` into force, all of them blocking."""
    safety.word_lists_load(
        lists=[
            {
                "name": f"测试词库 {'-'.join(words)}", "purpose": "news",
                "words": [{"word": word, "level": "block", "category": "other"} for word in words],
            }
        ],
        now=clock.now(),
    )  # fmt: skip
    forget_all()  # what a commit would tell every process


def test_a_listed_word_is_found_in_every_field_and_in_its_window_it_is_not():
    hits = found(f"<p>一 {BLOCKED} 二</p><p>上测试禁词业</p>", title=HINTED)

    assert [(h.kind, h.level, h.place, h.what, h.suggestion) for h in hits] == [
        (FindingKind.WORD, FindingLevel.WARN, "title", HINTED, ""),
        (FindingKind.WORD, FindingLevel.BLOCK, "body_html", BLOCKED, "改成这个"),
    ]


def test_personal_data_is_found_and_only_its_mask_is_kept():
    hits = found("<p>联系人电话 19900012345，车牌 鄂A12345。</p>")

    assert [(h.kind, h.level, h.suggestion) for h in hits] == [
        (FindingKind.PERSONAL, FindingLevel.BLOCK, "199****2345"),
        (FindingKind.PERSONAL, FindingLevel.WARN, "鄂A*****"),
    ]
    assert all("0001" not in h.what + h.excerpt for h in hits)


def test_a_picture_without_words_stops_and_a_decorative_one_does_not():
    upload = "018f0000-0000-7000-8000-000000000001"
    body = f'<p>文</p><img src="/media/public/{upload}" alt="">'
    bare = checks.text_findings(fields=EMPTY | {"body_html": body}, lexicon=Lexicon([]), decorative={})
    decorative = checks.text_findings(
        fields=EMPTY | {"body_html": body}, lexicon=Lexicon([]), decorative={checks.UUID(upload): True}
    )

    assert [(h.kind, h.level) for h in bare] == [(FindingKind.ALT, FindingLevel.BLOCK)]
    assert decorative == []


def test_what_wechat_would_drop_is_told():
    assert [(h.kind, h.what) for h in found("<p>文</p><video>影片</video>")] == [
        (FindingKind.WECHAT, "video")
    ]


def submitted(people, body: str):
    article = article_drafted(desk=people, body_html=f"<p>{body}</p>")
    return services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())


def sign_all(opened, people) -> None:
    for role in SIGNERS.values():
        services.proof_pass_add(
            article_id=opened.article_id, staff=people[role], errors_found=0, note="",
            seen_sha256=opened.revision.sha256, now=clock.now(),
        )  # fmt: skip
    for stage in STAGES[3]:
        services.article_sign(
            article_id=opened.article_id, staff=people[SIGNERS[stage]], points=list(Point),
            seen_sha256=opened.revision.sha256, now=clock.now(),
        )  # fmt: skip


def test_what_blocks_is_submitted_but_not_signed_finally_until_it_is_waived(people):
    opened = submitted(people, "联系电话 19900012345")

    with pytest.raises(FindingsOpen):
        sign_all(opened, people)
    finding = Finding.objects.get()
    chief = people[Role.REVIEWER_FINAL]
    with pytest.raises(ReasonNeeded):
        services.finding_waive(finding_id=finding.pk, staff=chief, reason=" ", now=clock.now())
    services.finding_waive(finding_id=finding.pk, staff=chief, reason="公开的值班电话", now=clock.now())
    services.article_sign(
        article_id=opened.article_id, staff=chief, points=list(Point), seen_sha256=opened.revision.sha256,
        now=clock.now(),
    )  # fmt: skip

    services.article_publish(article_id=opened.article_id, staff=people[Role.EDITOR], now=clock.now())
    assert Publication.objects.count() == 1


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER_FIRST, Role.REVIEWER_SECOND])
def test_only_the_final_reviewer_waives(people, role):
    submitted(people, "联系电话 19900012345")

    with pytest.raises(ArticleMoveRefused):
        services.finding_waive(
            finding_id=Finding.objects.get().pk, staff=people[role], reason="x", now=clock.now()
        )
    assert Finding.objects.get().waived_at is None


def test_nobody_waives_what_they_wrote_also_not_by_sql(people):
    chief = people[Role.REVIEWER_FINAL]
    chief.groups.add(*people[Role.EDITOR].groups.all())
    chief = type(chief).objects.get(pk=chief.pk)
    opened = submitted(people | {Role.EDITOR: chief}, "联系电话 19900012345")

    with pytest.raises(SamePerson):
        services.finding_waive(finding_id=Finding.objects.get().pk, staff=chief, reason="x", now=clock.now())
    with pytest.raises(IntegrityError, match="nobody waives"), transaction.atomic():
        Finding.objects.filter(revision=opened.revision).update(
            waived_by=chief, waived_at=clock.now(), waive_reason="x"
        )


def test_the_database_publishes_nothing_with_an_open_finding_that_blocks(people):
    article = article_approved(desk=people)
    revision = Revision.objects.get(article=article)
    Finding.objects.create(
        revision=revision, kind="word", level="block", place="title", what="x", found_at=clock.now()
    )

    with pytest.raises(FindingsOpen):
        services.article_publish(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    with pytest.raises(IntegrityError, match="a finding stops"), transaction.atomic():
        Publication.objects.create(
            article=article, revision=revision, round=revision.rounds.get(), column_id=article.column_id,
            go_live_at=clock.now(), created_at=clock.now(),
        )  # fmt: skip


def test_a_new_list_is_held_against_what_is_public_and_what_is_in_review(people):
    public = article_published(desk=people, body_html="<p>一个生词甲在这里。</p>")
    article_drafted(desk=people, body_html="<p>生词甲，没有送审。</p>")
    opened = submitted(people, "生词甲，在审。")
    assert rechecks_run(now=clock.now()) == 0

    list_loaded("生词甲")

    assert rechecks_run(now=clock.now()) == 2
    assert rechecks_run(now=clock.now()) == 0
    assert set(Finding.objects.values_list("revision__article_id", "what", "level")) == {
        (public.id, "生词甲", "block"), (opened.article_id, "生词甲", "block"),
    }  # fmt: skip


def test_what_is_mended_or_no_longer_listed_is_gone_and_a_waiver_stays(people):
    opened = submitted(people, "联系电话 19900012345")
    services.finding_waive(
        finding_id=Finding.objects.get().pk,
        staff=people[Role.REVIEWER_FINAL],
        reason="可公开",
        now=clock.now(),
    )
    Finding.objects.create(
        revision=opened.revision, kind="word", level="block", place="title", what="旧词", found_at=clock.now()
    )

    assert findings_write(revision=opened.revision, now=clock.now()) == 0

    assert Finding.objects.get(what="旧词").gone_at is not None
    assert Finding.objects.exclude(what="旧词").get().waive_reason == "可公开"


def test_a_text_without_findings_goes_through(people):
    article = article_drafted(desk=people)

    article_review(article_id=article.id, people=people, at=clock.now())

    assert not Finding.objects.exists()


def with_file(people, raw: bytes, name: str = "名单.docx"):
    article = article_drafted(desk=people)
    attachment = attachment_add(
        article_id=article.id, name=name, stream=io.BytesIO(raw), staff=people[Role.EDITOR], now=clock.now()
    )
    return article, attachment


def test_a_file_that_is_not_looked_at_yet_keeps_the_text_from_review(people):
    article, attachment = with_file(people, docx("一份公开的说明。"))
    with pytest.raises(AttachmentsPending) as refused:
        services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    assert "名单.docx" in refused.value.text()
    assert not Revision.objects.exists()

    attachment_scan(attachment_id=attachment.pk, now=clock.now())
    attachment_words_write(attachment_id=attachment.pk, now=clock.now())

    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    assert [one["name"] for one in opened.revision.attachments] == ["名单.docx"]
    assert not Finding.objects.exists()


def test_numbers_and_listed_words_in_a_file_stop_it_and_a_list_of_many_is_one_finding(people):
    list_loaded("生词乙")
    lines = [f"张某 1990001{n:04d}" for n in range(30)]
    article, attachment = with_file(people, docx("\n".join([*lines, "生词乙在表里"])))
    attachment_scan(attachment_id=attachment.pk, now=clock.now())
    attachment_words_write(attachment_id=attachment.pk, now=clock.now())

    services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())

    found = {(one.kind, one.level, one.place): one for one in Finding.objects.all()}
    assert found["word", "block", "名单.docx"].what == "生词乙"
    numbers = [one for one in Finding.objects.filter(kind="personal") if "× 30" in one.what]
    assert [one.level for one in numbers] == ["block"]
    assert not any("1990001" in one.excerpt + one.what for one in Finding.objects.all())


def test_a_new_list_is_held_against_the_files_of_what_is_public(people):
    article, attachment = with_file(people, docx("生词丙在附件里"))
    attachment_scan(attachment_id=attachment.pk, now=clock.now())
    attachment_words_write(attachment_id=attachment.pk, now=clock.now())
    article_release(article_id=article.id, people=people, at=clock.now())

    list_loaded("生词丙")

    assert [rechecks_run(now=clock.now()) for _minute in range(3)] == [0, 1, 0]
    assert Finding.objects.get().place == "名单.docx"


def docx(text: str) -> bytes:
    out, file = io.BytesIO(), Document()
    for line in text.splitlines():
        file.add_paragraph(line)
    file.save(out)
    return out.getvalue()


def changed(opened, people, body: str):
    article = Article.objects.get(pk=opened.article_id)
    article.body_html = body
    services.article_save(
        article=article, staff=people[Role.EDITOR], seen_version=article.version, now=clock.now()
    )
    return ReviewRound.objects.select_related("revision").get(article=article, closed_at=None)


def test_a_text_changed_in_review_is_checked_at_once(people):
    opened = submitted(people, "没有问题。")

    fresh = changed(opened, people, "<p>联系电话 19900012345</p>")

    assert Finding.objects.get().revision_id == fresh.revision_id
    with pytest.raises(FindingsOpen):
        sign_all(fresh, people)


def test_a_file_added_in_review_keeps_the_last_signature_back_until_it_was_looked_at(people):
    opened = submitted(people, "没有问题。")
    attachment = attachment_add(
        article_id=opened.article_id, name="名单.docx", stream=io.BytesIO(docx("公开的说明。")),
        staff=people[Role.EDITOR], now=clock.now(),
    )  # fmt: skip
    fresh = ReviewRound.objects.select_related("revision").get(article=opened.article_id, closed_at=None)

    with pytest.raises(ChecksPending):
        sign_all(fresh, people)
    attachment_scan(attachment_id=attachment.pk, now=clock.now())
    attachment_words_write(attachment_id=attachment.pk, now=clock.now())
    assert rechecks_run(now=clock.now()) == 1

    services.article_sign(
        article_id=opened.article_id, staff=people[Role.REVIEWER_FINAL], points=list(Point),
        seen_sha256=fresh.revision.sha256, now=clock.now(),
    )  # fmt: skip
    assert Article.objects.get(pk=opened.article_id).state == "approved"


def test_the_database_publishes_nothing_that_no_check_looked_at(people):
    article = article_approved(desk=people)
    revision = Revision.objects.get(article=article)
    WordCheck.objects.all().delete()

    with pytest.raises(IntegrityError, match="a publication was checked"), transaction.atomic():
        Publication.objects.create(
            article=article, revision=revision, round=revision.rounds.get(), column_id=article.column_id,
            go_live_at=clock.now(), created_at=clock.now(),
        )  # fmt: skip


def test_a_file_that_breaks_its_reader_blocks_and_is_not_tried_again_before_the_others(people, monkeypatch):
    article, poison = with_file(people, docx("毒"))

    def broken(*_given):
        raise struct.error("unpack requires a buffer")

    for module, name in ((attachments, "document_scan"), (attachment_words, "document_texts")):
        monkeypatch.setattr(module, name, broken)
    later = clock.now() + dt.timedelta(minutes=2)

    assert [attachments.attachments_sweep(now=later) for _minute in range(2)] == [1, 0]
    assert [attachment_words.attachment_words_sweep(now=later) for _minute in range(2)] == [1, 0]
    services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    found = Finding.objects.get()
    assert (found.kind, found.level, found.place) == ("attachment", "block", poison.name)
