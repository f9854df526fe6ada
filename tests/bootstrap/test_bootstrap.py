"""``scripts/bootstrap`` on a machine that has no usable Python, and when there is nothing to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_without_python_there_is_one_clear_sentence_and_exit_code_1(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(shutil.which("dirname") or "")
    # What a pyenv shim does when no version is chosen.
    (tools / "python3.12").write_text(
        "#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n"
    )
    (tools / "python3.12").chmod(0o755)

    answer = subprocess.run(
        ["/bin/sh", str(tmp_path / "scripts" / "bootstrap")],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        "Python 3.12 or newer with venv and pip was not found: "
        "install it, or name it with PYTHON=/path/to/python.\n"
    )
    assert not (tmp_path / ".venv").exists()


def test_the_lock_files_hold_hashes_and_no_address() -> None:
    for name in ("base.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert [line for line in text.splitlines() if "://" in line or line.startswith("-")] == []
        blocks = text.replace("\\\n", " ").splitlines()
        pins = [line for line in blocks if "==" in line]
        assert len(pins) > 30
        assert [line.split()[0] for line in pins if "--hash=sha256:" not in line] == []
