"""The page of figures: who sees what, and where each number leads."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.models import Department
from apps.reports import services
from apps.reports.models import DailyFigure, IndicatorDefinition
from tests.conftest import MORNING
from tests.factories.histories import walk_write
from tests.reports.test_table import DAY, answered, sent

PAGE, CASES = "admin:reports_figures", "admin:reports_figure_cases"


@pytest.fixture
def counted(resident, clock):
    begun = {"at": MORNING - 6 * DAY}
    walks = [
        answered(resident, after=DAY, to="CG", **begun), answered(resident, after=3 * DAY, to="CG", **begun),
        answered(resident, after=DAY, to="SW", **begun), sent(resident, to="SW", **begun),
    ]  # fmt: skip
    walk_write(*walks)
    services.figures_rebuild(now=MORNING)
    return walks


def rows_of(page: str) -> dict[str, str]:
    """Return the cells of each row of the table as words."""
    found = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", cells).split()) for name, cells in found}


def test_a_head_of_the_desk_sees_all_units(counted, staff, desk):
    page = desk(staff("desk_head")).get(reverse(PAGE)).content.decode()

    rows = rows_of(page)
    assert list(rows)[:2] == ["区城管执法局", "区水务局"]
    assert "50.0 % 1 / 2" in rows["区水务局"]
    assert "50.0 % 1 / 2" in rows["区城管执法局"]


def test_a_supervisor_sees_the_own_units_and_can_not_ask_for_others(counted, staff, desk):
    client = desk(staff("supervisor", unit="CG"))
    other = Department.objects.get(code="SW").id

    page = client.get(reverse(PAGE))
    asked = client.get(reverse(PAGE), {"unit": other})
    listed = client.get(reverse(CASES), {"code": "answered", "part": "numerator", "by": "unit", "key": other})

    assert "区城管执法局" in rows_of(page.content.decode())
    assert "区水务局" not in page.content.decode()
    assert (asked.status_code, listed.status_code) == (400, 404)


def test_a_supervisor_whose_units_have_others_below_sees_those_too(counted, staff, desk):
    parent, child = Department.objects.get(code="JY"), Department.objects.get(code="SW")
    Department.objects.filter(pk=child.pk).update(parent=parent)

    assert "区水务局" in rows_of(desk(staff("supervisor", unit="JY")).get(reverse(PAGE)).content.decode())


@pytest.mark.parametrize("role", ["intake_clerk", "handler", "auditor", "administrator", "editor"])
def test_others_see_no_figures(counted, staff, desk, role):
    client = desk(staff(role, unit="CG"))

    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse(CASES), {"code": "answered", "part": "numerator"}).status_code == 403
    assert f'href="{reverse(PAGE)}"' not in client.get(reverse("admin:index")).content.decode()


def test_nobody_looks_at_a_single_row(counted, staff, desk):
    row = DailyFigure.objects.order_by("id")[0]

    url = reverse("admin:reports_dailyfigure_change", args=[row.pk])

    assert desk(staff("desk_head")).get(url).status_code == 403


def test_a_number_leads_to_its_cases_and_those_to_their_pages(counted, staff, desk):
    client = desk(staff("desk_head"))
    page = client.get(reverse(PAGE)).content.decode()
    unit = Department.objects.get(code="SW").id
    links = [
        link.replace("&amp;", "&") for link in re.findall(rf'href="({re.escape(reverse(CASES))}[^"]+)"', page)
    ]
    wanted = next(link for link in links if f"key={unit}&code=on_time_rate&part=denominator" in link)

    listed = client.get(wanted).content.decode()

    assert [walk.case.number in listed for walk in counted] == [False, False, True, True]
    assert reverse("admin:feedback_case_change", args=[counted[3].case.pk]) in listed


def test_a_case_that_has_left_the_own_units_is_listed_without_a_link(counted, staff, desk):
    client = desk(staff("supervisor", unit="CG"))
    case = counted[0].case
    type(case).objects.filter(pk=case.pk).update(unit=Department.objects.get(code="SW"))

    listed = client.get(reverse(CASES), {"code": "answered", "part": "numerator"}).content.decode()

    assert case.number in listed
    assert reverse("admin:feedback_case_change", args=[case.pk]) not in listed
    assert reverse("admin:feedback_case_change", args=[counted[1].case.pk]) in listed


@pytest.mark.parametrize("by", ["unit", "street", "category", "request_type", "month", "day"])
def test_every_grouping_has_a_table_a_chart_and_the_words_of_its_definitions(counted, staff, desk, by):
    answer = desk(staff("desk_head")).get(reverse(PAGE), {"by": by})

    page = answer.content.decode()
    assert (answer.status_code, page.count('class="chart"')) == (200, 1)
    for definition in IndicatorDefinition.objects.all():
        assert escape(definition.numerator) in page


@pytest.mark.parametrize(
    "given",
    [
        {"since": "2026-03-05", "until": "2026-03-01"}, {"since": "2020-01-01"}, {"since": "x"}, {"by": "resident"},
        {"unit": "0"}, {"street": "nowhere"}, {"category": "9999x"}, {"request_type": "x"},
    ],
)  # fmt: skip
def test_what_can_not_be_asked_for_is_a_form_with_an_error(counted, staff, desk, given):
    answer = desk(staff("desk_head")).get(reverse(PAGE), given)

    assert (answer.status_code, 'id="figures-table"' in answer.content.decode()) == (400, False)


@pytest.mark.parametrize(
    "given",
    [
        {"part": "x"}, {"code": "x"}, {"key": "x"}, {"by": "month", "key": "2026-99"}, {"after": "x"},
        {"after": "1~2026-03-01T00:00:00+08:00~x"},
    ],
)  # fmt: skip
def test_a_list_of_cases_that_can_not_be_is_not_found(counted, staff, desk, given):
    asked = {"code": "answered", "part": "numerator", "by": "unit", **given}

    assert desk(staff("desk_head")).get(reverse(CASES), asked).status_code == 404


def test_the_page_takes_as_many_statements_for_many_rows_as_for_few(counted, staff, desk, resident):
    client = desk(staff("desk_head"))
    client.get(reverse(PAGE))

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(PAGE), {"by": "day"}).status_code == 200
        return len(captured)

    few = statements()
    walk_write(
        *(answered(resident, after=DAY, at=MORNING - dt.timedelta(days=days)) for days in range(5, 25))
    )
    services.figures_rebuild(now=MORNING)
    client.get(reverse(PAGE))

    assert statements() == few


def test_the_start_page_shows_chiefs_how_their_units_do(counted, staff, desk):
    for role, seen in (
        ("desk_head", True),
        ("supervisor", True),
        ("intake_clerk", False),
        ("handler", False),
    ):
        page = desk(staff(role, unit="CG")).get(reverse("admin:index")).content.decode()
        assert (page.count('class="chart"') == 2) is seen, role
        assert ("50.0 % (1 / 2)" in page) is seen, role


def test_a_definition_without_a_formula_is_refused(staff, desk):
    row = IndicatorDefinition.objects.get(code="on_time_rate")
    values = {
        "code": "on_time_rate", "name": "按时答复率", "numerator": "x", "denominator": "y", "exclusions": "",
        "valid_from": "2026-06-01", "source": "z", "small_sample": 30, "position": 20,
    }  # fmt: skip
    url = reverse("admin:reports_indicatordefinition_add")

    answer = desk(staff("desk_head")).post(url, {**values, "version": 2})

    assert (answer.status_code, IndicatorDefinition.objects.filter(code="on_time_rate").count()) == (200, 1)
    change = reverse("admin:reports_indicatordefinition_change", args=[row.pk])
    assert (
        desk(staff("desk_head"))
        .post(change, {**values, "name": "按时率", "valid_from": "2026-01-01"})
        .status_code
        == 302
    )
    row.refresh_from_db()
    assert (row.name, row.version) == ("按时率", 1)
