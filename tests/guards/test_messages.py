"""Staff and residents read Chinese: the catalogues are whole, and no page of the admin shows an English word."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts import services as accounts
from apps.accounts.models import Staff
from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.feedback import services as feedback
from apps.feedback.labels import STATE_LABELS
from apps.feedback.models import Case
from apps.feedback.states import CaseState
from apps.news import services as news
from apps.news.models import Article, Column
from apps.news.states import Verb
from apps.notifications import services as notifications
from scripts import catalogues
from scripts.catalogues import Target
from tests.factories.people import ResidentClient, staff_make
from tests.factories.pictures import jpeg

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
SHARED_WITH_DJANGO = {"active", "group", "Close"}


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


ALLOWED: tuple[str, ...] = ()


def english(answer: HttpResponse) -> list[str]:
    """Return the visible texts of a page that hold an English word which is not allowed."""
    page = Visible()
    page.feed(answer.content.decode())
    return [
        text for text in page.texts if re.search("[A-Za-z]{2}", re.sub("|".join(ALLOWED) or "$^", "", text))
    ]


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
    column = Column.objects.filter(parent=None).first()
    assert column
    for verbs in ((), (Verb.PUBLISH,), (Verb.PUBLISH, Verb.RETRACT)):
        article = news.article_draft(
            title="江边步道开放", body_html="<p>步道今日开放。</p>", summary="步道开放", column=column.slug, source="区融媒体",
            staff=editor, now=now,
        )  # fmt: skip
        for verb in verbs:
            news.article_move(article_id=article.id, verb=verb, staff=editor, reason="内容有误", now=now)
    notifications.pump(lane="interactive")
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
    seen = pages_of(desk(person))

    import json,os
    if os.environ.get("DUMP"):
        with open(os.environ["DUMP"],"a") as f:
            for path, answer in seen.items():
                for t in english(answer): f.write(json.dumps([role.value, path, answer.status_code, t],ensure_ascii=False)+"\n")
        return
    assert seen[reverse("admin:index")].status_code == 200
    assert {path: english(answer) for path, answer in seen.items() if english(answer)} == {}
