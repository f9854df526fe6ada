"""Word lists: loaded by one, put into force by another, kept whole, known to every process."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.safety import selectors, services
from apps.safety.errors import (
    FourEyes,
    VersionActive,
    WordListNotFound,
    WordsRefused,
    WordsRightMissing,
    WordsSame,
)
from apps.safety.models import WordEntry, WordList, WordListVersion
from apps.safety.selectors import Diff, lexicon_held
from apps.safety.states import Category, Level, Purpose
from apps.safety.word_rows import ROWS_MOST, WordRow, rows_check

NEWS = "错别字（示例）"
BOTH = "广告与敏感词（示例）"


def row(word: str, line: int = 2, level: str = "warn", category: str = "other", **more) -> WordRow:
    return WordRow(line, word, level, category, **more)


def loaded(staff, *words: str, name: str = BOTH) -> WordListVersion:
    rows = [row(word, line) for line, word in enumerate(words, start=2)]
    held = WordList.objects.get(name=name)
    return services.word_list_load(word_list_id=held.id, rows=rows, staff=staff, now=project_clock.now())


@pytest.fixture
def activated(django_capture_on_commit_callbacks):
    """Put a version into force and let what hangs on the commit happen: processes hear of it."""

    def act(version, staff) -> WordListVersion:
        with django_capture_on_commit_callbacks(execute=True):
            return services.version_activate(version_id=version.id, staff=staff, now=project_clock.now())

    return act


@pytest.fixture
def keeper(staff):
    return staff("desk_head", unit="XZSP")


@pytest.fixture
def other_keeper(staff):
    return staff("administrator")


def words_in(purpose: Purpose, text: str) -> list[str]:
    return [one.word for one in lexicon_held(purpose=purpose).lexicon.find(text)]


def test_the_starter_lists_are_in_force_each_for_its_texts(db):
    assert words_in(Purpose.NEWS, "一如继往，刷单返利") == ["一如继往", "刷单返利"]
    assert words_in(Purpose.RESIDENT_TEXTS, "一如继往，刷单返利") == ["刷单返利"]
    assert list(WordListVersion.objects.values_list("number", "is_active", "created_by", "activated_by")) == [
        (1, True, None, None),
        (1, True, None, None),
    ]


def test_loading_the_starter_lists_again_changes_nothing(db):
    count = WordEntry.objects.count()

    assert services.word_lists_load(
        lists=[{"name": BOTH, "purpose": "both", "words": []}], now=project_clock.now()
    ) == 0  # fmt: skip
    assert WordEntry.objects.count() == count


def test_a_loaded_version_counts_only_when_another_person_puts_it_into_force(keeper, other_keeper, activated):
    version = loaded(keeper, "黑话一", "黑话二")

    assert (version.number, version.size, version.is_active) == (2, 2, False)
    assert words_in(Purpose.RESIDENT_TEXTS, "黑话一与刷单返利") == ["刷单返利"]
    with pytest.raises(FourEyes):
        activated(version, keeper)
    assert words_in(Purpose.RESIDENT_TEXTS, "黑话一与刷单返利") == ["刷单返利"]

    activated(version, other_keeper)

    assert words_in(Purpose.RESIDENT_TEXTS, "黑话一与刷单返利") == ["黑话一"]
    held = WordListVersion.objects.filter(word_list=version.word_list).order_by("number")
    assert list(held.values_list("number", "is_active", "activated_by")) == [
        (1, False, None),
        (2, True, other_keeper.id),
    ]
    with pytest.raises(VersionActive):
        activated(version, other_keeper)


def test_an_older_version_can_come_back_into_force(keeper, other_keeper, activated):
    activated(loaded(keeper, "黑话一"), other_keeper)
    first = WordListVersion.objects.get(word_list__name=BOTH, number=1)

    activated(first, keeper)

    assert words_in(Purpose.RESIDENT_TEXTS, "黑话一与刷单返利") == ["刷单返利"]


@pytest.mark.parametrize("role", ["intake_clerk", "handler", "editor", "reviewer_first", "auditor"])
def test_who_does_not_keep_lists_neither_loads_nor_puts_into_force(staff, keeper, role, activated):
    version, person = loaded(keeper, "黑话一"), staff(role)

    with pytest.raises(WordsRightMissing):
        loaded(person, "黑话二")
    with pytest.raises(WordsRightMissing):
        activated(version, person)

    assert list(WordListVersion.objects.filter(word_list__name=BOTH).values_list("number", "is_active")) == [
        (1, True),
        (2, False),
    ]


def test_the_same_words_are_not_a_new_version_whatever_their_order(keeper):
    loaded(keeper, "甲词", "乙词")

    with pytest.raises(WordsSame) as refused:
        loaded(keeper, "乙词", "甲词")

    assert refused.value.facts == {"number": 2}
    assert WordListVersion.objects.filter(word_list__name=BOTH).count() == 2


def test_a_list_or_a_version_that_is_not_there_is_told(keeper):
    with pytest.raises(WordListNotFound):
        services.word_list_load(word_list_id=0, rows=[row("甲")], staff=keeper, now=project_clock.now())
    with pytest.raises(WordListNotFound):
        services.version_activate(version_id=0, staff=keeper, now=project_clock.now())


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row("。。"), "字符"),
        (row("长" * 41), "字符"),
        (row("甲", level="heavy"), "权重"),
        (row("甲", category="none"), "类别"),
        (row("甲", suggestion="长" * 41), "改为"),
        (row("游行", windows=("别的词",)), "包含"),
        (row("游行", windows=("游 行",)), "包含"),
        (row("游行", windows=tuple(f"{n}游行" for n in range(21))), "最多"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_nothing_is_written(keeper, bad, words):
    rules, problems = rows_check(rows=[row("好词", 9), bad])

    assert [rule.word for rule in rules] == ["好词"]
    assert [problem.line for problem in problems] == [2]
    with pytest.raises(WordsRefused):
        services.word_list_load(
            word_list_id=WordList.objects.get(name=BOTH).id, rows=[row("好词", 9), bad], staff=keeper,
            now=project_clock.now(),
        )  # fmt: skip
    assert WordListVersion.objects.filter(word_list__name=BOTH).count() == 1


def test_two_ways_of_writing_one_word_are_one_word(db):
    _rules, problems = rows_check(rows=[row("VX", 2), row("v-x", 3)])

    assert [problem.line for problem in problems] == [3]


def test_an_empty_and_an_endless_table_are_refused(db):
    assert [problem.line for problem in rows_check(rows=[])[1]] == [0]
    assert [problem.line for problem in rows_check(rows=[row("甲")] * (ROWS_MOST + 1))[1]] == [0]


def test_a_preview_tells_what_changes_and_writes_nothing(keeper, other_keeper, activated):
    activated(loaded(keeper, "留下", "拿走", "变重"), other_keeper)
    rows = [row("留下"), row("变重", 3, level="block"), row("新来", 4)]

    preview = services.word_list_preview(word_list_id=WordList.objects.get(name=BOTH).id, rows=rows)

    assert preview.diff == Diff(added=("新来",), removed=("拿走",), changed=("变重",))
    assert (preview.size, preview.problems) == (3, ())
    assert WordListVersion.objects.filter(word_list__name=BOTH).count() == 2


def test_the_words_of_a_version_come_back_as_they_were_given(keeper):
    rows = [row("游行", level="block", category="sensitive", suggestion="游览", windows=("上游行业",))]
    held = WordList.objects.get(name=BOTH)
    version = services.word_list_load(word_list_id=held.id, rows=rows, staff=keeper, now=project_clock.now())

    (rule,) = selectors.rules_of(version_ids=[version.id])

    assert (rule.word, rule.level, rule.category) == ("游行", Level.BLOCK, Category.SENSITIVE)
    assert (rule.suggestion, rule.windows) == ("游览", ("上游行业",))


def test_a_process_builds_the_words_anew_only_when_a_version_came_into_force(keeper, other_keeper, activated):
    version = loaded(keeper, "黑话一")
    held = lexicon_held(purpose=Purpose.RESIDENT_TEXTS)
    forget_all()

    with CaptureQueriesContext(connection) as before:
        assert lexicon_held(purpose=Purpose.RESIDENT_TEXTS).lexicon is held.lexicon
    activated(version, other_keeper)
    with CaptureQueriesContext(connection) as after:
        assert words_in(Purpose.RESIDENT_TEXTS, "黑话一") == ["黑话一"]

    assert (len(before.captured_queries), len(after.captured_queries)) == (1, 2)


def constraint_of(act) -> str:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    return str(error.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def test_the_database_itself_keeps_four_eyes_and_one_version_in_force(keeper):
    version, now = loaded(keeper, "黑话一"), project_clock.now()
    rows = WordListVersion.objects.filter(id=version.id)

    assert constraint_of(
        lambda: rows.update(activated_by=keeper, activated_at=now)
    ) == "word_version_four_eyes"  # fmt: skip
    assert constraint_of(lambda: rows.update(is_active=True)) == "word_version_activated_whole"
    assert constraint_of(lambda: rows.update(activated_at=now)) == "word_version_activated_whole"
    WordListVersion.objects.filter(id=version.id).update(created_by=None)
    assert constraint_of(
        lambda: rows.update(is_active=True, activated_at=now)
    ) == "word_version_one_active"  # fmt: skip


def test_a_listed_word_is_never_rewritten(keeper):
    version = loaded(keeper, "黑话一")

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        WordEntry.objects.filter(version=version).update(word="黑话二")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        WordEntry.objects.filter(version=version).delete()

    assert list(version.entries.values_list("word", flat=True)) == ["黑话一"]
