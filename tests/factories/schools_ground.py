"""Schools with catchments, rules on homes, and files of registers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections.abc import Iterable
from typing import Any

from apps.accounts.models import Department
from apps.schools.ground_selectors import HomeFacts, home_columns, home_facts
from apps.schools.models import CatchmentArea, CatchmentVersion, PlaceLockRule, School

_numbers = itertools.count(1)
STAGE = "primary"
FIRST_DAY = dt.date(2025, 1, 1)
# Communities of the fixtures.
COMMUNITY, OTHER_COMMUNITY = "420107001001", "420107001002"


def school_make(code: str = "", **given: Any) -> School:
    """Make a primary school that stands nowhere."""
    code = code or f"S{next(_numbers):03d}"
    return School.objects.create(pk=code, **({"name": f"示例小学{code}", "stage": STAGE} | given))


def version_make(
    *, published_at: dt.datetime | None = None, valid_from: dt.date = FIRST_DAY, **given: Any
) -> CatchmentVersion:
    """Make a catchment version, being prepared unless said otherwise."""
    values = {"stage": STAGE, "name": f"学区{next(_numbers)}", "source": "示例"} | given
    return CatchmentVersion.objects.create(published_at=published_at, valid_from=valid_from, **values)


def area_make(
    version: CatchmentVersion, school: School, road: str = "", numbers: Any = None, **given: Any
) -> CatchmentArea:
    """Make a line of a catchment; ``numbers``  first and last."""
    first, last = numbers or (None, None)
    return CatchmentArea.objects.create(
        version=version, school=school, road=road, number_from=first, number_to=last, **given
    )


def lock_rule_make(**given: Any) -> PlaceLockRule:
    """Make the rule: one place a home in six years, siblings exempt."""
    return PlaceLockRule.objects.create(
        **({"stage": STAGE, "years": 6, "valid_from": FIRST_DAY, "source": "示例"} | given)
    )


def csv_file(rows: Iterable[Iterable[Any]], *, encoding: str = "utf-8") -> io.BytesIO:
    """Return a CSV file as an office hands it over."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return io.BytesIO(out.getvalue().encode(encoding))


def home_known(
    *, stage: str, year: int, on: dt.date, home: str, child: str = "nobody", siblings: Any = ()
) -> HomeFacts:
    """Return what is known of a home, asked as an application asks it."""
    columns = home_columns(
        stage=stage, year=year, on=on, address_hash=home, child_hash=child, sibling_hashes=siblings
    )
    return home_facts(Department.objects.annotate(**columns).values(*columns)[0])
