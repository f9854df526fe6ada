"""Scene codes: one token for each page with its parameters, and the picture that WeChat draws for it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.wechat.bridge import run_sync
from apps.wechat.client import client
from apps.wechat.errors import WechatOutcomeUnknown, WechatRefused, WechatUnavailable
from apps.wechat.models import SceneCode

log = structlog.get_logger(__name__)
WIDTH_PX = 430  # WeChat's default: prints well at 3 to 5 cm
# Which version of the mini-program a code opens, by WECHAT_MINIPROGRAM_STATE, which names them differently.
_VERSIONS = {"formal": "release", "trial": "trial", "developer": "develop"}


class SceneImageUnavailable(Refused):
    code = "scene_image_unavailable"
    message = _("WeChat could not make the code just now. Please try again later.")
    status = 503


def scene_code_for(*, page: str, params: Mapping[str, str], now: dt.datetime) -> SceneCode:
    """Return the code of ``page`` with ``params``, made at the first call; two calls at once get the same one.

    ``page``    a page of the mini-program, without a leading "/" and without a query, at most 100 characters
    1 query when it is there, else up to 4.
    """
    canonical = json.dumps(dict(params), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    code, _made = SceneCode.objects.get_or_create(
        page=page,
        params_hash=hashlib.sha256(canonical.encode()).hexdigest(),
        defaults={"params": dict(params), "created_at": now},
    )
    return code


def scene_image(*, code: SceneCode, now: dt.datetime) -> bytes:
    """Return the picture of a code (JPEG), asked of WeChat once and kept from then on.

    No transaction may be open.  1 query and one call to WeChat at the first time, neither later.
    Raises SceneImageUnavailable; the code itself stays good and can be asked for again.
    """
    if code.image_path and default_storage.exists(code.image_path):
        with default_storage.open(code.image_path) as file:
            return bytes(file.read())
    content = _drawn(code)
    # The file is written before the row: a crash between leaves a file nobody points to, never a row without a file.
    path = default_storage.save(f"scenes/{code.token}.jpg", ContentFile(content))
    ours = SceneCode.objects.filter(pk=code.pk, image_path=code.image_path).update(
        image_path=path, drawn_at=now
    )
    if not ours:  # another first call was quicker; its picture is the same
        default_storage.delete(path)
    return content


def _drawn(code: SceneCode) -> bytes:
    version = _VERSIONS[settings.WECHAT_MINIPROGRAM_STATE]
    try:
        drawn = run_sync(
            client().code_image(
                # An unpublished version has pages that the published one has not.
                scene=code.token, page=code.page, width=WIDTH_PX, check_path=version == "release", env_version=version,
            )
        )  # fmt: skip
    except (WechatRefused, WechatUnavailable, WechatOutcomeUnknown) as error:
        log.warning(
            "scene_image_unavailable",
            scene=str(code.id), page=code.page, errcode=getattr(error, "errcode", None), error=type(error).__name__,
        )  # fmt: skip
        raise SceneImageUnavailable from error
    return drawn.content
