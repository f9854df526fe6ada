"""Long files are a worker's; one that is killed leaves nothing half-written, and another one takes its work up."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from apps.common import clock as project_clock
from apps.common.models import Community
from apps.common.sheets import sheets_all
from apps.sheets import services
from apps.sheets.models import ImportBatch, ImportFile, ImportRow, ImportStep
from apps.sheets.services import importing, rows, undoing, uploading
from apps.sheets.states import LINES_IN_REQUEST, STUCK_AFTER, Verb
from qingshan.celery import app as celery_app
from tests.sheets.conftest import COMMUNITY, STREET, acted, counts, csv_of, uploaded

LATER = STUCK_AFTER + dt.timedelta(seconds=1)


class Killed(BaseException):
    """The worker is gone: nothing of the code's own handling runs."""


def communities(count: int) -> bytes:
    return csv_of([COMMUNITY, *((f"4201079{n:05d}", STREET, f"示例{n}", "是") for n in range(count))])


def run(batch: ImportBatch, *, later: dt.timedelta = dt.timedelta(0)) -> ImportBatch:
    services.batch_run(batch_id=batch.id, now=project_clock.now() + later)
    batch.refresh_from_db()
    return batch


def killed_at(monkeypatch, module, name: str, call: int) -> None:
    """Let the ``call``th call of a function kill the worker."""
    real, seen = getattr(module, name), []

    def dying(*args, **kwargs):
        seen.append(1)
        if len(seen) == call:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, dying)


def made() -> int:
    return Community.objects.filter(code__startswith="4201079").count()


@pytest.fixture
def queued(monkeypatch) -> list[str]:
    """What was queued instead of being sent."""
    names: list[str] = []
    for module in ("uploading", "decisions", "running", "importing"):
        monkeypatch.setattr(
            f"apps.sheets.services.{module}.send_after_commit",
            lambda name, **more: names.append(f"{name} {more.get('lane')}"),
        )
    return names


def test_a_file_of_more_lines_than_a_request_compares_waits_for_a_worker(keeper, second, queued):
    batch = uploaded(keeper, "communities", communities(LINES_IN_REQUEST + 1))
    assert (batch.state, queued) == ("uploaded", ["sheets.batch_run bulk"])

    assert (run(batch).state, counts(batch), batch.compared) == ("previewed", (2001, 0, 0, 0), 2001)
    acted(batch, Verb.APPROVE, second)
    assert (acted(batch, Verb.COMMIT, keeper).state, made()) == ("running", 0)
    assert (run(batch).state, made()) == ("done", 2001)
    assert queued == ["sheets.batch_run bulk"] * 2


def test_a_worker_killed_while_comparing_leaves_lines_that_the_next_one_begins_anew(
    keeper, monkeypatch, queued
):
    batch = uploaded(keeper, "communities", communities(LINES_IN_REQUEST + 1))
    with monkeypatch.context() as dying:
        killed_at(dying, uploading, "lines_compare", 3)
        with pytest.raises(Killed):
            run(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.compared, batch.rows.count(), made()) == ("previewing", 1000, 1000, 0)

    # While it may still be alive nobody takes its work.
    assert (run(batch).state, services.batches_sweep(now=project_clock.now())) == ("previewing", 0)
    assert services.batches_sweep(now=project_clock.now() + LATER) == 1
    assert queued[-1] == "sheets.batch_run bulk"
    assert (run(batch, later=LATER).state, counts(batch), batch.rows.count()) == (
        "previewed",
        (2001, 0, 0, 0),
        2001,
    )


def test_a_run_that_was_taken_for_dead_writes_nothing_more(keeper, monkeypatch, queued):
    batch = uploaded(keeper, "communities", communities(LINES_IN_REQUEST + 1))
    real = uploading.lines_compare

    def overtaken(**given):
        ImportBatch.objects.filter(id=batch.id).update(attempt=2)
        return real(**given)

    monkeypatch.setattr(uploading, "lines_compare", overtaken)

    assert (run(batch).state, batch.rows.count()) == ("previewing", 0)


@pytest.mark.parametrize("call", [1, 2])
def test_a_worker_killed_while_importing_leaves_nothing_and_the_next_one_imports_all(
    keeper, second, monkeypatch, queued, call
):
    batch = run(uploaded(keeper, "communities", communities(LINES_IN_REQUEST + 1)))
    acted(batch, Verb.APPROVE, second)
    acted(batch, Verb.COMMIT, keeper)
    with monkeypatch.context() as dying:
        killed_at(dying, importing, "rows_put", call)
        with pytest.raises(Killed):
            run(batch)
    batch.refresh_from_db()
    assert (batch.state, made(), batch.attempt) == ("running", 0, 1)

    assert services.batches_sweep(now=project_clock.now() + LATER) == 1
    assert (run(batch, later=LATER).state, made()) == ("done", 2001)


def test_work_that_broke_off_three_times_is_given_up_with_nothing_written(
    keeper, second, monkeypatch, queued
):
    batch = run(uploaded(keeper, "communities", communities(LINES_IN_REQUEST + 1)))
    acted(batch, Verb.APPROVE, second)
    acted(batch, Verb.COMMIT, keeper)
    for _time in range(3):
        with monkeypatch.context() as dying:
            killed_at(dying, importing, "rows_put", 1)
            with pytest.raises(Killed):
                run(batch)

    assert (run(batch).state, made(), ImportFile.objects.exists()) == ("failed", 0, False)


def test_a_worker_killed_while_undoing_leaves_the_import_as_it_was_and_the_next_one_undoes_it(
    keeper, monkeypatch
):
    batch = acted(uploaded(keeper, "communities", communities(3)), Verb.COMMIT, keeper)
    with monkeypatch.context() as dying:
        killed_at(dying, undoing, "fates_write", 1)
        with pytest.raises(Killed):
            acted(batch, Verb.UNDO, keeper)
    batch.refresh_from_db()
    assert (batch.state, made()) == ("undoing", 3)

    assert (run(batch, later=LATER).state, made()) == ("undone", 0)


def test_an_import_whose_table_is_busy_waits_and_is_queued_again(keeper, monkeypatch, queued):
    batch = uploaded(keeper, "communities", communities(3))
    monkeypatch.setattr(importing, "kind_try_lock", lambda **_given: False)

    waiting = acted(batch, Verb.COMMIT, keeper)

    assert (waiting.state, waiting.attempt, made(), queued) == ("running", 0, 0, ["sheets.batch_run bulk"])
    monkeypatch.undo()
    assert (run(waiting).state, made()) == ("done", 3)


def test_two_workers_at_one_import_write_it_once(at_once, staff):
    keeper, second = staff("administrator"), staff("administrator")
    batch = uploaded(keeper, "communities", communities(300))
    acted(batch, Verb.APPROVE, second)
    ImportBatch.objects.filter(id=batch.id).update(state="running")

    at_once(2, lambda: services.batch_run(batch_id=batch.id, now=project_clock.now()))

    batch.refresh_from_db()
    assert (batch.state, made(), ImportStep.objects.filter(verb="finish").count()) == ("done", 300, 1)


def test_two_imports_of_one_table_take_turns_and_the_later_one_sees_a_conflict(at_once, staff):
    keeper = staff("administrator")
    batches = [uploaded(keeper, "communities", communities(50)) for _each in range(2)]
    ImportBatch.objects.update(state="running")
    todo = list(batches)

    at_once(2, lambda: services.batch_run(batch_id=todo.pop().id, now=project_clock.now()))
    for batch in batches:
        run(batch)

    assert (sorted(batch.state for batch in batches), made()) == (["done", "refused"], 50)


def test_files_and_lines_are_kept_as_long_as_they_serve_and_no_longer(keeper):
    done = acted(uploaded(keeper, "communities", communities(2)), Verb.COMMIT, keeper)
    waiting = uploaded(keeper, "communities", communities(3))
    thrown = acted(uploaded(keeper, "communities", communities(4)), Verb.DISCARD, keeper)

    def after(days: int) -> tuple[dict[str, int], str, list[int]]:
        told = services.retention_run(now=project_clock.now() + dt.timedelta(days=days))
        waiting.refresh_from_db()
        return told, waiting.state, [batch.rows.count() for batch in (done, waiting, thrown)]

    assert after(29) == ({"expired": 0, "lines": 0}, "previewed", [2, 3, 4])
    assert ImportFile.objects.count() == 1
    assert after(31) == ({"expired": 1, "lines": 7}, "discarded", [2, 0, 0])
    assert ImportFile.objects.count() == 0
    assert after(181) == ({"expired": 0, "lines": 2}, "discarded", [0, 0, 0])
    assert (ImportBatch.objects.count(), ImportRow.objects.count()) == (3, 0)


def test_importing_takes_few_statements_for_many_rows(keeper, second):
    from django.test.utils import CaptureQueriesContext

    def statements(count: int) -> int:
        batch = run(uploaded(keeper, "communities", communities(count)))
        acted(batch, Verb.APPROVE, second)
        with CaptureQueriesContext(connection) as seen:
            acted(batch, Verb.COMMIT, keeper)
        Community.objects.filter(code__startswith="4201079").delete()
        return len(seen)

    assert statements(1500) - statements(500) <= 2 * 8


def test_each_task_that_a_table_queues_exists_and_has_a_lane():
    celery_app.loader.import_default_modules()
    from apps.common.heartbeat import LANES

    queued = [task for kind in sheets_all() for task in kind.queues]

    assert [(task.name in celery_app.tasks, task.lane in LANES) for task in queued] == [(True, True)]
    assert rows.BUSY_S <= 60
