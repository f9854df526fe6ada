"""Signatures and encryption of WeChat's protocol, as pure functions.  Each has its official or computed vector in the tests.

SHA-1 and CBC without a separate MAC are what the protocol prescribes; nothing of our own is built on them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import struct
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_AES_BLOCK_BYTES = 16
_PUSH_PAD_BYTES = 32  # pushes are padded to 32 bytes, open data to the usual 16
_PUSH_HEAD_BYTES = 20  # 16 random bytes and the length of the message


class CryptoRefused(ValueError):
    """The text was not made for us or was changed on its way: signature, padding, length, coding or appid is wrong."""


def push_signature(*, token: str, timestamp: str, nonce: str, encrypted: str | None = None) -> str:
    """Return ``signature`` of a push, or its ``msg_signature`` when the Encrypt text is given: 40 hex digits."""
    parts = [token, timestamp, nonce]
    if encrypted is not None:
        parts.append(encrypted)
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the protocol's choice


def push_signature_ok(
    *, signature: str, token: str, timestamp: str, nonce: str, encrypted: str | None = None
) -> bool:
    """Tell whether ``signature`` is right, in constant time."""
    wanted = push_signature(token=token, timestamp=timestamp, nonce=nonce, encrypted=encrypted)
    return hmac.compare_digest(wanted.encode(), signature.lower().encode())


def push_encrypt(*, aes_key: str, appid: str, message: str, random16: bytes | None = None) -> str:
    """Return the Encrypt text of a push.

    aes_key   the EncodingAESKey of the console, 43 characters
    random16  16 bytes, only given by tests
    """
    key = _push_key(aes_key)
    body = message.encode()
    plain = (random16 or os.urandom(16)) + struct.pack(">I", len(body)) + body + appid.encode()
    pad = _PUSH_PAD_BYTES - len(plain) % _PUSH_PAD_BYTES
    padded = plain + bytes([pad]) * pad
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK_BYTES])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def push_decrypt(*, aes_key: str, appid: str, encrypted: str) -> str:
    """Return the message inside an Encrypt text.  Raises CryptoRefused, also when it was meant for another appid."""
    key = _push_key(aes_key)
    plain = _unpad(_decrypt(key, key[:_AES_BLOCK_BYTES], _decode(encrypted)), most=_PUSH_PAD_BYTES)
    if len(plain) < _PUSH_HEAD_BYTES:
        raise CryptoRefused("length")
    (length,) = struct.unpack(">I", plain[16:_PUSH_HEAD_BYTES])
    message, owner = plain[_PUSH_HEAD_BYTES : _PUSH_HEAD_BYTES + length], plain[_PUSH_HEAD_BYTES + length :]
    if len(message) != length:
        raise CryptoRefused("length")
    if not hmac.compare_digest(owner, appid.encode()):
        raise CryptoRefused("appid")
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise CryptoRefused("coding") from None


def open_data(*, session_key: str, iv: str, encrypted: str, appid: str) -> dict[str, Any]:
    """Return the object inside ``encryptedData``.  Raises CryptoRefused, also when the watermark is another appid's.

    The age of ``watermark.timestamp`` (unix seconds) is the caller's to judge.
    """
    vector = _decode(iv)
    if len(vector) != _AES_BLOCK_BYTES:
        raise CryptoRefused("iv")
    plain = _unpad(_decrypt(_decode(session_key), vector, _decode(encrypted)), most=_AES_BLOCK_BYTES)
    try:
        data = json.loads(plain)
        owner = data["watermark"]["appid"]
    except (ValueError, KeyError, TypeError):
        raise CryptoRefused("coding") from None
    if owner != appid:
        raise CryptoRefused("appid")
    return dict(data)


def raw_signature(*, raw_data: str, session_key: str) -> str:
    """Return the signature over ``rawData`` exactly as received: 40 hex digits."""
    return hashlib.sha1((raw_data + session_key).encode()).hexdigest()  # noqa: S324 - the protocol's choice


def session_signature(*, session_key: str) -> str:
    """Return the signature of /wxa/checksession: HMAC-SHA256 of nothing, keyed by the base64 *text* of the key."""
    return hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest()


def _push_key(aes_key: str) -> bytes:
    key = _decode(aes_key + "=")
    if len(key) != 32:
        raise CryptoRefused("EncodingAESKey")
    return key


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise CryptoRefused("base64") from None


def _decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    if not data or len(data) % _AES_BLOCK_BYTES or len(key) not in (16, 32):
        raise CryptoRefused("length")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _unpad(plain: bytes, *, most: int) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= most or len(plain) < pad or plain[-pad:] != bytes([pad]) * pad:
        raise CryptoRefused("padding")
    return plain[:-pad]
