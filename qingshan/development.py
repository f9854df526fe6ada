"""What a development stack is told: generated secrets and where everything is.

No secret stands in the tree: each machine makes its own and keeps them in a folder that git ignores.
"""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from qingshan.processes import json_read, json_write, ports_free

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The loopback ports of one stack."""

    web: int
    simulator: int
    control: int

    @staticmethod
    def random() -> Ports:
        """Return three ports that are free now."""
        web, simulator, control = ports_free(3)
        return Ports(web=web, simulator=simulator, control=control)


def secrets_new() -> dict[str, str]:
    """Return fresh secrets by the name of their environment variable."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "LOOKUP_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "WECHAT_APPID": "wx" + secrets.token_hex(8),
        "WECHAT_SECRET": secrets.token_hex(16),
        "WECHAT_PUSH_TOKEN": secrets.token_hex(16),
        "WECHAT_PUSH_AES_KEY": "".join(secrets.choice(_LETTERS) for _place in range(43)),
        "SMS_CALLBACK_TOKEN": secrets.token_hex(16),
        "DEMO_STAFF_PASSWORD": "qs-" + secrets.token_hex(6),
    }


def secrets_kept(path: Path) -> dict[str, str]:
    """Return the secrets in ``path`` (mode 600), made on the first call; a name that is missing is added."""
    known = json_read(path)
    kept = {**secrets_new(), **{name: str(value) for name, value in known.items()}}
    if kept != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        json_write(path, kept)
    return kept


def stack_environment(
    *, folder: Path, secrets: dict[str, str], database_url: str, redis_url: str, ports: Ports
) -> dict[str, str]:
    """Return the variables that make ``manage.py`` and the servers of one stack meet."""
    return {
        "QINGSHAN_MODE": "development",
        "DJANGO_SETTINGS_MODULE": "qingshan.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **secrets,
        "WECHAT_BASE_URL": f"http://127.0.0.1:{ports.simulator}",
        # The simulator speaks for the SMS provider too; without names of its own it takes these.
        "SMS_BASE_URL": f"http://127.0.0.1:{ports.simulator}",
        "SMS_SECRET_ID": "simulated-id",
        "SMS_SECRET_KEY": "simulated-key",
        "SMS_SDK_APP_ID": "1400000000",
        # The simulator's clock, which signs its pushes, can be set ahead: a year is taken.
        "WECHAT_PUSH_WINDOW_S": str(365 * 24 * 3600),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{ports.web}",
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "prometheus"),
    }
