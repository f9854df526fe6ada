from __future__ import annotations

import pytest

from tests.factories.capacity import list_heard


@pytest.fixture
def told(monkeypatch):
    return list_heard(monkeypatch)
