"""One whole system for the tests of this folder, and a real browser."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from qingshan.stack import Stack, stack

ROOT = Path(__file__).resolve().parents[2]
CLAIM_S = 6
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--window-size=1440,1000", "--lang=zh-CN",
)  # fmt: skip


@pytest.fixture(scope="session")
def system() -> Iterator[Stack]:
    # Servers of its own: these tests kill them, and other tests use the run's.
    patch = pytest.MonkeyPatch()
    for name in ("DATABASE_URL", "REDIS_URL", "QINGSHAN_MODE", "LOG_LEVEL"):
        patch.delenv(name, raising=False)
    with stack(
        folder=ROOT / ".local" / "test-stack",
        extra={
            "OUTBOX_CLAIM_S": str(CLAIM_S),
            "OUTBOX_SWEEP_S": "2",
            "OUTBOX_RECEIPT_WAIT_S": "8",
            "WECHAT_TIMEOUT_S": "20",
        },
    ) as running:
        yield running
    patch.undo()


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("Debian's packages chromium and chromium-driver are not installed here")
    options = Options()
    options.binary_location = browser
    with tempfile.TemporaryDirectory() as profile:
        for argument in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        window = webdriver.Chrome(options=options, service=Service(driver))
        window.set_page_load_timeout(30)
        yield window
        window.quit()
