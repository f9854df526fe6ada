"""What is shown of personal data to those who do not need all of it."""

from __future__ import annotations


def phone_masked(phone: str | None) -> str | None:
    """Return ``199****1234``: the first three and last four characters; shorter ones are hidden whole."""
    if not phone:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)
