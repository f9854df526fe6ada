"""The public seat counter of each evening."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from apps.schools import services
from apps.schools.models import IntakeCount
from tests.factories.people import resident_make
from tests.factories.schools import DAY, family_make, round_make


def test_the_counter_of_an_evening_is_kept_once_and_read_with_small_numbers_hidden(office, now) -> None:
    held = round_make(now=now, office=office, places={"s1": 20, "s2": 5})
    round_make(now=now, office=office, opened=False)
    for _one in range(5):
        family_make(held, ["s1"], now=now)
    assert services.counts_keep(now=now) == 2
    family_make(held, ["s1", "s2"], now=now)
    services.counts_keep(now=now)
    services.counts_keep(now=now + DAY)
    assert IntakeCount.objects.count() == 4

    rows = resident_make().get(f"schools/rounds/{held.pk}/history").json()["results"]
    seen = [(row["on"], row["name"], row["places"], row["applied"]) for row in rows]
    assert sorted(seen) == [
        ("2026-03-10", "s1班", 20, 5), ("2026-03-10", "s2班", 5, 0),
        ("2026-03-11", "s1班", 20, 6), ("2026-03-11", "s2班", 5, "<5"),
    ]  # fmt: skip
    assert seen[0][0] == "2026-03-11"
    for sql in ("UPDATE schools_intakecount SET applied = 0", "DELETE FROM schools_intakecount"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
