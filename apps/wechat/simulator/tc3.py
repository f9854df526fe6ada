"""Who asks the provider of text messages: the signature TC3-HMAC-SHA256 over one request.

Source: Tencent Cloud's page on signature method v3 (facts only).  Written apart from our client, so that one does not
repeat the other's mistake.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping

WINDOW_S = 600
_HEADER = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>\w+)/tc3_request,"
    r"\s*SignedHeaders=(?P<names>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureRefused(Exception):
    """The request is not the account's own; ``code`` is what Response.Error says."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def signature_check(
    *, headers: Mapping[str, str], payload: bytes, secret_id: str, secret_key: str, now_s: float
) -> None:
    """Verify a POST to "/".

    headers  must find names in any case
    Raises SignatureRefused: AuthFailure.InvalidAuthorization, .SignatureExpire, .SecretIdNotFound, .SignatureFailure.
    """
    found = _HEADER.fullmatch(headers.get("Authorization", "").strip())
    timestamp = headers.get("X-TC-Timestamp", "")
    if found is None or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise SignatureRefused("AuthFailure.InvalidAuthorization")
    names = found["names"].split(";")
    if not {"content-type", "host"} <= set(names):
        raise SignatureRefused("AuthFailure.InvalidAuthorization")
    date = dt.datetime.fromtimestamp(int(timestamp), tz=dt.UTC).date().isoformat()
    if abs(int(timestamp) - now_s) > WINDOW_S or date != found["date"]:
        raise SignatureRefused("AuthFailure.SignatureExpire")
    if not hmac.compare_digest(found["id"].encode(), secret_id.encode()):
        raise SignatureRefused("AuthFailure.SecretIdNotFound")
    # The page has both names and values in lower case.
    lines = [f"{name}:{headers.get(name, '').strip().lower()}\n" for name in names]
    canonical = f"POST\n/\n\n{''.join(lines)}\n{found['names']}\n{hashlib.sha256(payload).hexdigest()}"
    scope = f"{date}/{found['service']}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    wanted = hmac.digest(key, text.encode(), "sha256").hex()
    if not hmac.compare_digest(wanted, found["signature"]):
        raise SignatureRefused("AuthFailure.SignatureFailure")
