"""Makes ``.venv`` with the locked requirements; ``scripts/bootstrap`` calls it.

check  exit code 0 when ``.venv`` is what the requirement files say
make   make or mend it; one line for each thing done; two at once take turns
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "locked.sha256"
UNFINISHED = VENV / "unfinished"
LOCAL = ROOT / ".local"
LOCKED = ROOT / "requirements" / "dev.txt"


def wanted() -> str:
    """Return the fingerprint of what ``.venv`` has to hold, with its place: scripts in it name the place."""
    state = hashlib.sha256(str(VENV).encode())
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        state.update(file.name.encode() + b"\0" + file.read_bytes())
    return state.hexdigest()


def installed() -> bool:
    """Return whether ``.venv`` is finished and holds the locked requirements."""
    try:
        return STAMP.read_text(encoding="ascii") == wanted() and not UNFINISHED.exists()
    except OSError:
        return False


def runs() -> bool:
    """Return whether the Python in ``.venv`` starts, is new enough and has pip."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 12))"
    try:
        return (
            subprocess.run([PYTHON, "-I", "-c", question], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def moved() -> bool:
    """Return whether ``.venv`` was made for another place: its scripts would run what lies there."""
    try:
        return str(VENV) not in (VENV / "bin" / "pip").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True


def tell(line: str) -> None:
    """Print one line at once."""
    print(f"bootstrap: {line}", flush=True)


def make() -> int:
    """Make or mend ``.venv``; return the exit code."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            tell("waiting for another bootstrap to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if installed() and runs():
            return 0
        # An installation that was cut off can hold half packages that pip takes for whole ones.
        if UNFINISHED.exists() or not runs() or moved():
            tell(f"making .venv with Python {sys.version.split()[0]}")
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, with_pip=True, symlinks=True)
        tell("installing the locked requirements (about a minute the first time)")
        return install()


def install() -> int:
    """Install what is locked and stamp it; return pip's exit code."""
    UNFINISHED.touch()
    STAMP.unlink(missing_ok=True)
    log = LOCAL / "bootstrap.log"
    # With hashes pip takes nothing that the lock does not name, from whatever index this machine is set up for.
    command = [str(PYTHON), "-I", "-m", "pip", "install", "--require-hashes", "--no-input", "-r", str(LOCKED)]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    with log.open("wb") as output:
        code = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            check=False,
        ).returncode
    if code != 0:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        print(
            "\n".join(["The locked requirements could not be installed; pip said:", *tail]), file=sys.stderr
        )
        return 1
    STAMP.write_text(wanted(), encoding="ascii")
    UNFINISHED.unlink()
    tell("done")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        sys.exit(0 if sys.version_info >= (3, 12) and installed() else 1)
    sys.exit(make())
