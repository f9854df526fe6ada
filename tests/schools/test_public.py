"""What everybody may read: rounds, the seat counter, and each file of a draw from the moment it is public."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.schools import selectors, services
from apps.schools.models import AllocationRun, Draw, RosterFreeze
from apps.schools.states import RoundState
from tests.factories.people import attr_of, code_of
from tests.factories.schools import DAY, Round, draft, family_make, round_make, round_run
from tests.factories.schools_ground import COMMUNITY, area_make, school_make, version_make

ORDER = [
    RoundState.OPEN, RoundState.VERIFYING, RoundState.FROZEN, RoundState.COMMITTED, RoundState.DRAWN, RoundState.ALLOCATED,
    RoundState.PUBLISHED,
]  # fmt: skip
BUNDLE = ["certificate.json", "draw.json", "manifest.json", "result.jsonl", "roster.jsonl"]


@pytest.fixture
def held(office, now) -> Round:
    """Seven want six places at two schools."""
    made = round_make(now=now, office=office, places={"s1": 4, "s2": 2}, reserves={("s1", "b"): 1})
    for number in range(7):
        family_make(made, ["s1", "s2"] if number % 2 else ["s1"], now=now, category="ab"[number % 2])
    return made


def files_of(anyone, held: Round, *names: str) -> dict[str, int]:
    return {
        name: anyone.get(f"schools/rounds/{held.pk}/draw/files/{name}").status_code
        for name in (*BUNDLE, *names)
    }


# --- Rounds and the counter -------------------------------------------------------------------------------------------


def test_rounds_are_listed_newest_first_once_they_are_announced(office, now, anyone) -> None:
    old = round_make(now=now, office=office, year=2025)
    new = round_make(now=now, office=office, max_choices=2)
    hidden = round_make(now=now, office=office, opened=False)

    listed = anyone.get("schools/rounds").json()

    assert [one["id"] for one in listed["results"]] == [str(new.pk), str(old.pk)]
    assert listed["next"] is None
    page = anyone.get("schools/rounds", limit=1).json()
    assert [one["id"] for one in page["results"]] == [str(new.pk)]
    following = anyone.get("schools/rounds", limit=1, cursor=page["next"]).json()
    assert [one["id"] for one in following["results"]] == [str(old.pk)]
    whole = anyone.get(f"schools/rounds/{new.pk}").json()
    assert (whole["state"], whole["state_label"], whole["accepting"], whole["max_choices"]) == (
        "open",
        "已发布",
        True,
        2,
    )
    assert [(one["code"], one["rank"]) for one in whole["categories"]] == [("a", 0), ("b", 1)]
    assert str(hidden.pk) not in json.dumps(listed)


def test_a_round_that_is_being_prepared_is_nowhere(office, now, anyone, resident) -> None:
    hidden = round_make(now=now, office=office, opened=False)
    base = f"schools/rounds/{hidden.pk}"
    paths = [
        base,
        f"{base}/intakes",
        f"{base}/history",
        f"{base}/draw",
        *(f"{base}/draw/files/{name}" for name in (*BUNDLE, "verify.py")),
    ]

    assert [anyone.get(path).status_code for path in paths] == [404] * len(paths)
    assert anyone.get("schools/rounds").json()["results"] == []
    unknown = "01a209de-0c60-70f5-a543-b6c136728a37"
    assert code_of(anyone.get(f"schools/rounds/{unknown}")) == code_of(anyone.get(base)) == "round_unknown"
    # Nor can anybody apply in it.
    child = services.child_add(resident_id=resident.resident_id, draft=draft(), now=now)
    body = {"round": str(hidden.pk), "child": str(child.child_id)}
    refused = resident.post("schools/applications", body)
    assert (refused.status_code, code_of(refused)) == (404, "round_unknown")


def test_the_counter_says_less_than_five_for_few_and_how_places_changed(held, office, now, anyone) -> None:
    family_make(held, ["s1"], now=now, submitted=False)
    services.plan_change(intake_id=held.intakes["s2"].pk, places=3, reason="扩班", staff=office.head, now=now)

    first, second = anyone.get(f"schools/rounds/{held.pk}/intakes").json()

    assert (first["code"], first["plan"], first["places"], first["applied"], first["verified"]) == (
        "s1",
        4,
        4,
        7,
        0,
    )
    assert (second["plan"], second["places"], second["applied"], second["free"]) == (2, 3, "<5", "<5")
    assert [(one["before"], one["after"], one["reason"]) for one in second["changes"]] == [(2, 3, "扩班")]
    assert first["reserves"] == [{"category": "第1类", "seats": 1}]
    assert (first["cutoffs"], first["offered"], first["waiting"]) == ([], 0, 0)


def test_after_publication_the_counter_tells_of_offers_and_cutoffs_without_telling_of_single_children(
    held, now, anyone
) -> None:
    at = round_run(held, until=RoundState.PUBLISHED, now=now)
    first = anyone.get(f"schools/rounds/{held.pk}/intakes").json()[0]

    assert (first["applied"], first["verified"], first["offered"], first["free"]) == (7, 7, "<5", 0)
    over_all = next(one for one in first["cutoffs"] if one["category"] is None)
    assert (over_all["admitted"], over_all["applied"], over_all["last_rank"] is None) == ("<5", 7, False)
    for line in first["cutoffs"]:
        if line["category"] is not None:
            assert [line[name] for name in ("last_rank", "last_priority", "last_points", "last_band")] == [
                None
            ] * 4
    # An answer moves it at once: nothing old is kept.
    offered = next(one for one in held.families if one.application.state == "allocated")
    services.offer_accept(application_id=offered.application_id, by=offered.by, now=at)
    counted = [anyone.get(f"schools/rounds/{held.pk}/intakes").json()[place]["accepted"] for place in (0, 1)]
    assert sorted(map(str, counted)) == ["0", "<5"]


def test_who_has_an_answer_already_is_told_so_until_it_changes(held, office, now, anyone) -> None:
    for path in ("schools/rounds", f"schools/rounds/{held.pk}", f"schools/rounds/{held.pk}/intakes", f"schools/rounds/{held.pk}/draw"):  # fmt: skip
        first = anyone.get(path)
        again = anyone.get(path, headers={"If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path
    path = f"schools/rounds/{held.pk}/intakes"
    etag = anyone.get(path)["ETag"]
    services.plan_change(intake_id=held.intakes["s2"].pk, places=5, reason="扩班", staff=office.head, now=now)
    changed = anyone.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed["ETag"] != etag) == (200, True)


# --- The draw ---------------------------------------------------------------------------------------------------------


def test_each_file_is_public_from_its_moment_on_and_nothing_before(held, now, anyone) -> None:
    at, path = now, f"schools/rounds/{held.pk}/draw"
    seen = {}
    for state in ORDER:
        at = round_run(held, until=state, now=at)
        held.row.refresh_from_db()
        assert held.row.state == state
        told = anyone.get(path).json()
        seen[state] = {name for name, value in told.items() if value not in (None, [])}
        public = {name for name, status in files_of(anyone, held).items() if status == 200}
        assert set(files_of(anyone, held).values()) <= {200, 404}
        frozen, over = ORDER.index(state) >= 2, state == RoundState.PUBLISHED
        assert public == (set(BUNDLE) if over else {"roster.jsonl"} if frozen else set()), state
        assert set(told["files"]) == (public | {"verify.py"} if frozen else set())
        if state in (RoundState.FROZEN, RoundState.COMMITTED):
            # Neither the secret nor a word of it leaves before the public number is fixed.
            secret = Draw.objects.values_list("secret", flat=True).first()
            assert secret is None or secret not in anyone.get(path).content.decode()
            assert (told["secret"], told["public_number"]) == (None, None)

    always = {"round", "public_number_source"}
    freeze = always | {"roster_hash", "frozen_at", "applicants", "files"}
    commit = freeze | {"commitment", "committed_at"}
    reveal = commit | {"secret", "public_number", "revealed_at"}
    assert list(seen.values()) == [
        always, always, freeze, commit, reveal, reveal, reveal | {"algorithm", "certificate_holds", "bundle_hash"},
    ]  # fmt: skip


def test_no_other_name_is_a_file(held, now, anyone) -> None:
    round_run(held, until=RoundState.PUBLISHED, now=now)
    for name in ("other.json", "..%2Fverify.py", "verify.pyc", "secret", "a%0D%0AX: y"):
        assert anyone.get(f"schools/rounds/{held.pk}/draw/files/{name}").status_code == 404


def test_anyone_checks_the_draw_on_the_downloaded_files_with_the_downloaded_program(
    held, now, anyone, tmp_path: Path
) -> None:
    round_run(held, until=RoundState.PUBLISHED, now=now)
    told = anyone.get(f"schools/rounds/{held.pk}/draw").json()
    for name in told["files"]:
        answer = anyone.get(f"schools/rounds/{held.pk}/draw/files/{name}")
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        (tmp_path / name).write_bytes(answer.content)
    assert hashlib.sha256((tmp_path / "roster.jsonl").read_bytes()).hexdigest() == told["roster_hash"]
    assert hashlib.sha256((tmp_path / "manifest.json").read_bytes()).hexdigest() == told["bundle_hash"]
    family = held.families[3]
    receipt = selectors.roster_code(application_id=family.application_id)

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "verify.py", ".", *more]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
        )

    right = run("--roster-hash", told["roster_hash"], "--receipt", str(receipt))
    assert (right.returncode, right.stdout.splitlines()[-1]) == (0, "验证通过。"), right.stdout + right.stderr
    offer = selectors.offer_live(application_id=family.application_id)
    place = f"{offer.intake.code}。" if offer else "未录取。"
    assert next(line for line in right.stdout.splitlines() if str(receipt) in line).endswith(place)
    # Another fingerprint than the family got at the freeze, another code, another byte: it says so.
    assert run("--roster-hash", "0" * 64).returncode == 1
    assert run("--receipt", "0" * 16).returncode == 1
    result = tmp_path / "result.jsonl"
    result.write_bytes(result.read_bytes().replace(b'"s2"', b'"s1"', 1))
    assert run().returncode == 1


def test_what_is_public_names_no_child_no_home_and_no_application(held, now, anyone) -> None:
    round_run(held, until=RoundState.PUBLISHED, now=now)
    whole = "".join(
        anyone.get(f"schools/rounds/{held.pk}/draw/files/{name}").content.decode() for name in BUNDLE
    ) + "".join(
        anyone.get(f"schools/rounds/{held.pk}{door}").content.decode() for door in ("", "/intakes", "/draw")
    )  # fmt: skip
    for family in held.families:
        row = family.application
        for secret in (
            row.number,
            row.child.name,
            row.child.id_number,
            row.address,
            row.address_hash,
            str(row.pk),
            str(row.child_id),
        ):
            assert secret not in whole
    assert AllocationRun.objects.get().sha256 in whole
    assert RosterFreeze.objects.get().sha256 in whole


# --- Catchments -------------------------------------------------------------------------------------------------------


def test_a_home_finds_its_schools_and_a_bad_question_its_limit(office, now, anyone) -> None:
    school, other = school_make(), school_make()
    version = version_make(published_at=now - DAY)
    area_make(version, school, community_id=COMMUNITY)
    area_make(version, other, "和平大道", (1, 99))
    path = "schools/catchment"

    by_community = anyone.get(path, stage="primary", community=COMMUNITY)
    by_road = anyone.get(path, stage="primary", address="青山区和平大道77号3栋", community=COMMUNITY)

    assert [(one["school_code"], one["by"], one["valid_to"]) for one in by_community.json()] == [
        (school.pk, "community", None)
    ]
    assert [(one["school_code"], one["by"], one["version"]) for one in by_road.json()] == [
        (other.pk, "road", version.name)
    ]
    assert anyone.get(path, stage="junior", community=COMMUNITY).json() == []
    assert anyone.get(path, stage="primary", community=COMMUNITY, on="2024-12-31").json() == []
    wrong = [
        ({"community": COMMUNITY}, "stage"), ({"stage": "x", "community": COMMUNITY}, "stage"), ({"stage": "primary"}, "address"),
        ({"stage": "primary", "community": COMMUNITY, "on": "20260301"}, "on"),
        ({"stage": "primary", "address": "路" * 121}, "address"), ({"stage": "primary", "community": "4" * 13}, "community"),
    ]  # fmt: skip
    for query, attr in wrong:
        answer = anyone.get(path, **query)
        assert (answer.status_code, attr_of(answer)) == (400, attr), query
    again = anyone.get(
        path, headers={"If-None-Match": by_community["ETag"]}, stage="primary", community=COMMUNITY
    )
    assert again.status_code == 304
