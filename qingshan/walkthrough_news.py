"""The news in the walk: a text comes in, is signed by three people beside its author, is read and taken away again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingshan.browser import Answer, Browser
from qingshan.walkthrough_feedback import check

ROOT = Path(__file__).resolve().parent.parent
REVIEWERS = ("reviewer_first", "reviewer_second", "reviewer_final")
POINTS = ["politics", "law", "policy", "secrecy", "wording", "opinion"]


class NewsWalk:
    """The steps; what they share with the others comes from ``Walk``."""

    phone: Browser
    environment: Mapping[str, str]
    article: Path
    article_id: str
    desk: Any

    def _page(self, role: str) -> tuple[Browser, Answer]:
        desk = self.desk(role)
        page = desk.get(f"/admin/news/article/{self.article_id}/change/")
        check(page.status == 200, f"the article's page answers {page.status} to {role}")
        return desk, page

    def article_imported(self) -> str:
        """A newspaper's text becomes a draft."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "article_import", str(self.article)],
            env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        check(done.returncode == 0, done.stderr[-400:])
        found = re.search(r"^article ([0-9a-f-]{36}) (.+)$", done.stdout, re.MULTILINE)
        check(found is not None, "article_import names no article")
        self.article_id = found.group(1) if found else ""
        missing = self.phone.get(f"/api/v1/articles/{self.article_id}")
        check(missing.status == 404, "a draft must not be public")
        joins = re.findall(r"^  \d+: ….*\|", done.stdout, re.MULTILINE)
        return f"{len(joins)} joins, draft {self.article_id}"

    def article_submitted(self) -> str:
        """An editor opens the draft in the admin, saves it and submits it; nobody can publish it yet."""
        desk, page = self._page("editor")
        saved = desk.submit(page, form="article_form", changes={"source": "走读"})
        check(saved.status == 302, "the draft could not be saved: " + saved.errors())
        desk, page = self._page("editor")
        check('id="act-publish"' not in page.text(), "a draft must not be offered for publication")
        sent = desk.submit(page, form="act-submit")
        check(sent.status == 302, f"submitting answers {sent.status}")
        token = desk.token(page)
        desk.form_post(f"/admin/news/article/{self.article_id}/act/publish/", {"csrfmiddlewaretoken": token})
        missing = self.phone.get(f"/api/v1/articles/{self.article_id}")
        check(missing.status == 404, "an unsigned text must not be public")
        return "submitted, not public"

    def article_signed(self) -> str:
        """Three reviewers proof-read and sign, each for the fingerprint that they read; findings that stop are waived."""
        for role in REVIEWERS:
            desk, page = self._page(role)
            passed = desk.submit(page, form="act-proof", changes={"errors_found": "0"})
            check(passed.status == 302, f"the proof pass of {role} answers {passed.status}")
        for role in REVIEWERS:
            desk, page = self._page(role)
            waived = self._waive(desk, page) if role == "reviewer_final" else 0
            signed = desk.submit(page, form="act-sign", changes={"points": POINTS, "note": "走读"})
            check(signed.status == 302, f"the signature of {role} answers {signed.status}")
        _desk, page = self._page("editor")
        check('id="act-publish"' in page.text(), "the signed text is not offered for publication")
        found = re.search(r"<code>([0-9a-f]{16})…</code>", page.text())
        return f"three signatures, {waived} findings waived, fingerprint {found.group(1) if found else '?'}"

    def _waive(self, desk: Browser, page: Answer) -> int:
        ids = re.findall(r'name="finding_id" value="([0-9a-f-]{36})"', page.text())
        for finding in ids:
            desk.form_post(
                f"/admin/news/article/{self.article_id}/act/waive/",
                {"csrfmiddlewaretoken": desk.token(page), "finding_id": finding, "reason": "走读：已核实"},
            )
        return len(ids)

    def article_published(self) -> str:
        """The editor publishes; the next request sees it."""
        desk, page = self._page("editor")
        released = desk.submit(page, form="act-publish")
        check(released.status == 302, f"publishing answers {released.status}")
        shown = self.phone.get(f"/api/v1/articles/{self.article_id}")
        check(shown.status == 200, f"the published article answers {shown.status}")
        return str(shown.json()["title"])

    def article_read(self) -> str:
        """The resident finds and reads the article."""
        listed = self.phone.get("/api/v1/articles?limit=100").json()["results"]
        check(self.article_id in [row["id"] for row in listed], "the article is not in the list")
        body = self.phone.get(f"/api/v1/articles/{self.article_id}").json()["body_html"]
        kept = set("".join(self.article.read_text(encoding="utf-8", errors="ignore").split()))
        lost = kept - set(re.sub(r"<[^>]+>", "", body)) - set("\ufeff")
        title = set(next(row["title"] for row in listed if row["id"] == self.article_id))
        check(
            not lost - title - set("&<>\"'"),
            f"characters of the article were lost: {sorted(lost - title)[:9]}",
        )
        return f"{len(body)} characters of HTML"

    def article_retracted(self) -> str:
        """The final reviewer takes the article away with a reason; the next request finds nothing."""
        desk, page = self._page("reviewer_final")
        gone = desk.submit(page, form="act-retract", changes={"reason": "走读结束，撤下演示稿件"})
        check(gone.status == 302, f"the retraction answers {gone.status}")
        missing = self.phone.get(f"/api/v1/articles/{self.article_id}")
        check(missing.status == 404, f"the retracted article answers {missing.status}")
        return "404 with the next request"
