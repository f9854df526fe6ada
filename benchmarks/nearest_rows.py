"""``python -m benchmarks.nearest_rows``: network points all over the district, and questions to them.

``fill N``      writes network points until there are N, every tenth at the place of the one before it, every fifth with
                hours, of 30 kinds; prints how many there are
``ask N``       asks N pages of 20 in each of several ways through the selector, and the bare scan; prints milliseconds
``compare N``   asks N questions, in both systems and every fourth for one kind, and counts those whose answer is not the
                one of brute force; prints the count
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from heapq import nsmallest
from itertools import repeat
from math import dist
from typing import Any
from uuid import UUID

import django

SEED, LIMIT, KINDS, NAMES = 61, 20, 30, 2000
WEST, EAST, SOUTH, NORTH = 114.30, 114.60, 30.52, 30.72
# A Tuesday on which nothing is special: what has hours is open at ten.
WEEKDAY = "2026-03-10"
# Each so many questions of ``compare`` are held against the formula over every single point, not only near the edge.
WHOLLY = 50
_SCAN = """
SELECT id FROM (SELECT id, 2 * 6371008.8 * asin(sqrt(power(sin(radians(gcj_lat - %(lat)s) / 2), 2) + cos(radians(%(lat)s))
    * cos(radians(gcj_lat)) * power(sin(radians(gcj_lng - %(lng)s) / 2), 2))) AS metres FROM facilities_facility
    WHERE status <> 'ended') f ORDER BY metres, id LIMIT %(limit)s
"""
_FILL = """
INSERT INTO facilities_facility (id, name, kind_id, address, lng, lat, crs, gcj_lng, gcj_lat, status, description, phone,
    languages, holiday_mode, capacity_note, provenance, accessible_for, pinyin, initials, search, version, created_at, updated_at)
SELECT gen_random_uuid(), n.name || i, 'bench-' || i %% %(kinds)s::int, '', p.lng, p.lat, 'gcj02', p.lng, p.lat, 'active', '', '',
    '{}', 'closed', '', '{}', CASE WHEN i %% 7 = 0 THEN '{wheelchair}'::varchar[] ELSE '{}' END, n.pinyin, '', n.search::tsvector,
    1, now(), now()
FROM generate_series(%(first)s::int, %(last)s::int) AS i
    JOIN bench_place p ON p.no = CASE WHEN i %% 10 = 9 THEN i - 1 ELSE i END JOIN bench_name n ON n.no = i %% %(names)s::int
"""
_HOURS = """
INSERT INTO facilities_openingrule (facility_id, weekday, opens_min, closes_min, note)
SELECT id, day, 510, 1050, '' FROM facilities_facility CROSS JOIN generate_series(0, 6) AS day
WHERE left(kind_id, 6) = 'bench-' AND right(kind_id, 1) IN ('0', '5')
    AND NOT EXISTS (SELECT FROM facilities_openingrule r WHERE r.facility_id = facilities_facility.id)
"""


def _names() -> list[list[Any]]:
    """Return names, pinyin and words: made once each, since cutting takes longer than writing."""
    from apps.facilities.search_text import Described, Name, pinyin_of, vector_of

    places = ["钢花", "红卫路", "冶金", "新沟桥", "工人村", "青山镇", "厂前", "武东", "白玉山", "北湖"]
    whats = [
        "社区服务站",
        "图书馆",
        "卫生服务中心",
        "幸福食堂",
        "菜市场",
        "小学",
        "体育公园",
        "文化站",
        "药房",
        "公共厕所",
    ]
    rows = []
    for number in range(NAMES):
        name = f"{places[number % 10]}{whats[number // 10 % 10]}{number // 100}号"
        pinyin = pinyin_of(text=name)
        described = Described(names=[Name(name, pinyin)], offers=[], place=["武汉市青山区"], about=[])
        rows.append([number, name, pinyin, vector_of(described=described)])
    return rows


def fill(count: int) -> int:
    """Write network points until there are ``count``."""
    from django.db import connection

    from apps.facilities.models import Facility, FacilityKind

    FacilityKind.objects.bulk_create(
        [
            FacilityKind(code=f"bench-{number}", name=f"基准{number}", circle_group="bench")
            for number in range(KINDS)
        ],
        ignore_conflicts=True,
    )
    have = Facility.objects.filter(kind__code__startswith="bench-").count()
    draw = random.Random(SEED)
    places = [(no, draw.uniform(WEST, EAST), draw.uniform(SOUTH, NORTH)) for no in range(count + 1)]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("CREATE TEMP TABLE bench_name (no integer, name text, pinyin text, search text)")
        cursor.execute("CREATE TEMP TABLE bench_place (no integer PRIMARY KEY, lng float8, lat float8)")
        cursor.executemany("INSERT INTO bench_name VALUES (%s, %s, %s, %s)", _names())
        columns = [list(column) for column in zip(*places, strict=True)]
        cursor.execute(
            "INSERT INTO bench_place SELECT * FROM unnest(%s::int[], %s::float8[], %s::float8[])", columns
        )
        cursor.execute(_FILL, {"kinds": KINDS, "names": NAMES, "first": have + 1, "last": count})
        cursor.execute(_HOURS)
        cursor.execute("VACUUM ANALYZE facilities_facility")
        cursor.execute("VACUUM ANALYZE facilities_openingrule")
    return Facility.objects.count()


def _somewhere(draw: random.Random) -> Any:
    from apps.common.geo import Point

    crs: Any = draw.choice(["gcj02", "wgs84"])
    return Point(draw.uniform(WEST, EAST), draw.uniform(SOUTH, NORTH), crs)


def ask(count: int) -> dict[str, dict[str, float]]:
    """Ask ``count`` pages of each kind in turns, after some that warm up; returns median and 95th percentile in ms."""
    from django.db import connection

    from apps.common import clock
    from apps.facilities.search import Asked, walk_of
    from apps.facilities.selectors import facilities_page

    draw, now = random.Random(SEED), clock.midnight(WEEKDAY) + clock.hours(10)

    def page(*, open_now: bool = False, **asked: str) -> Callable[[], Any]:
        narrowed = Asked(**asked, can_open=open_now)

        def one() -> Any:
            walk = walk_of(asked=narrowed, near=_somewhere(draw))
            return facilities_page(walk=walk, after=None, limit=LIMIT, open_now=open_now, now=now)

        return one

    def scan() -> Any:
        here = _somewhere(draw).to("gcj02")
        with connection.cursor() as cursor:
            cursor.execute(_SCAN, {"lat": here.lat, "lng": here.lng, "limit": LIMIT + 1})
            return cursor.fetchall()

    ways = {
        "near": page(), "kind": page(kind="bench-7"), "words": page(text="图书馆"), "rare words": page(text="北湖公厕19号"),
        "accessible": page(accessible_for="wheelchair"), "open": page(open_now=True),
    }  # fmt: skip
    spent: dict[str, list[float]] = {way: [] for way in (*ways, "scan")}
    for turn in range(count + 10):
        for way, one in (ways | ({"scan": scan} if turn % 10 == 0 else {})).items():
            began = time.perf_counter()
            one()
            if turn >= 10:
                spent[way].append(1000 * (time.perf_counter() - began))
    return {
        way: {"median": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1]}
        for way, values in spent.items()
    }


def compare(count: int) -> int:
    """Return how many of ``count`` questions are answered otherwise than by brute force.

    Brute force measures the straight line to every point, and the formula itself where that is at most the page's last
    (with a micrometre); every fiftieth question measures every point by the formula.
    """
    from apps.common.geo import Point
    from apps.facilities.models import Facility
    from apps.facilities.search import Asked, walk_of
    from apps.facilities.search_place import metres_between, sphere_point

    groups: dict[str, list[tuple[UUID, float, float]]] = {"": []}
    spheres: dict[str, list[tuple[float, float, float]]] = {"": []}
    rows = Facility.objects.exclude(gcj_lng=None).values_list("id", "kind_id", "gcj_lng", "gcj_lat")
    for id_, kind, lng, lat in rows:
        for group in ("", kind):
            groups.setdefault(group, []).append((id_, lng, lat))
            spheres.setdefault(group, []).append(sphere_point(point=Point(lng, lat)))
    draw, wrong = random.Random(SEED + 1), 0
    for number in range(count):
        here, kind = _somewhere(draw), f"bench-{draw.randrange(KINDS)}" if number % 4 == 0 else ""
        hits = walk_of(asked=Asked(kind=kind), near=here)(None, LIMIT)
        middle = here.to("gcj02")
        chords = list(map(dist, repeat(sphere_point(point=middle)), spheres[kind]))
        edge = nsmallest(LIMIT, chords)[-1] + 1e-10 if number % WHOLLY else 2.0
        near = [groups[kind][place] for place, chord in enumerate(chords) if chord <= edge]
        measured = sorted((metres_between(here=middle, lng=lng, lat=lat), id_) for id_, lng, lat in near)
        wrong += [(hit.distance_m, hit.id) for hit in hits] != measured[:LIMIT]
    return wrong


if __name__ == "__main__":
    django.setup()
    acts: dict[str, Callable[[int], Any]] = {"fill": fill, "ask": ask, "compare": compare}
    print(json.dumps(acts[sys.argv[1]](int(sys.argv[2]))))
