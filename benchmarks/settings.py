"""The project's settings with the yardsticks' paths, and rates that a load generator does not reach.

Everything else, middleware and throttling included, is what production runs.
"""

from __future__ import annotations

import sys
from typing import Any

from qingshan.settings import *  # noqa: F403
from qingshan.settings import DATABASES as _DATABASES
from qingshan.settings import REST_FRAMEWORK as _REST_FRAMEWORK

ROOT_URLCONF = "benchmarks.urls"

# The generator names another address with each request (``load.py``), as the public does: so each counter stays as
# short as in life, and the throttle does its whole work on both sides.  The rates only make sure that it never refuses.
_rates: Any = _REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
REST_FRAMEWORK = {
    **_REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(_rates, "60000/min"),
    "NUM_PROXIES": 1,
}
NUM_PROXIES = 1


def _program() -> str:
    for name, shown in (("granian", "web"), ("celery", "celery")):
        if name in sys.argv[0]:
            return shown
    return "command"


# PostgreSQL tells the web's statements from the workers' by this name.
_options: Any = _DATABASES["default"]["OPTIONS"]
DATABASES = {"default": {**_DATABASES["default"], "OPTIONS": {**_options, "application_name": _program()}}}
