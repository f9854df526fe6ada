"""The draw and its bundle: the same bytes everywhere, and a verifier that accepts these bytes and no others."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apps.schools import verify
from apps.schools.allocation import allocate
from apps.schools.bundle import bundle_files
from apps.schools.checker import check
from apps.schools.draw import commitment_of, draw_number, seed_of
from apps.schools.standing import RosterInvalid, canonical, roster_bytes, roster_hash, roster_read
from tests.schools.rosters import roster_random

ROOT = Path(__file__).parents[2]
SECRET = bytes(range(32))
MAKE_AND_HASH = """
import hashlib, sys
from tests.schools.test_draw import bundle_of
from tests.schools.rosters import roster_random
whole = hashlib.sha256()
for policy in ("deferred", "draw", "parallel", "immediate"):
    for number in range(40):
        for name, data in sorted(bundle_of(roster_random(number, policy=policy, most=12)).items()):
            whole.update(name.encode() + data)
print(whole.hexdigest())
"""


def bundle_of(roster) -> dict[str, bytes]:
    """Return the published files of a round."""
    data = roster_bytes(roster)
    fingerprint = roster_hash(data)
    seed = seed_of(SECRET, "20260501", fingerprint)
    outcome = allocate(roster, seed)
    certificate = check(roster, seed, outcome)
    assert certificate.ok
    bound = commitment_of(SECRET, roster.round_code, fingerprint)
    return bundle_files(data, bound, SECRET, "20260501", "演示：公证处当众摇号", outcome, certificate)


def refused(files: dict[str, bytes], **more: str) -> bool:
    """Whether the verifier refuses a bundle."""
    try:
        verify.verify(files, **more)
    except verify.Wrong:
        return True
    return False


# --- The draw ---------------------------------------------------------------------------------------------------------


def test_lots_and_commitment_are_the_documented_formulas() -> None:
    secret, fingerprint = "00" * 32, "ab" * 32
    bound = hashlib.sha256(f"qingshan-draw-1|commit|r1|{fingerprint}|{secret}".encode()).hexdigest()
    assert commitment_of(bytes(32), "r1", fingerprint) == bound
    seed = hashlib.sha256(f"qingshan-draw-1|seed|{secret}|12345|{fingerprint}".encode()).digest()
    assert seed_of(bytes(32), "12345", fingerprint) == seed
    import hmac

    assert draw_number(seed, "abc") == int(hmac.new(seed, b"abc", "sha256").hexdigest()[:16], 16)


def test_any_other_input_gives_other_lots() -> None:
    usual = draw_number(seed_of(SECRET, "12345", "ab" * 32), "one")
    others = [
        draw_number(seed_of(SECRET[::-1], "12345", "ab" * 32), "one"),
        draw_number(seed_of(SECRET, "12346", "ab" * 32), "one"),
        draw_number(seed_of(SECRET, "12345", "ac" * 32), "one"),
        draw_number(seed_of(SECRET, "12345", "ab" * 32), "two"),
    ]
    assert len({usual, *others}) == 5


# --- The roster -------------------------------------------------------------------------------------------------------


def test_a_roster_reads_back_and_only_its_canonical_bytes_are_one() -> None:
    for number in range(100):
        roster = roster_random(number, most=9)
        data = roster_bytes(roster)
        assert roster_read(data) == roster
    head, *rest = data.splitlines(keepends=True)
    for wrong in (
        data + b"\n", data[:-1], head + b" " + rest[0], head + b"".join(reversed(rest)) + rest[0], b"", b"[]\n", head.replace(b'"format":1', b'"format":1.0') + b"".join(rest),
        data.replace(b'"seats":', b'"seats" :', 1), data.replace(b"\n", b"\r\n"), b"\xff" + data,
    ):  # fmt: skip
        with pytest.raises(RosterInvalid):
            roster_read(wrong)


# --- The same bytes ---------------------------------------------------------------------------------------------------


def _pythons() -> list[str]:
    """Every Python of 3.12 or newer on this machine, one of each version, the running one first."""
    found = {sys.version_info[:2]: sys.executable}
    for minor in (12, 13, 14):
        for path in (
            f"python3.{minor}",
            *sorted(map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))),
        ):
            where = shutil.which(path)
            works = (
                where and subprocess.run([where, "-c", "import json"], capture_output=True).returncode == 0
            )
            if works:
                found.setdefault((3, minor), where)
    return list(found.values())


def _hash_by(python: str, hash_seed: str) -> str:
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed, "PATH": os.environ["PATH"]}
    # Pytest is not there for other Pythons: the two modules are given to them without it.
    code = "import sys, types; sys.modules['pytest'] = types.ModuleType('pytest')\n" + (
        "sys.modules['pytest'].mark = types.SimpleNamespace(parametrize=lambda *_a, **_k: lambda f: f)\n" + MAKE_AND_HASH
    )  # fmt: skip
    done = subprocess.run(
        [python, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    assert len({_hash_by(sys.executable, seed) for seed in ("0", "1", "4242", "random")}) == 1


def test_the_same_bytes_on_two_versions_of_python() -> None:
    pythons = _pythons()
    if len(pythons) < 2:
        pytest.skip("only one Python of 3.12 or newer is on this machine")
    assert len({_hash_by(python, "0") for python in pythons}) == 1


# --- The verifier -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["deferred", "draw", "parallel", "immediate"])
def test_the_verifier_comes_to_the_same_result_by_itself(policy: str) -> None:
    for number in range(150):
        files = bundle_of(roster_random(number, policy=policy, most=12))
        told = verify.verify(files)
        assert told[0].startswith(f"批次 r{number}：")


def test_it_refuses_each_single_byte_changed_left_out_or_added_in_each_file() -> None:
    files = bundle_of(roster_random(3, most=4))
    tried = 0
    for name, data in files.items():
        for place in range(len(data)):
            for wrong in (
                data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], data[:place] + data[place + 1 :],
                data[:place] + b" " + data[place:],
            ):  # fmt: skip
                tried += 1
                assert refused(files | {name: wrong}), (name, place, wrong)
    assert tried > 3000


def _resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """A forger's bundle: the manifest fits the changed files."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    code = json.loads(files["manifest.json"])["round"]
    return files | {"manifest.json": canonical({"files": sums, "round": code})}


def test_it_refuses_forgeries_whose_manifest_fits() -> None:
    files = next(
        files for files in (bundle_of(roster_random(number, most=6)) for number in range(50))
        if files["result.jsonl"].count(b'"intake":"') > 1
    )  # fmt: skip
    lines = files["result.jsonl"].splitlines(keepends=True)
    rows = [json.loads(line) for line in lines]
    given = next(row for row in rows if row["intake"] is not None)
    certificate = json.loads(files["certificate.json"])
    draw = json.loads(files["draw.json"])
    without = b"".join(canonical(row | {"intake": None} if row is given else row) for row in rows)
    forged = {
        "result.jsonl": [without, b"".join(reversed(lines)), b"".join(lines[:-1])],
        "certificate.json": [
            canonical(certificate | {"placed": certificate["placed"] + 1}),
            canonical(certificate | {"guarantees": []}),
            canonical(certificate | {"more": 1}),
        ],
        "draw.json": [
            canonical(draw | {"public_number": "20260502"}),
            canonical(draw | {"secret": "ff" * 32}),
            canonical(draw | {"commitment": "ff" * 32}),
            canonical(draw | {"algorithm": "qingshan-allocation-2"}),
        ],
        "roster.jsonl": [files["roster.jsonl"].replace(b'"size":1', b'"size":2', 1)],
    }
    for name, several in forged.items():
        for data in several:
            assert data != files[name]
            assert refused(_resealed(files | {name: data})), (name, data)
    changed = _resealed(
        files
        | {
            "result.jsonl": without,
            "certificate.json": canonical(
                certificate
                | {"placed": certificate["placed"] - 1, "result_sha256": hashlib.sha256(without).hexdigest()}
            ),
        }
    )
    assert refused(changed)


def test_a_bundle_made_anew_with_another_roster_does_not_fit_the_receipt() -> None:
    files = bundle_of(roster_random(3, most=6))
    fingerprint = hashlib.sha256(files["roster.jsonl"]).hexdigest()
    assert not refused(files, roster_hash=fingerprint, receipt="00x")
    assert refused(files, receipt="nobody")
    other = bundle_of(roster_random(4, most=6))
    assert not refused(other)
    assert refused(other, roster_hash=fingerprint)


def test_it_runs_alone_from_a_folder_and_says_in_chinese_whether_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    files = bundle_of(roster_random(3, most=6))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    program = tmp_path / "verify.py"
    program.write_bytes(Path(verify.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(program), str(folder)]
    good = subprocess.run([*command, "--receipt", "00x"], capture_output=True, text=True, cwd=tmp_path)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "验证通过。")
    assert "代号 00x：派号" in good.stdout
    (folder / "result.jsonl").write_bytes(files["result.jsonl"] + b"\n")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert bad.returncode == 1
    assert bad.stdout.startswith("验证不通过：")
    (folder / "result.jsonl").unlink()
    gone = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert gone.stdout.strip() == "验证不通过：缺少文件 result.jsonl"


def test_the_bundle_names_nobody() -> None:
    files = bundle_of(roster_random(3, most=6))
    applicants = [json.loads(line) for line in files["roster.jsonl"].splitlines()[1:]]
    assert all(set(one) == {"id", "size", "category", "choices"} for one in applicants)
    rows = [json.loads(line) for line in files["result.jsonl"].splitlines()]
    assert all(set(one) == {"id", "intake", "lot"} for one in rows)
