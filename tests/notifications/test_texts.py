"""Texts that staff edit: what may stand in them, who puts them live, and what is sent from then on."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import forget_all
from apps.feedback import notices
from apps.notifications import services, text_selectors
from apps.notifications.kinds import kinds_all
from apps.notifications.models import InboxMessage, NoticeText, WechatTemplate
from apps.notifications.services.texts import (
    TextMoveRefused,
    TextNoteMissing,
    TextNotFound,
    TextOpen,
    TextSecondPerson,
    TextStale,
    TextWrong,
)
from apps.notifications.states import TextState, TextVerb
from apps.notifications.text_checks import Problem, Wrong, inbox_check, sms_check, wechat_check
from apps.notifications.wording import channel_data
from tests.guards.test_messages import data_in_use, english

KIND = notices.REPLIED.key
INBOX = {"title": "{unit}答复了您", "body": "诉求{number}：{reply}"}
WECHAT = {
    "template": "case_progress",
    "values": {
        "character_string1": "{number}", "thing2": "{excerpt}", "phrase3": "{state}", "time4": "{at}",
        "thing5": "请查看并评价",
    },
}  # fmt: skip
SAMPLES = {
    "unit": "区城管执法局",
    "text": "长" * 21,
    "at": "2026年3月10日 10:00",
    "link": "看 www.example.cn",
}


# --- The checks -----------------------------------------------------------------------------------------------------


def test_a_place_without_a_field_an_empty_part_and_a_long_title_are_found():
    found = inbox_check(title="{unit}" + "长" * 95, body="{nobody}", samples=SAMPLES)

    assert found == [Problem(Wrong.LONG, "title", "100"), Problem(Wrong.PLACES, "body", "{nobody}")]
    assert inbox_check(title=" ", body="一", samples=SAMPLES) == [Problem(Wrong.EMPTY, "title")]


def test_a_wechat_text_fills_each_key_of_the_template_and_no_other():
    found = wechat_check(
        values={"thing1": "{unit}", "thing9": "一"}, keys=["thing1", "time2"], enums={}, samples=SAMPLES
    )

    assert found == [Problem(Wrong.KEYS_EXTRA, "thing9"), Problem(Wrong.KEYS_MISSING, "time2")]


def test_what_does_not_fit_its_key_stops_and_what_is_cut_only_warns():
    found = wechat_check(
        values={"time2": "{unit}", "thing1": "{text}", "phrase3": "未列"},
        keys=["time2", "thing1", "phrase3"], enums={"phrase3": ["已列"]}, samples=SAMPLES,
    )  # fmt: skip

    assert found == [
        Problem(Wrong.UNFIT, "time2", "00:00"),
        Problem(Wrong.CUT, "thing1", "长" * 19 + "…"),
        Problem(Wrong.UNFIT, "phrase3", "已列"),
    ]
    assert [problem.stops for problem in found] == [True, False, True]


def test_a_text_message_fills_the_approved_places_shortly_and_without_a_link():
    found = sms_check(params=["{text}", "{link}"], places=1, param_chars=20, samples=SAMPLES)

    assert found == [
        Problem(Wrong.PLACES_COUNT, "", "1"), Problem(Wrong.LONG, "{1}", "20"), Problem(Wrong.LINK, "{2}"),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_programs_own_texts_pass_the_checks_in_both_languages(language):
    with translation.override(language):
        wrong = {
            (kind.key, target): problems
            for kind in kinds_all()
            for target in text_selectors.targets_of(kind=kind)
            if (
                problems := [
                    problem
                    for problem in text_selectors.content_problems(
                        kind=kind,
                        target=target,
                        content=text_selectors.program_content(kind=kind, target=target),
                    )
                    if problem.stops
                ]
            )
        }

    assert wrong == {}


# --- The moves ------------------------------------------------------------------------------------------------------


@pytest.fixture
def head(staff):
    return staff(Role.DESK_HEAD.value, unit="XZSP")


@pytest.fixture
def draft(editor):
    """Write a draft: ``draft(target, content)``."""

    def write(target: str = "inbox", content: dict | None = None) -> NoticeText:
        return services.text_draft(
            kind=KIND, target=target, content=content or INBOX, staff=editor, now=clock.now()
        )

    return write


def act(text: NoticeText, verb: TextVerb, member, note: str = "") -> NoticeText:
    text.refresh_from_db()
    return services.text_act(
        text_id=text.pk, verb=verb, version=text.version, staff=member, note=note, now=clock.now()
    )


def test_a_text_goes_live_by_a_second_person_and_the_one_before_is_retired(
    draft, editor, head, resident, reply, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = draft()
        act(first, TextVerb.PROPOSE, editor)
        act(first, TextVerb.APPROVE, head)
        second = draft(content={**INBOX, "title": "{unit}已答复"})
        act(second, TextVerb.PROPOSE, editor)
        act(second, TextVerb.APPROVE, head)

    reply(resident)

    rows = NoticeText.objects.order_by("number").values_list("number", "state", "approved_by")
    assert list(rows) == [(1, "retired", head.pk), (2, "live", head.pk)]
    message = InboxMessage.objects.get(dedup_key="k1")
    assert (message.text_version, message.title, message.body) == (
        2, "区城管执法局已答复", "诉求2026031000000019：已修好。",
    )  # fmt: skip


def test_the_author_does_not_put_a_text_live(draft, head):
    text = services.text_draft(kind=KIND, target="inbox", content=INBOX, staff=head, now=clock.now())
    act(text, TextVerb.PROPOSE, head)

    with pytest.raises(TextSecondPerson):
        act(text, TextVerb.APPROVE, head)

    text.refresh_from_db()
    assert (text.state, text.live_at) == ("proposed", None)


def test_who_changes_a_draft_is_its_author(draft, head):
    text = draft()

    services.text_redraft(text_id=text.pk, version=1, content={**INBOX, "body": "新"}, staff=head)

    text.refresh_from_db()
    assert (text.author, text.content["body"], text.version) == (head, "新", 2)


def test_a_text_goes_back_with_a_note_only(draft, editor, head):
    text = act(draft(), TextVerb.PROPOSE, editor)

    with pytest.raises(TextNoteMissing):
        act(text, TextVerb.SEND_BACK, head, note="  ")
    act(text, TextVerb.SEND_BACK, head, note="请写明期限")

    text.refresh_from_db()
    assert (text.state, text.note) == ("draft", "请写明期限")


def test_what_was_changed_meanwhile_is_not_overwritten_and_one_version_is_in_work(draft, editor, head):
    text = draft()
    services.text_redraft(text_id=text.pk, version=1, content={**INBOX, "body": "新"}, staff=head)

    with pytest.raises(TextStale):
        services.text_redraft(text_id=text.pk, version=1, content=INBOX, staff=editor)
    with pytest.raises(TextStale):
        services.text_act(
            text_id=text.pk, verb=TextVerb.PROPOSE, version=1, staff=editor, note="", now=clock.now()
        )
    with pytest.raises(TextOpen):
        draft()

    assert list(NoticeText.objects.values_list("state", "content__body")) == [("draft", "新")]


@pytest.mark.parametrize("state", [TextState.DRAFT, TextState.LIVE])
def test_a_text_that_was_not_proposed_is_not_approved(draft, editor, head, state):
    text = draft()
    if state is TextState.LIVE:
        act(text, TextVerb.PROPOSE, editor)
        act(text, TextVerb.APPROVE, head)

    with pytest.raises(TextMoveRefused):
        act(text, TextVerb.APPROVE, head)

    text.refresh_from_db()
    assert text.state == state


def test_a_wrong_text_is_not_proposed_and_one_whose_template_is_gone_not_approved(draft, editor, head):
    wrong = draft(content={"title": "{nobody}", "body": "一"})
    good = draft("wechat", WECHAT)

    with pytest.raises(TextWrong) as refused:
        act(wrong, TextVerb.PROPOSE, editor)
    act(good, TextVerb.PROPOSE, editor)
    WechatTemplate.objects.update(is_active=False)
    forget_all()
    with pytest.raises(TextWrong):
        act(good, TextVerb.APPROVE, head)

    assert "{nobody}" in refused.value.text()
    assert list(NoticeText.objects.order_by("id").values_list("state", flat=True)) == ["draft", "proposed"]


def test_a_live_wechat_text_is_what_the_channel_is_given(
    draft, editor, head, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        text = act(draft("wechat", WECHAT), TextVerb.PROPOSE, editor)
        act(text, TextVerb.APPROVE, head)

    from apps.notifications.states import Channel

    given = channel_data(kind=notices.REPLIED, channel=Channel.WECHAT, fields=notices.REPLIED.samples)
    assert (given.version, given.data["thing5"]) == (1, "请查看并评价")


def test_only_what_is_registered_has_texts(editor):
    for kind, target in (("feedback.nothing", "inbox"), (notices.CLOSED.key, "sms")):
        with pytest.raises(TextNotFound):
            services.text_draft(kind=kind, target=target, content=INBOX, staff=editor, now=clock.now())

    assert NoticeText.objects.count() == 0


def test_the_database_keeps_one_live_and_one_in_work_and_the_second_person(draft, editor, head):
    draft()
    for values in (
        {"number": 2, "state": "proposed"},
        {"number": 3, "state": "live", "approved_by": editor},
        {"number": 1, "state": "live", "approved_by": head},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            NoticeText.objects.create(
                kind=KIND, target="inbox", content=INBOX, author=editor, created_at=clock.now(), **values
            )

    assert NoticeText.objects.count() == 1


# --- The desk -------------------------------------------------------------------------------------------------------

PAGE = ("admin:notifications_text", [KIND, "inbox"])
VIEWERS = {Role.EDITOR, Role.DESK_HEAD, Role.ADMINISTRATOR, Role.REVIEWER_FINAL}
EDITORS = {Role.EDITOR, Role.DESK_HEAD}


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_edits_and_approves_what_is_its_own(role, staff, desk, draft, editor):
    text = act(draft("wechat", WECHAT), TextVerb.PROPOSE, editor)
    browser = desk(staff(role.value, unit="XZSP"))

    seen = browser.get(reverse("admin:notifications_noticetext_changelist")).status_code
    edited = browser.post(reverse(PAGE[0], args=PAGE[1]), INBOX).status_code
    approved = browser.post(
        reverse("admin:notifications_text_act", args=[text.pk]), {"verb": "approve", "version": text.version}
    ).status_code

    assert (seen == 200) == (role in VIEWERS)
    assert (edited == 302) == (role in EDITORS)
    assert NoticeText.objects.filter(target="inbox").count() == int(role in EDITORS)
    text.refresh_from_db()
    assert (text.state == "live") == (role in VIEWERS - {Role.EDITOR}), approved


def test_the_pages_speak_chinese_and_show_preview_places_and_versions(desk, editor, head, draft):
    browser = desk(editor)
    act(draft(), TextVerb.PROPOSE, editor)
    pages = [browser.get(reverse("admin:notifications_noticetext_changelist"))] + [
        browser.get(reverse("admin:notifications_text", args=[KIND, target]), {"diff": "1"})
        for target in ("inbox", "wechat", "sms")
    ]

    for page in pages:
        assert page.status_code == 200
        left = {word for words in english(page, data_in_use()).values() for word in words.split()}
        assert left <= {*notices.REPLIED.fields, "case", "answered", "progress"}
    assert "区城管执法局答复了您" in pages[1].content.decode()
    assert "诉求办理进度通知" in pages[2].content.decode()
    assert "【青山民生演示】您的诉求2026031000000019已有答复" in pages[3].content.decode()


def test_a_preview_saves_nothing_and_says_what_is_wrong(desk, editor):
    browser = desk(editor)
    page = reverse(PAGE[0], args=PAGE[1])

    answer = browser.post(page, {**INBOX, "title": "<b>{who}</b>", "preview": "1"})

    assert answer.status_code == 200
    assert "{who}" in answer.content.decode()
    assert "<b>{who}" not in answer.content.decode()
    assert NoticeText.objects.count() == 0


def test_two_versions_are_compared_line_by_line(desk, editor, head, draft):
    first = act(draft(), TextVerb.PROPOSE, editor)
    act(first, TextVerb.APPROVE, head)
    draft(content={**INBOX, "title": "<i>新</i>"})

    page = desk(editor).get(reverse(PAGE[0], args=PAGE[1]), {"diff": "2"}).content.decode()

    assert "－ <del>{unit}答复了您</del>" in page
    assert "＋ <ins>&lt;i&gt;新&lt;/i&gt;</ins>" in page


def test_the_list_takes_as_many_statements_with_versions_as_without(desk, editor, head, draft):
    browser = desk(editor)
    page = reverse("admin:notifications_noticetext_changelist")
    browser.get(page)

    def statements() -> int:
        forget_all()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page).status_code == 200
        return len(captured)

    before = statements()
    for target, content in (("inbox", INBOX), ("wechat", WECHAT)):
        act(act(draft(target, content), TextVerb.PROPOSE, editor), TextVerb.APPROVE, head)
        draft(target, content)

    assert statements() == before
