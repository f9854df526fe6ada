"""Models of the suggestion of categories: versions, what goes live, and what a new case gets."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.feedback import services
from apps.feedback.models import Case, Category, SuggestionModel
from apps.feedback.services import suggestion as training
from apps.feedback.states import CaseState
from apps.feedback.suggestion_selectors import categories_suggested, suggester
from tests.factories.cases import case_make

pytestmark = pytest.mark.django_db


def closed(resident, text: str, category: str, *, days_ago: int = 1) -> Case:
    case = case_make(resident, text=text, category=category)
    at = project_clock.now() - dt.timedelta(days=days_ago)
    Case.objects.filter(pk=case.pk).update(state=CaseState.CLOSED, settled_at=at)
    return case


def versions() -> list[tuple[int, bool]]:
    return list(SuggestionModel.objects.order_by("version").values_list("version", "is_active"))


def test_the_reference_data_leave_a_live_model(resident):
    live = SuggestionModel.objects.get(is_active=True)

    assert live.trained_on == {"words": live.trained_on["words"], "texts": live.trained_on["texts"], "samples": 82, "cases": 0}  # fmt: skip
    assert live.top3 >= 0.94
    assert categories_suggested(text="楼下的路灯不亮")[0][0] == "0201"
    assert services.suggestion_load(now=project_clock.now()) is False


def test_a_new_case_without_a_category_keeps_what_was_suggested(resident):
    case = case_make(resident, category=None)

    assert case.suggested[0]["code"] == "0201"
    assert len(case.suggested) == 3


def test_what_staff_confirmed_is_learnt(resident, settings):
    before = categories_suggested(text="踢踏桩坏了")
    for _each in range(4):
        closed(resident, "踢踏桩坏了，请修理踢踏桩", "1603")

    row = services.suggestion_train(now=project_clock.now())
    forget_all()

    assert row.trained_on["cases"] == 4
    assert before[0][0] != "1603"
    assert categories_suggested(text="踢踏桩坏了")[0][0] == "1603"
    assert versions() == [(row.version - 1, False), (row.version, True)]


def test_what_is_old_open_or_divided_teaches_nothing(resident):
    closed(resident, "踢踏桩坏了", "1603", days_ago=731)
    case_make(resident, text="踢踏桩坏了", category="1603")
    parent = closed(resident, "踢踏桩坏了，路灯也坏了", "1603")
    part = closed(resident, "路灯也坏了", "0201")
    Case.objects.filter(pk=part.pk).update(parent=parent)

    assert services.suggestion_train(now=project_clock.now()).trained_on["cases"] == 0


def test_a_model_that_is_clearly_worse_does_not_go_live(resident):
    SuggestionModel.objects.filter(is_active=True).update(top3=1.0)

    row = services.suggestion_train(now=project_clock.now())

    assert row.is_active is False
    assert versions() == [(row.version - 1, True), (row.version, False)]


def test_a_model_that_is_a_little_worse_goes_live(resident):
    live = SuggestionModel.objects.get(is_active=True)
    SuggestionModel.objects.filter(pk=live.pk).update(top3=live.top3 + training.MAY_BE_WORSE)

    assert services.suggestion_train(now=project_clock.now()).is_active is True


def test_the_last_ten_versions_are_kept_and_the_live_one():
    first = SuggestionModel.objects.get(is_active=True)
    SuggestionModel.objects.filter(pk=first.pk).update(top3=1.0)
    for _each in range(12):
        newest = services.suggestion_train(now=project_clock.now())

    assert versions() == [
        (first.version, True),
        *((newest.version - 9 + place, False) for place in range(10)),
    ]


def test_the_database_holds_one_live_model_and_shares_within_bounds():
    live = SuggestionModel.objects.get(is_active=True)

    with pytest.raises(IntegrityError, match="suggestion_one_live"), transaction.atomic():
        SuggestionModel.objects.create(
            version=999, trained_at=live.trained_at, weights=b"", top1=0, top3=0, held_out_n=0, is_active=True
        )
    with pytest.raises(IntegrityError, match="suggestion_shares"), transaction.atomic():
        SuggestionModel.objects.filter(pk=live.pk).update(top3=1.01)


def test_a_category_that_is_no_longer_in_force_is_not_suggested():
    Category.objects.filter(code="0201").update(valid_to="2026-02-01")
    forget_all()

    assert "0201" not in dict(categories_suggested(text="楼下的路灯不亮"))


def test_without_a_model_the_keywords_of_the_tree_are_asked():
    SuggestionModel.objects.all().delete()
    forget_all()

    assert suggester().suggest("路灯不亮") == []
    assert categories_suggested(text="路灯灯不亮")[0] == ("0201", 0.5)
    assert categories_suggested(text="你好") == []


def test_once_read_a_suggestion_takes_no_statement(django_assert_num_queries):
    categories_suggested(text="路灯不亮")
    with django_assert_num_queries(0):
        categories_suggested(text="水管爆了")


def test_the_command_says_what_it_did(capsys):
    call_command("suggestion_train")

    row = SuggestionModel.objects.get(is_active=True)
    assert capsys.readouterr().out.startswith(f"version {row.version} live True held out {row.held_out_n} ")
