"""The READMEs quote only what a result file holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_each_figure_of_a_readme_stands_in_the_result_that_it_names(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| .+? \| ([\d.]+)(?: ×)? \| (?:[≤≥] ([\d.]+))? ?\| `(benchmarks/results/\w+\.json)` \|$",
        text,
        re.M,
    )

    assert len(rows) >= 10
    for value, bound, path in rows:
        figures = json.loads((ROOT / path).read_text(encoding="utf-8"))["figures"]
        pairs = {(f"{f['value']:g}", "" if f["bound"] is None else f"{f['bound']:g}") for f in figures}
        assert (value, bound) in pairs, f"{path} holds no {value} with bound {bound}"


def test_no_result_comes_from_a_tree_with_uncommitted_changes():
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        assert "dirty" not in json.loads(path.read_text(encoding="utf-8"))["commit"], path.name
