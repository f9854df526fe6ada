"""A refusal: what a service answers when a rule says no."""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    """A rule said no; nothing was written.

    ``code``     short, stable, for programs (``case_not_found``)
    ``message``  for people, translated when shown
    ``status``   400, 403, 404, 409, 422, 429 or 503
    ``attr``     the field it is about, where there is one
    ``facts``    what the caller may show or act on (``next_at``, ``by``); never personal data
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[Any] = ""
    status: ClassVar[int] = 409

    def __init__(self, *, attr: str | None = None, **facts: Any) -> None:
        super().__init__(self.code)
        self.attr = attr
        self.facts = facts

    def text(self) -> str:
        """Return the message in the active language, filled with the facts."""
        return str(self.message) % self.facts if self.facts else str(self.message)


def constraint_of(error: BaseException) -> str:
    """Return the name of the database's rule that refused a write, empty where it names none.

    Also of rules that triggers keep: their words do not say it.
    """
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "")
