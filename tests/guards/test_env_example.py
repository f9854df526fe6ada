"""``.env.example`` tells of each variable that the project reads, once, and of no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
READERS = {"str", "bool", "int", "float", "list", "key_ring", "key_bytes"}
# Set by the machine or by the test runner, not by who runs the system.
NOT_OURS = {"PATH", "PYTEST_XDIST_WORKER"}


def variables_read() -> set[str]:
    found: set[str] = set()
    for folder in ("qingshan", "apps"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= set(names_in(node))
    return found - NOT_OURS


def names_in(node: ast.AST) -> Iterator[str]:
    """Give the names in ``env.str("X")``, ``key_ring("X")``, ``os.environ.get("X")``, ``os.environ["X"]`` and ``"X" in os.environ``."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=reader), args=[ast.Constant(value=str(name)), *_]):
            if (is_env(owner) and reader in READERS) or (is_environ(owner) and reader == "get"):
                yield name
        case ast.Subscript(value=owner, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            if is_environ(owner):
                yield name
        case ast.Compare(left=ast.Constant(value=str(name)), comparators=[owner]):
            if is_environ(owner):
                yield name


def is_env(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"env", "environment"}


def is_environ(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def variables_told() -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)


def test_each_variable_that_is_read_is_told_and_no_other():
    told = variables_told()

    assert set(told) == variables_read()
    assert len(told) == len(set(told))


def test_the_scan_sees_every_way_of_reading():
    assert {"DEBUG", "FIELD_KEYS", "LOOKUP_KEY", "OUTBOX_SWEEP_S", "DEMO_STAFF_PASSWORD"} <= variables_read()


def test_each_variable_has_words_above_it():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(?:# )?[A-Z][A-Z0-9_]*=", line):
            above = next(text for text in reversed(lines[:number]) if not re.match(r"[A-Z][A-Z0-9_]*=", text))
            assert re.match(r"#\s+\S", above), line


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "FIELD_KEYS",
        "LOOKUP_KEY",
        "WECHAT_SECRET",
        "METRICS_TOKEN",
        "WECHAT_PUSH_TOKEN",
        "WECHAT_PUSH_AES_KEY",
        "SMS_CALLBACK_TOKEN",
    ],
)
def test_no_example_can_pass_for_a_secret(name):
    (value,) = re.findall(rf"^{name}=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)

    assert value.removeprefix("k1:") in {"", "replace-me"}
