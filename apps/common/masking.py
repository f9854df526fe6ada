"""What is shown of personal data to those who do not need all of it."""

from __future__ import annotations


def phone_masked(phone: str | None) -> str | None:
    """Return ``199****1234``: the first three and last four characters; shorter ones are hidden whole."""
    if not phone:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)


def name_masked(name: str) -> str:
    """Return the family name and a star for each other character, at least one."""
    return f"{name[:1]}{'*' * max(1, len(name) - 1)}"


def number_masked(number: str) -> str:
    """Return ``****1234``: the last four characters of a document's number."""
    return f"****{number[-4:]}"
