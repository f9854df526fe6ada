"""What holds the parts together: names that are looked up at run time, files that are named in words."""

from __future__ import annotations

import inspect
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps as django_apps

from apps.capacity import states as capacity_states
from apps.clinics import states as clinics_states
from apps.common.heartbeat import LANES
from apps.facilities import states as facilities_states
from apps.feedback import states as feedback_states
from apps.news import states as news_states
from apps.safety import states as safety_states
from apps.schools import states as schools_states
from apps.sheets import states as sheets_states
from qingshan.celery import app, beat_table

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(path.name for path in (ROOT / "apps").iterdir() if (path / "__init__.py").exists())


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked("*.py") if "migrations" not in path.parts]


@pytest.fixture(scope="module")
def tasks() -> dict[str, object]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_each_beat_entry_names_a_task_and_its_arguments_bind(tasks):
    for entry in beat_table(sweep_s=60).values():
        run = tasks[entry["task"]].run
        inspect.signature(run).bind(*entry.get("args", ()), **entry.get("kwargs", {}))
        assert entry["options"]["queue"] in LANES


def test_each_name_that_is_queued_exists_and_its_arguments_bind(tasks):
    calls = []
    for path in python_files():
        if "tests" in path.parts:
            continue
        calls += re.findall(
            r"send_after_commit\(\s*\"([a-z_.]+)\"([^)]*)\)", path.read_text(encoding="utf-8")
        )

    assert len(calls) >= 3
    for name, rest in calls:
        given = dict.fromkeys(re.findall(r"(\w+)=", rest))
        signature = inspect.signature(tasks[name].run)
        signature.bind(**{key: value for key, value in given.items() if key in signature.parameters})
        assert set(given) - {"lane", "countdown_s"} <= set(signature.parameters)


def test_each_lane_has_a_worker_in_deploy_and_in_the_demo():
    units = "".join(path.read_text(encoding="utf-8") for path in tracked("deploy/systemd/*"))
    served = set(",".join(re.findall(r"(?:-Q|--queues[= ])\s*([a-z,]+)", units)).split(","))

    assert served == set(LANES)
    assert {queue.name for queue in app.conf.task_queues} == set(LANES)


def test_each_app_has_a_readme_of_at_most_60_lines():
    for name in APPS:
        text = (ROOT / "apps" / name / "README.md").read_text(encoding="utf-8")
        assert 5 <= len(text.splitlines()) <= 60, name


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("capacity", capacity_states),
        ("facilities", facilities_states),
        ("clinics", clinics_states),
        ("feedback", feedback_states),
        ("news", news_states),
        ("safety", safety_states),
        ("schools", schools_states),
        ("sheets", sheets_states),
    ],
)
def test_the_diagram_in_the_readme_is_the_table(name, states):
    text = (ROOT / "apps" / name / "README.md").read_text(encoding="utf-8")

    assert states.diagram() in text


def test_every_path_that_a_readme_names_exists():
    for path in [
        *tracked("README*.md"),
        *tracked("apps/*/README.md"),
        *tracked("docs/*.md"),
        *tracked("deploy/*.md"),
    ]:
        for name in re.findall(
            r"`((?:apps|qingshan|fixtures|tests|deploy|docs|benchmarks|scripts)/[\w./-]+)`",
            path.read_text(encoding="utf-8"),
        ):
            assert (ROOT / name).exists(), f"{path.name} names {name}"


def test_no_registry_address_and_no_machine_path_in_tracked_files():
    # Put together here, so that this file does not hold what it looks for.
    hosts = [
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "npmjs" + ".org",
        "tuna." + "tsinghua",
        "mirrors." + "aliyun",
    ]
    places = ["/root" + "/", "/work" + "/main", "/home" + "/", ".." + "/shared"]
    for path in tracked():
        if path.suffix in {".png", ".mo", ".jpg"}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found = [word for word in [*hosts, *places] if word in text]
        assert not found, f"{path.relative_to(ROOT)}: {found}"


def test_no_file_is_a_drawer_and_none_passes_400_lines():
    for path in python_files():
        assert path.name not in {"utils.py", "helpers.py", "misc.py"}
        if path.is_relative_to(ROOT / "apps") or path.is_relative_to(ROOT / "qingshan"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_serializers_are_never_saved_and_tasks_are_never_delayed():
    for path in python_files():
        if "tests" in path.parts or path.parts[-2] == "simulator":
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"serializer\.save\(|\.delay\(|\.apply_async\(", text), path


def test_each_model_has_chinese_names():
    for model in django_apps.get_models():
        if model.__module__.startswith("apps.") and not model.__name__.startswith("Historical"):
            if model._meta.app_label == "common" and model.__name__ == "IdempotencyKey":
                continue
            assert re.search("[\u4e00-\u9fff]", str(model._meta.verbose_name)) or model.__name__ in {
                "ResidentSession"
            }, model


def test_each_setting_that_settings_name_is_one_that_someone_reads():
    text = (ROOT / "qingshan" / "settings.py").read_text(encoding="utf-8")
    own = set(re.findall(r"^([A-Z][A-Z0-9_]+)(?::[^=]+)? = ", text, re.MULTILINE))
    django_and_libraries = set(
        re.findall(
            r"^([A-Z][A-Z0-9_]+) =",
            Path(__import__("django.conf.global_settings", fromlist=["x"]).__file__).read_text(),
            re.MULTILINE,
        )
    )
    prefixes = (
        "CELERY_",
        "REST_",
        "DRF_",
        "SPECTACULAR_",
        "SIMPLE_",
        "AXES_",
        "UNFOLD",
        "DJANGO_PROSE_EDITOR_",
        "DJANGO_STRUCTLOG_",
        "PROMETHEUS_",
    )
    code = "".join(
        path.read_text(encoding="utf-8") for path in python_files() if path.name != "test_structure.py"
    )
    code += "".join(path.read_text(encoding="utf-8") for path in tracked("*.html"))
    for name in own - django_and_libraries - {"ROOT_URLCONF"}:
        if not name.startswith(prefixes):
            assert len(re.findall(rf"\b{name}\b", code)) >= 2, f"nobody reads {name}"
