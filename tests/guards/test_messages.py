"""Staff and residents read Chinese: the catalogues are whole, and no page of the admin shows an English word."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views import defaults

from apps.accounts import services as accounts
from apps.accounts.models import Department, PolicyVersion, Staff
from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.common.models import CalendarDay, Community, Street
from apps.facilities.models import FacilityKind
from apps.feedback import services as feedback
from apps.feedback.labels import STATE_LABELS
from apps.feedback.models import Case, Category, DeadlineProfile, DeadlineRule, HandoverChannel
from apps.feedback.states import CaseState
from apps.news import services as news
from apps.news.models import Article, Column
from apps.notifications import services as notifications
from apps.notifications.models import SmsTemplate, WechatTemplate
from apps.notifications.states import Channel
from apps.reports.models import IndicatorDefinition
from apps.wechat import services as wechat
from apps.wechat.pushes import event_of
from scripts import catalogues
from scripts.catalogues import Target
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.people import ResidentClient, staff_make
from tests.factories.pictures import jpeg
from tests.factories.places import place_make

UNITS = {Role.INTAKE_CLERK: "XZSP", Role.HANDLER: "CG", Role.SUPERVISOR: "CG"}
NAMES = [f"{target.folder.name}/{target.domain}" for target in catalogues.TARGETS]

# --- The catalogues -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", catalogues.TARGETS, ids=NAMES)
def test_every_message_of_the_code_is_in_the_catalogue_and_translated(target: Target):
    wanted = catalogues.messages_wanted(target)

    assert catalogues.untranslated(target, wanted) == [], "run scripts/messages and fill the empty lines"
    assert target.po.read_bytes() == catalogues.written(target, wanted), "run scripts/messages"


@pytest.mark.parametrize("target", catalogues.TARGETS, ids=NAMES)
def test_the_compiled_catalogue_is_what_compiling_gives(target: Target):
    assert target.mo.read_bytes() == catalogues.compiled(target), "run scripts/messages"


PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sd]|\{\w*\}")


@pytest.mark.parametrize("target", catalogues.TARGETS, ids=NAMES)
def test_a_translation_keeps_the_placeholders_and_the_line_ends_of_its_message(target: Target):
    for (_context, ids), entry in catalogues.stored(target).items():
        # A plural's last form names its number; Chinese has the one form.
        text = ids if isinstance(ids, str) else ids[-1]
        chinese = entry.string if isinstance(entry.string, str) else entry.string[0]
        assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(text)), text
        assert (chinese.startswith("\n"), chinese.endswith("\n")) == (
            text.startswith("\n"),
            text.endswith("\n"),
        ), text


# Ours on purpose, where one Chinese word does for both.
SHARED_WITH_DJANGO = {"active", "group"}


def test_a_message_of_ours_does_not_change_what_django_says():
    known = catalogues.translations_installed()
    ours = {
        ids: entry.string
        for (_context, ids), entry in catalogues.stored(catalogues.OWN).items()
        if ids in known
    }

    assert {text for text, chinese in ours.items() if chinese != known[text]} <= SHARED_WITH_DJANGO


@pytest.mark.parametrize("state", CaseState)
def test_the_label_of_a_state_fits_a_wechat_phrase(state: CaseState):
    with translation.override("zh-hans"):
        label = str(STATE_LABELS[state])

    assert re.fullmatch(r"[\u4e00-\u9fff]{2,5}", label)


def test_the_reader_of_templates_finds_each_way_of_marking_a_text():
    found = catalogues.messages_of_template(
        """{% load i18n %}{% translate "one" %}{% blocktranslate %}two {{ n }}{% endblocktranslate %}
        {{ x|default:_("three") }}{% trans 'four' context "c" %}{# {% translate "no" %} #}
        {% blocktranslate count n=n trimmed %}
          a {{ n }}
        {% plural %}
          b {{ n }}
        {% endblocktranslate %}{{ _("five") }}"""
    )

    assert list(found) == [
        (None, "one"),
        (None, "two %(n)s"),
        (None, "three"),
        ("c", "four"),
        (None, ("a %(n)s", "b %(n)s")),
        (None, "five"),
    ]


def test_the_reader_of_python_finds_each_way_of_marking_a_text():
    source = """
_("one" " and a half")
gettext_lazy("two")
ngettext("a", "b", n)
pgettext_lazy("c", "three")
_(labels["not"]["this"])
_(f"nor {this}")
other("nor this")
"""
    assert list(catalogues.messages_of_python(source)) == [
        (None, "one and a half"),
        (None, "two"),
        (None, ("a", "b")),
        ("c", "three"),
    ]


# --- The pages ------------------------------------------------------------------------------------------------------


class Visible(HTMLParser):
    """Collects what a person sees or hears of a page: text, and the attributes that are read out."""

    SILENT = {"script", "style", "svg", "template"}
    SPOKEN = {"title", "placeholder", "aria-label", "alt"}
    # A tag of these never ends.
    VOID = {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    }

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[tuple[str, bool]] = []

    @property
    def silent(self) -> bool:
        """Whether the place is one that nobody sees."""
        return any(silent for _tag, silent in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the place and its spoken attributes."""
        values = {name: value or "" for name, value in attrs}
        # The icon font's glyphs are written as words.
        icon = "material-symbols-outlined" in values.get("class", "").split()
        if not self.silent and tag not in self.SILENT:
            self.texts += [values[name] for name in self.SPOKEN if name in values]
            if tag == "input" and values.get("type") in ("submit", "button", "reset"):
                self.texts.append(values.get("value", ""))
        if tag not in self.VOID:
            self.open.append((tag, icon or tag in self.SILENT))

    def handle_endtag(self, tag: str) -> None:
        """Leave the place; a tag that was left open inside of it ends too."""
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        """Note the text."""
        if not self.silent and data.strip():
            self.texts.append(" ".join(data.split()))


# Names of products, formats and keys on a keyboard.
NAMES_ALLOWED = {
    "ASCII",
    "CSV",
    "Command",
    "Control",
    "Cookie",
    "HTML",
    "ID",
    "IP",
    "Idempotency-Key",
    "JSON",
    "MB",
    "Mac",
    "XLSX",
    "Open",  # Open311, the standard
    "esc",
}
# Ids, and what a row is called in the technical lists.
PATTERNS_ALLOWED = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\b[0-9a-f]{12,64}(?![0-9A-Za-z])",  # fingerprints of texts
    r"\btest\.\d+",
    r"\bgcj02\b|\bwgs84\b",
)
# Shown to staff as the code that is stored, because the field has no label for it.  Each one that gets a label
# leaves this list; a new one does not come in.
WITHOUT_A_LABEL = {
    "None",  # who changed an article from the command line
}
# Fields that hold a code, an address, a spelling or a citation: a page may show their values as they are.
DATA = {
    Category: ("code", "name_en", "profile_code"),
    CalendarDay: ("source",),
    Column: ("slug",),
    Community: ("code", "pinyin"),
    DeadlineProfile: ("code", "basis"),
    DeadlineRule: ("over", "profile_code", "basis"),
    Department: ("code", "basis"),
    IndicatorDefinition: ("code",),
    FacilityKind: ("code",),
    HandoverChannel: ("code",),
    PolicyVersion: ("version", "text_url", "items"),
    Street: ("code", "pinyin", "source"),
    SmsTemplate: ("name", "template_id"),
    WechatTemplate: ("name", "template_id", "keys"),
}  # fmt: skip


def leaves(value: Any) -> Iterator[str]:
    """Return the keys and values of JSON as texts."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is None or isinstance(value, bool):
        yield json.dumps(value)
    else:
        yield str(value)


def data_in_use() -> set[str]:
    """Return the values of ``DATA``."""
    return {
        leaf
        for model, fields in DATA.items()
        for row in model._default_manager.values_list(*fields)
        for value in row
        for leaf in leaves(value)
    } | {"null"}


def words_left(text: str, data: set[str]) -> str:
    """Return what remains of a visible text when all that is allowed is taken out."""
    if text in data or text.strip('"') in data or text in WITHOUT_A_LABEL:
        return ""
    try:
        if set(leaves(json.loads(text))) <= data:
            return ""
    except ValueError:
        pass
    for pattern in PATTERNS_ALLOWED:
        text = re.sub(pattern, "", text)
    return " ".join(word for word in re.findall(r"[A-Za-z][A-Za-z'-]+", text) if word not in NAMES_ALLOWED)


def english(answer: HttpResponse, data: set[str] | None = None) -> dict[str, str]:
    """Return the visible texts of a page that hold an English word which is not allowed, and the words."""
    page = Visible()
    page.feed(answer.content.decode())
    found = {text: words_left(text, data or set()) for text in page.texts}
    return {text: words for text, words in found.items() if words}


@pytest.fixture
def everything(
    simulator: Any,
    resident: ResidentClient,
    grant: Callable[..., None],
    clerk: Staff,
    handler: Staff,
    editor: Staff,
) -> dict[str, Case]:
    """At least one row of all that the admin shows, and a case in each state that staff meet."""
    now = project_clock.now()
    grant(resident, count=5)
    accounts.phone_set(resident_id=resident.resident_id, phone="13800000000")
    accounts.profile_update(
        resident_id=resident.resident_id, nickname="江边的人", street="420107003", community=None, elder_mode=False,
        language="zh-hans", now=now, on=project_clock.today(),
    )  # fmt: skip
    cases: dict[str, Case] = {}
    steps: dict[str, Callable[[str], Any]] = {
        "accepted": lambda number: feedback.case_accept(number=number, staff=clerk, version=None, now=now),
        "dispatched": lambda number: feedback.case_dispatch(
            number=number, staff=clerk, version=None, unit="CG", note="请现场查看", now=now
        ),
        "signed": lambda number: feedback.case_sign(number=number, staff=handler, version=None, now=now),
        "in_progress": lambda number: feedback.case_start(
            number=number, staff=handler, version=None, now=now
        ),
        "replied": lambda number: feedback.case_reply(
            number=number, staff=handler, version=None, text="已更换灯具。", now=now
        ),
        "closed": lambda number: feedback.case_rate(
            number=number,
            resident_id=resident.resident_id,
            resolved=True,
            satisfaction=5,
            comment="很快",
            now=now,
        ),
    }
    for place, last in enumerate(("submitted", *steps)):
        photo = resident.upload(io.BytesIO(jpeg())).json()
        made = resident.post(
            "feedback/cases",
            {
                "request_type": "report", "category": "0201", "text": "路灯不亮，晚上看不清台阶。",
                "address": "建设二路路口", "street": "420107003", "point": {"lng": 114.397853, "lat": 30.633169},
                "uploads": [photo["id"]], "identity": "named",
            },
            key=f"draft-{place}",
        )  # fmt: skip
        assert made.status_code == 201, made.content
        number = made.json()["number"]
        for step in list(steps.values())[:place]:
            step(number)
        cases[last] = Case.objects.get(number=number)
        assert cases[last].state == last
    accounts.access_record(
        staff=clerk, resident_id=resident.resident_id, subject=number, data="电话", reason="核实地点", now=now
    )
    place_make(staff=clerk, resident_id=resident.resident_id)
    column = Column.objects.filter(parent=None).first()
    assert column
    desk = desk_make() | {Role.EDITOR: editor}
    given = {
        "title": "江边步道开放", "body_html": "<p>步道今日开放。</p>", "summary": "步道开放", "column": column.slug,
        "source": "区融媒体",
    }  # fmt: skip
    article_drafted(desk=desk, **given)
    article_approved(desk=desk, **given)
    article_published(desk=desk, **given)
    article = article_published(desk=desk, **given)
    news.article_retract(article_id=article.id, staff=desk[Role.REVIEWER_FINAL], reason="内容有误", now=now)
    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    wechat.pushes_store(
        source=wechat.Source.WECHAT,
        events=[
            event_of(message={"Event": name, "FromUserName": "o1"}, row_id=None, received_at=now)
            for name in ("subscribe_msg_popup_event", "debug_demo")
        ],
    )
    return cases


def pages_of(browser: Client) -> dict[str, HttpResponse]:
    """Return each list, form, row and history of the admin that this person may open."""
    paths = [reverse("admin:index"), reverse("admin:password_change"), reverse("admin:password_change_done")]
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        paths += [reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_add")]
        if browser.get(paths[-2]).status_code == 200:
            rows = list(model._default_manager.all()[: 8 if model in (Case, Article) else 1])
            pages = ("change", "history", "delete")
            paths += [reverse(f"admin:{name}_{page}", args=[row.pk]) for row in rows for page in pages]
    answers = {path: browser.get(path) for path in paths}
    # A row that is not this person's to see sends them to the start page with a message.
    return {path: answer for path, answer in answers.items() if "text/html" in answer.get("Content-Type", "")}


@pytest.mark.parametrize("role", Role)
def test_no_page_of_the_admin_shows_a_role_an_english_word(
    role: Role, everything: dict[str, Case], desk: Callable[[Staff], Client]
):
    person = staff_make(role.value, unit=UNITS.get(role, "QZB"))
    seen, data = pages_of(desk(person)), data_in_use()

    assert seen[reverse("admin:index")].status_code == 200
    assert {path: found for path, answer in seen.items() if (found := english(answer, data))} == {}


@pytest.mark.parametrize("state", ["submitted", "dispatched", "signed", "replied", "closed"])
def test_the_page_of_a_case_is_chinese_after_a_bad_form_and_a_late_click_too(
    state: str,
    everything: dict[str, Case],
    clerk: Staff,
    handler: Staff,
    desk: Callable[[Staff], Client],
):
    case = everything[state]
    door = lambda verb: reverse("admin:feedback_case_move", args=[case.pk, verb])  # noqa: E731
    contact = reverse("admin:feedback_case_contact", args=[case.pk])

    for person in (clerk, handler):
        browser = desk(person)
        answers = [
            browser.get(reverse("admin:feedback_case_change", args=[case.pk])),
            *(
                browser.post(door(verb), {"version": case.version})
                for verb in ("dispatch", "refuse", "reply", "close")
            ),
            *(
                browser.post(door(verb), {"version": 99, "text": "答复", "unit": "CG"})
                for verb in ("dispatch", "reply")
            ),
            browser.post(contact, {}),
            browser.post(contact, {"reason": "核实地点"}),
            browser.get(reverse("admin:feedback_case_changelist"), {"q": "不是编号", "state__exact": state}),
        ]
        assert [english(answer) for answer in answers if english(answer)] == []


def test_the_form_of_an_article_is_chinese_with_errors_too(
    everything: dict[str, Case], editor: Staff, desk: Callable[[Staff], Client]
):
    answer = desk(editor).post(
        reverse("admin:news_article_add"), {"title": "", "body_html": "", "events-TOTAL_FORMS": 0}
    )

    assert (answer.status_code, english(answer, data_in_use())) == (200, {})
    assert "必填" in answer.content.decode()


def test_signing_in_wrongly_and_being_locked_out_is_told_in_chinese(
    staff: Callable[..., Staff], settings: Any
):
    browser, path = Client(), reverse("admin:login")
    fields = {"username": staff("editor").username, "password": "not-this"}

    first = browser.get(path)
    answers = [browser.post(path, fields) for _attempt in range(settings.AXES_FAILURE_LIMIT + 1)]

    assert (first.status_code, answers[0].status_code, answers[-1].status_code) == (200, 200, 429)
    assert [english(answer) for answer in (first, *answers) if english(answer)] == []
    assert "登录失败次数过多" in answers[-1].content.decode()


def test_changing_a_password_wrongly_is_told_in_chinese(editor: Staff, desk: Callable[[Staff], Client]):
    answer = desk(editor).post(
        reverse("admin:password_change"),
        {"old_password": "x", "new_password1": "1234", "new_password2": "1234"},
    )

    assert (answer.status_code, english(answer)) == (200, {})
    assert "10 个字符" in answer.content.decode()


def test_a_page_that_is_missing_forbidden_or_unchecked_is_told_in_chinese(
    editor: Staff, desk: Callable[[Staff], Client], settings: Any
):
    browser, careful = desk(editor), Client(enforce_csrf_checks=True)
    answers = {
        404: browser.get("/admin/no/such/page/"),
        403: browser.get(reverse("admin:accounts_staff_changelist")),
    }
    unchecked = careful.post(reverse("admin:login"), {"username": "x", "password": "y"})
    outside = Client().get("/nowhere")
    settings.ALLOWED_HOSTS = ["elsewhere"]
    bad = Client().get("/nowhere")

    assert {status: answer.status_code for status, answer in answers.items()} == {404: 404, 403: 403}
    assert (unchecked.status_code, outside.status_code, bad.status_code) == (403, 404, 400)
    pages = [*answers.values(), unchecked, outside, bad]
    assert [english(answer) for answer in pages if english(answer)] == []
    assert "返回首页" in answers[404].content.decode()
    assert "/admin/" not in outside.content.decode()


def test_the_page_of_a_failure_is_chinese():
    answer = defaults.server_error(RequestFactory().get("/admin/"))

    assert (answer.status_code, english(answer)) == (500, {})


def test_the_words_of_the_text_editor_and_of_the_admin_scripts_are_chinese(
    editor: Staff, desk: Callable[[Staff], Client]
):
    script = desk(editor).get(reverse("admin:jsi18n")).content.decode()
    words = json.loads(re.search(r"const newcatalog = (\{.*?\});\n", script, re.DOTALL)[1])  # type: ignore[index]

    wanted = {str(text) for _context, text in catalogues.messages_wanted(catalogues.EDITOR_SCRIPT)}
    assert wanted <= set(words)
    assert (words["Insert Table"], words["Cancel"]) == ("插入表格", "取消")


def test_the_guard_sees_an_english_word_wherever_a_person_would():
    page = HttpResponse(
        '<style>no</style><p title="one">文 two</p><input placeholder="three"><img alt="four"><script>no</script>'
        '<span class="material-symbols-outlined">no</span><a href="no" aria-label="five">链接</a><b>ID esc</b>'
        '<input type="submit" value="six"><input type="text" value="no">'
    )
    assert " ".join(english(page).values()) == "one two three four five six"
