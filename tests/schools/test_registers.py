"""Registers of offices: reading the file, keeping hashes, all lines or none; schools in spreadsheets."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Department
from apps.common import clock as the_clock
from apps.common.crypto import lookup_hash
from apps.schools.addresses import address_key
from apps.schools.ground_errors import RegisterRefused
from apps.schools.models import (
    AdmissionRound,
    Application,
    CatchmentArea,
    Child,
    EducationCommunity,
    PriorityCategory,
    RegisterRow,
    School,
)
from apps.schools.services import registers
from apps.schools.services.children import child_hash
from apps.schools.services.registers import RegisterLine, RegisterReport, register_import, register_read
from apps.sheets.errors import SheetRefused
from tests.factories.clinics import id_number
from tests.factories.people import staff_make
from tests.factories.schools_ground import (
    COMMUNITY,
    OTHER_COMMUNITY,
    area_make,
    csv_file,
    home_known,
    school_make,
    version_make,
)
from tests.sheets.conftest import xlsx_of

HEADER = ("证件号码", "地址", "社区编号")
HOME = "和平大道1388号3栋2单元501室"


@pytest.fixture
def now(db, clock) -> dt.datetime:
    return the_clock.now()


def home(address=HOME, community=COMMUNITY) -> str:
    return lookup_hash(address_key(address, community), purpose="home")


def imported(now, *rows, kind="hukou", year=2026) -> RegisterReport:
    return register_import(kind=kind, year=year, rows=rows, now=now)


def read(*rows, kind="hukou", header=HEADER, **more):
    return register_read(csv_file([header, *rows], **more), "t.csv", kind)


def has(kind="hukou", year=2026, address=HOME, person="nobody"):
    facts = home_known(stage="primary", year=year, on=dt.date(2026, 9, 1), home=home(address), child=person)
    return facts.hukou if kind == "hukou" else facts.property


# --- Keeping --------------------------------------------------------------------------------------------------------


def test_lines_are_found_as_a_familys_entry_is_and_hold_nothing_in_the_clear(now):
    number = id_number(born=dt.date(2019, 5, 1))
    report = imported(
        now, RegisterLine("resident", number, HOME, COMMUNITY), ("other", "P12345", "3-2-501", COMMUNITY)
    )

    assert report == RegisterReport(lines=2, added=2)
    person = child_hash(id_kind="resident", number=number)
    assert has(address="和平大道 1388# 3-2-501", person=person) is True
    assert has(person=child_hash(id_kind="other", number="P12345")) is False
    assert has(address="和平大道1388号3栋2单元502室", person=person) is False
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM schools_registerrow t")
        written = cursor.fetchone()[0]
    assert (number in written, "和平大道" in written) == (False, False)


def test_where_no_register_was_imported_nothing_can_be_said(now):
    assert has() is None
    imported(now, ("", "", HOME, COMMUNITY), kind="property")

    assert (has(), has("property"), has("property", year=2025)) == (None, True, None)
    assert has("property", address="友谊大道1号") is False
    assert RegisterRow.objects.get().person_hash == ""


def test_lines_that_are_there_stay_and_new_ones_are_added(now):
    row, other = ("other", "P12345", HOME, COMMUNITY), ("other", "P12346", HOME, COMMUNITY)
    imported(now, row)
    later = now + dt.timedelta(days=1)

    assert imported(later, row, other, other, row) == RegisterReport(lines=4, added=1)
    assert imported(later, row, year=2027) == RegisterReport(lines=1, added=1)
    assert list(RegisterRow.objects.order_by("id").values_list("year", "imported_at")) == [
        (2026, now), (2026, later), (2027, later),
    ]  # fmt: skip


def test_a_line_without_home_or_person_refuses_all(now):
    good = ("other", "P12345", HOME, COMMUNITY)
    for bad in (
        ("other", "P1", "", COMMUNITY),
        ("other", "P1", "3-2-501", ""),
        ("other", "", HOME, COMMUNITY),
    ):
        with pytest.raises(RegisterRefused) as refused:
            imported(now, good, bad)
        assert HOME not in refused.value.text()
    assert RegisterRow.objects.count() == 0


def test_it_takes_a_statement_for_every_two_thousand_lines(now, django_assert_max_num_queries):
    rows = [("", "", f"和平大道{n}号", COMMUNITY) for n in range(1, 4_002)]

    with django_assert_max_num_queries(7):  # 3 inserts, 2 counts, the savepoint's ends
        assert imported(now, *rows, kind="property").added == 4_001


def test_the_database_keeps_a_line_once_whoever_writes_it(now):
    imported(now, ("other", "P12345", HOME, COMMUNITY))

    for statement in (
        "INSERT INTO schools_registerrow (kind, year, person_hash, address_hash, imported_at)"
        " SELECT kind, year, person_hash, address_hash, now() FROM schools_registerrow",
        "UPDATE schools_registerrow SET kind = 'other'",
    ):
        with (
            pytest.raises(IntegrityError, match="register_"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


# --- Reading --------------------------------------------------------------------------------------------------------


def test_a_file_is_read_in_each_format_with_its_columns_in_any_order(now):
    number = id_number(born=dt.date(2019, 5, 1))
    rows = [(number.lower(), f" {HOME} ", COMMUNITY), ("p 12345", "3-2-501", COMMUNITY), ("", "", "")]
    lines = [
        RegisterLine("resident", number, HOME, COMMUNITY),
        RegisterLine("other", "P12345", "3-2-501", COMMUNITY),
    ]

    assert read(*rows) == lines
    assert read(*rows, encoding="gb18030") == lines
    assert read(*rows, encoding="utf-8-sig") == lines
    assert register_read(io.BytesIO(xlsx_of([HEADER, *rows])), "t.xlsx", "hukou") == lines
    turned = [(c, a, "x", b) for a, b, c in rows[:2]]
    assert read(*turned, header=("社区编号", "证件号码", "备注", "地址")) == lines


def test_the_register_of_deeds_reads_no_persons_number(now):
    rows = [("not a number", HOME, COMMUNITY)]

    assert read(*rows, kind="property") == [RegisterLine("", "", HOME, COMMUNITY)]
    assert read((HOME, ""), kind="property", header=("地址", "社区编号")) == [RegisterLine("", "", HOME, "")]


def test_a_code_typed_as_a_number_is_read(now):
    raw = xlsx_of([HEADER, ("P12345", HOME, int(COMMUNITY))])

    assert register_read(io.BytesIO(raw), "t.xlsx", "hukou")[0].community == COMMUNITY


def test_bad_lines_are_named_by_their_number_and_never_quoted(now):
    wrong = id_number(born=dt.date(2019, 5, 1))
    wrong = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    rows = [
        ("P12345", HOME, COMMUNITY),
        (wrong, HOME, COMMUNITY),
        ("", HOME, COMMUNITY),
        ("P12345", "", COMMUNITY),
        ("P12345", "路" * 121, COMMUNITY),
        ("P12345", HOME, "420107999999"),
        ("P12345", "3-2-501", ""),
    ]

    with pytest.raises(RegisterRefused) as refused:
        read(*rows)

    told = refused.value.facts["lines"]
    assert [str(n) in told for n in (3, 4, 5, 6, 7, 8)] == [True] * 6
    assert [one in told for one in (wrong, HOME, "P12345", "420107999999")] == [False] * 4
    assert refused.value.status == 400


def test_of_many_bad_lines_the_first_twenty_are_told(now):
    with pytest.raises(RegisterRefused) as refused:
        read(*[("?", HOME, COMMUNITY)] * 50)

    told = refused.value.facts["lines"]
    assert ("21" in told, "22" in told, "30" in told) == (True, False, True)  # lines 2 to 21, and 30 more


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\x01", b"PK\x03\x04nonsense", "证件号码,地址\nP12345,x\n".encode(), "证件号码,地址,社区编号\n".encode(),
        "证件号码,地址,地址,社区编号\nP12345,x,y,\n".encode(), b"a,b,c\n1,2,3\n", b'"open', b"\xff\xfe\xff",
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(now, raw):
    with pytest.raises(SheetRefused):
        register_read(io.BytesIO(raw), "t.csv", "hukou")


def test_a_file_has_its_limits(now, monkeypatch):
    monkeypatch.setattr(registers, "MOST_ROWS", 3)
    assert len(read(*[("P12345", HOME, COMMUNITY)] * 3)) == 3
    with pytest.raises(SheetRefused):
        read(*[("P12345", HOME, COMMUNITY)] * 4)

    monkeypatch.setattr(registers, "FILE_BYTES", 10)
    with pytest.raises(SheetRefused):
        read(("P12345", HOME, COMMUNITY))


# --- The desk -------------------------------------------------------------------------------------------------------


def test_a_register_is_imported_at_the_desk_whole_or_not_at_all(now, desk):
    keeper, looker = staff_make(), staff_make()
    names = ["view_registerrow", "add_registerrow"]
    keeper.user_permissions.set(Permission.objects.filter(codename__in=names))
    looker.user_permissions.set(Permission.objects.filter(codename="view_registerrow"))
    page = "/admin/schools/registerrow/add/"

    def post(client, *rows):
        file = SimpleUploadedFile("t.csv", csv_file([HEADER, *rows]).read())
        return client.post(page, {"kind": "hukou", "year": "2026", "file": file})

    good = ("P12345", HOME, COMMUNITY)
    assert desk(looker).get(page).status_code == 403
    assert post(desk(looker), good).status_code == 403
    form = desk(keeper).get(page).content.decode()
    assert ('id="register-form"' in form, "社区编号" in form) == (True, True)
    refused = post(desk(keeper), good, ("?", HOME, COMMUNITY))
    assert (refused.status_code, HOME in refused.content.decode()) == (400, False)
    assert RegisterRow.objects.count() == 0

    assert post(desk(keeper), good).status_code == 302
    assert RegisterRow.objects.count() == 1
    line = RegisterRow.objects.get()
    assert desk(keeper).get("/admin/schools/registerrow/").status_code == 200
    shown = desk(keeper).get(f"/admin/schools/registerrow/{line.pk}/change/").content.decode()
    assert line.person_hash not in shown


# --- Spreadsheets ---------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(db, clock):
    import apps.schools.sheets  # noqa: F401 - registers the tables

    staff = staff_make("administrator")
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="schools"))
    return type(staff).objects.get(pk=staff.pk)


def taken_in(keeper, kind, rows):
    from apps.sheets.states import Verb
    from tests.sheets.conftest import acted, csv_of, uploaded

    batch = uploaded(keeper, kind, csv_of(rows))
    return acted(batch, Verb.COMMIT, keeper) if not batch.refused else batch


def exported(keeper, kind, **more):
    from apps.sheets import services
    from apps.sheets.models import ExportLog

    export = services.sheet_export(
        kind=kind, format=ExportLog.Format.CSV, staff=keeper, now=the_clock.now(), **more
    )
    return list(csv.reader(io.StringIO(export.file.read().decode("utf-8-sig"))))


def test_communities_and_schools_come_in_by_their_natural_keys(keeper):
    from tests.sheets.conftest import counts

    taken_in(keeper, "education-communities", [("name", "source"), ("示例教联体", "示例")])
    batch = taken_in(
        keeper, "schools",
        [("code", "name", "stage", "community", "is_lead"), ("S1", "示例小学", "primary", "示例教联体", "1"),
         ("S2", "示例二小", "primary", "示例教联体", "0")],
    )  # fmt: skip

    assert (batch.state, counts(batch)) == ("done", (2, 0, 0, 0))
    first, second = School.objects.order_by("code")
    assert (first.community, first.is_lead, second.is_lead) == (EducationCommunity.objects.get(), True, False)
    assert exported(keeper, "schools")[1][:4][0] == "S1"


def test_a_second_lead_school_is_refused_by_the_database_and_nothing_is_written(keeper):
    EducationCommunity.objects.create(name="示例教联体")

    batch = taken_in(
        keeper, "schools",
        [("code", "name", "stage", "community", "is_lead"), *[(f"S{n}", "示例", "primary", "示例教联体", "1") for n in "12"]],
    )  # fmt: skip

    assert (batch.state, School.objects.count()) == ("refused", 0)


def lines_of(version) -> set[tuple[object, ...]]:
    rows = CatchmentArea.objects.filter(version=version)
    return set(rows.values_list("school_id", "community_id", "road", "number_from", "number_to", "parity"))


def test_catchments_are_one_line_a_school_in_the_version_being_prepared(keeper):
    from apps.sheets.states import Verb
    from tests.sheets.conftest import acted, counts, csv_of, uploaded

    school_make("S1")
    school_make("S2")
    old, draft = version_make(published_at=the_clock.now()), version_make(name="2026")
    area_make(old, School.objects.get(pk="S1"), "友谊大道")
    area_make(draft, School.objects.get(pk="S1"), "旧路")
    rows = [
        ("code", "version", "areas"),
        ("S1", "2026", f"和平大道 1－99 单号；{COMMUNITY} 建设二路; {OTHER_COMMUNITY}"),
        ("S2", "2026", "和平大道 2-98 双；友谊大道 7"),
    ]

    batch = taken_in(keeper, "catchment-areas", rows)

    assert (batch.state, counts(batch)) == ("done", (0, 2, 0, 0))
    assert lines_of(draft) == {
        ("S1", None, "和平大道", 1, 99, "odd"), ("S1", COMMUNITY, "建设二路", None, None, "all"),
        ("S1", OTHER_COMMUNITY, "", None, None, "all"), ("S2", None, "和平大道", 2, 98, "even"),
        ("S2", None, "友谊大道", 7, 7, "all"),
    }  # fmt: skip
    assert lines_of(old) == {("S1", None, "友谊大道", None, None, "all")}
    table = exported(keeper, "catchment-areas")
    again = uploaded(keeper, "catchment-areas", csv_of([("code", "version", "areas"), *table[1:]]))
    assert counts(again) == (0, 0, 2, 0)

    acted(batch, Verb.UNDO, keeper)
    assert lines_of(draft) == {("S1", None, "旧路", None, None, "all")}


@pytest.mark.parametrize(
    ("areas", "column"),
    [
        ("青山区和平大道", "areas"), ("和平大道 99-1", "areas"), ("1-99", "areas"), ("420107999999", "areas"),
        ("和平大道 1-99 左", "areas"), (f"{COMMUNITY} 单号", "areas"), ("和平大道1-99", "areas"),
    ],
)  # fmt: skip
def test_areas_that_can_not_be_are_refused(keeper, areas, column):
    from tests.sheets.conftest import errors

    school_make("S1")
    version_make(name="2026")

    batch = taken_in(keeper, "catchment-areas", [("code", "areas"), ("S1", areas)])

    assert [name for _line, wrong in errors(batch) for name, _text in wrong] == [column]
    assert CatchmentArea.objects.count() == 0


def test_without_a_version_being_prepared_or_by_another_name_no_line_comes_in(keeper):
    from tests.sheets.conftest import errors

    school_make("S1")
    rows = [("code", "version", "areas"), ("S1", "2026", "和平大道"), ("S9", "2026", "和平大道")]

    first = taken_in(keeper, "catchment-areas", rows)
    version_make(name="2027")
    second = taken_in(keeper, "catchment-areas", rows)

    for batch in (first, second):
        assert [(line, [name for name, _text in wrong]) for line, wrong in errors(batch)] == [
            (2, ["version"]), (3, ["code"]),
        ]  # fmt: skip


def test_what_was_published_after_the_preview_is_not_changed(keeper):
    from apps.sheets.states import Verb
    from tests.sheets.conftest import acted, csv_of, uploaded

    school_make("S1")
    draft = version_make(name="2026")
    batch = uploaded(keeper, "catchment-areas", csv_of([("code", "areas"), ("S1", "和平大道")]))
    draft.published_at = the_clock.now()
    draft.save()

    assert acted(batch, Verb.COMMIT, keeper).state == "refused"
    assert CatchmentArea.objects.count() == 0


def enrolled_make(keeper) -> Application:
    now, unit = the_clock.now(), Department.objects.order_by("id").first()
    held = AdmissionRound.objects.create(
        code="r", name="示例", stage="primary", year=2026, department=unit, opens_at=now, closes_at=now + dt.timedelta(1),
        fix_until=now + dt.timedelta(2), answer_until=now + dt.timedelta(3), waiting_until=now + dt.timedelta(4),
        starts_on=dt.date(2026, 9, 1), born_from=dt.date(2019, 9, 1), born_to=dt.date(2020, 8, 31),
        public_number_source="示例", source="示例",
    )  # fmt: skip
    category = PriorityCategory.objects.create(round=held, code="A", name="一类", rank=1)
    child = Child.objects.create(
        name="示例儿童", id_kind="other", id_number="P12345", id_hash="c" * 64, birth_on=dt.date(2020, 1, 1), gender="female",
        created_at=now,
    )  # fmt: skip
    return Application.objects.create(
        number="QS2026001", round=held, child=child, state="enrolled", filed_by_staff=keeper, category=category, address=HOME,
        address_hash=home(), phone="13800000000", submitted_at=now, created_at=now,
    )  # fmt: skip


def test_enrolled_children_go_out_with_a_reason_and_never_come_in(keeper):
    from apps.sheets.errors import ReasonNeeded
    from apps.sheets.models import ExportLog
    from tests.sheets.conftest import counts, csv_of, uploaded

    enrolled_make(keeper)

    plain = exported(keeper, "enrolled-children")
    assert plain[1] == ["QS2026001", "", "", ""]
    with pytest.raises(ReasonNeeded):
        exported(keeper, "enrolled-children", personal=True, reason="")
    whole = exported(keeper, "enrolled-children", personal=True, reason="分班")
    assert whole[1] == ["QS2026001", "", "", "", "示例儿童", "P12345", "2020-01-01", "13800000000"]
    log = ExportLog.objects.get(personal=True)
    assert (log.reason, "id_number" in log.columns) == ("分班", True)
    for rows in ([("number", "school"), ("QS2026001", "X")], [("number",), ("QS2026009",)]):
        assert counts(uploaded(keeper, "enrolled-children", csv_of(rows))) == (0, 0, 0, 1)
    with pytest.raises(SheetRefused):
        uploaded(keeper, "enrolled-children", csv_of([("number", "child_name"), ("QS2026001", "X")]))
