"""``python -m benchmarks.data``: rows to measure on, made through the services with a fixed seed.

At 1 ×: 100 cases of 10 residents and 10 published articles; 10 × and 100 × that many.  100 × (10,000 cases) is what
the nearest peer was measured at.  Besides, at every size: a resident with 2 cases, one with 100, and loose photos to
submit.  Runs in the environment of a stack and writes what the benchmarks need to know as JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

import django

from benchmarks.news_data import articles_write

SEED = 20260301
CASES, RESIDENTS, ARTICLES = 100, 10, 10
PHOTOS = 1400
SUBMITTERS = 100
CHUNK = 200
UNITS = {"CG": "handler.cg.demo", "JY": "handler.jy.demo", "SW": "handler.sw.demo"}
SENTENCES = (
    "小区门口的路灯不亮，晚上看不清台阶。", "人行道的地砖松了三块，下雨天会溅水。", "楼道里堆着旧家具，消防通道被占。",
    "公交站的遮雨棚漏水，等车的老人没地方站。", "公园的健身器材坏了一架，扶手松动。", "沿街店铺晚上十点以后音响声音很大。",
    "地下车库的积水一直没有抽干。", "垃圾收集点每天下午才清运，气味很重。", "想了解新生入学登记需要哪些材料。",
    "建议在路口加一盏行人信号灯。",
)  # fmt: skip
# How far the cases have come: state and share.
STATES = (("submitted", 30), ("dispatched", 20), ("signed", 15), ("replied", 35))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data")
    parser.add_argument("--size", type=int, choices=(1, 10, 100), default=100)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    django.setup()
    given.out.write_text(json.dumps(_make(given.size)), encoding="utf-8")


def _make(size: int) -> dict[str, Any]:
    from apps.accounts import selectors, services
    from apps.common import clock

    rng, now = random.Random(SEED), clock.now()
    policy = selectors.policy_current(now=now)
    version = policy.version if policy else None
    articles_write(articles=ARTICLES * size, columns=0)

    def person(name: str) -> dict[str, str]:
        resident, pair, _new = services.resident_sign_in(
            openid=f"bench-{name}", unionid=None, privacy_version=version, now=now
        )
        return {"id": str(resident.id), "token": pair.access}

    residents = [person(str(number)) for number in range(RESIDENTS * size)]
    submitters = [person(f"submitter-{number}") for number in range(SUBMITTERS)]
    few, many = person("few"), person("many")
    owners = [UUID(rng.choice(residents)["id"]) for _ in range(CASES * size)]
    _cases_in_parts(owners)
    numbers = {
        name: _cases(rng, [UUID(one["id"])] * count)
        for name, one, count in (("few", few, 2), ("many", many, 100))
    }
    return {
        "submitters": submitters,
        "photos": _photos([UUID(one["id"]) for one in submitters]),
        "few": few | {"number": numbers["few"][0]},
        "many": many | {"number": numbers["many"][0]},
        "size": size,
    }


def _cases_in_parts(owners: list[UUID]) -> None:
    """Make one case for each of ``owners`` in two processes: at 100 × this is most of the time."""
    half = len(owners) // 2
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        for part in [
            pool.submit(_cases_part, SEED + 1, owners[:half]),
            pool.submit(_cases_part, SEED + 2, owners[half:]),
        ]:
            part.result()


def _cases_part(seed: int, owners: list[UUID]) -> None:
    _cases(random.Random(seed), owners)


def _cases(rng: random.Random, owners: list[UUID]) -> list[str]:
    """Make one case for each of ``owners`` at a moment of the last 30 days; returns their numbers."""
    from django.db import connection, transaction

    from apps.accounts import selectors
    from apps.common import clock
    from apps.common.geo import Point
    from apps.feedback import services
    from apps.feedback.services import CaseDraft
    from apps.feedback.states import RequestType

    clerk = selectors.staff_by_username(username="clerk.demo")
    handlers = {unit: selectors.staff_by_username(username=name) for unit, name in UNITS.items()}
    types = list(RequestType)
    names, weights = [name for name, _ in STATES], [weight for _, weight in STATES]
    numbers: list[str] = []

    def one(owner: UUID) -> None:
        at = clock.now() - dt.timedelta(minutes=rng.randrange(30 * 24 * 60))
        draft = CaseDraft(
            request_type=rng.choice(types), text=rng.choice(SENTENCES) * rng.randint(1, 4), category="0201",
            street="420107003", address="建设二路公交站",
            point=Point(114.39 + rng.random() / 100, 30.63 + rng.random() / 100, "gcj02"),
        )  # fmt: skip
        number = services.case_submit(resident_id=owner, draft=draft, now=at).case.number
        state, unit = rng.choices(names, weights)[0], rng.choice(list(UNITS))
        acts: list[Callable[[], None]] = [
            lambda: services.case_dispatch(
                number=number, staff=clerk, version=None, unit=unit, note="", now=at  # type: ignore[arg-type]
            ),
            lambda: services.case_sign(number=number, staff=handlers[unit], version=None, now=at),  # type: ignore[arg-type]
            lambda: services.case_reply(
                number=number, staff=handlers[unit], version=None, text=rng.choice(SENTENCES), now=at  # type: ignore[arg-type]
            ),
        ]  # fmt: skip
        for act in acts[: names.index(state)]:
            act()
        numbers.append(number)

    for start in range(0, len(owners), CHUNK):
        with transaction.atomic():
            for owner in owners[start : start + CHUNK]:
                one(owner)
            # Nobody granted a message: what the worker would find out of each, written at once.
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE notifications_delivery SET state = 'suppressed', last_code = 'no_permission',"
                    " finished_at = created_at WHERE state = 'queued'"
                )
            connection.run_on_commit.clear()
    return numbers


def _photos(owners: list[UUID]) -> list[dict[str, Any]]:
    """Keep ``PHOTOS`` loose photos, the owners taking turns; ``submitter`` is the owner's place in the list."""
    from apps.common import clock
    from apps.common.files import image_clean
    from apps.common.uploads import upload_keep

    clean = image_clean(stream=io.BytesIO(_picture()))
    found = []
    for number in range(PHOTOS):
        place = number % len(owners)
        upload = upload_keep(clean=clean, owner_id=owners[place], purpose="case", now=clock.now())
        found.append({"submitter": place, "id": str(upload.id)})
    return found


def _picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (640, 480), (40, 44, 52)).save(out, "JPEG")
    return out.getvalue()


if __name__ == "__main__":
    main()
