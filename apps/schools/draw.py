"""The verifiable draw: a secret that was bound before, a public number that came after, one lot for each applicant.

    commitment = SHA-256("qingshan-draw-1|commit|" round "|" roster hash "|" secret)
    seed       = SHA-256("qingshan-draw-1|seed|" secret "|" public number "|" roster hash)
    lot        = the first 8 bytes of HMAC-SHA256(seed, pseudonym), big-endian; the lower one comes first

The secret (32 random bytes, written as hex) is bound after the roster is frozen and before the public number is known, so
nobody can choose either for its outcome.  One lot counts at every intake (single tie-breaking); two equal lots, one in 2⁶⁴,
go by pseudonym.
"""

from __future__ import annotations

import hashlib
import hmac

_TAG = "qingshan-draw-1"


def commitment_of(secret: bytes, round_code: str, roster_hash: str) -> str:
    """Return what is published to bind ``secret`` (32 bytes): 64 hex digits."""
    return hashlib.sha256(f"{_TAG}|commit|{round_code}|{roster_hash}|{secret.hex()}".encode()).hexdigest()


def seed_of(secret: bytes, public_number: str, roster_hash: str) -> bytes:
    """Return the 32 bytes from which every lot follows."""
    return hashlib.sha256(f"{_TAG}|seed|{secret.hex()}|{public_number}|{roster_hash}".encode()).digest()


def draw_number(seed: bytes, pseudonym: str) -> int:
    """Return the lot of an applicant: 0 to 2⁶⁴ - 1, the lower one comes first."""
    return int.from_bytes(hmac.digest(seed, pseudonym.encode(), "sha256")[:8], "big")
