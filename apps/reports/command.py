"""The command search of the desk (Ctrl-K): pages of the menu, articles, cases, units; only what the person may open.

django-unfold keeps what a person searched for five minutes, for that person: a right that is taken away still shows a
title so long, the page behind it is closed at once.  No text of a case and no name of a resident is shown.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from apps.accounts import selectors as accounts
from apps.accounts.desk import staff_of
from apps.feedback import selectors as feedback
from apps.news import desk_selectors as news

FOUND_MOST = 10
CHARS_MOST = 60


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return what is found for ``term``, at most 10 of each kind.  At most 4 queries beside those of rights."""
    text = term.replace("\0", "").strip()[:CHARS_MOST]
    if not text:
        return []
    staff = staff_of(request)
    found = _pages(request, text)
    if request.user.has_perm("news.view_article"):
        found += [
            _result(one.title, f"{_('article')} · {one.column.name} · {one.state_label}", "admin:news_article_change", one.pk, "article")
            for one in news.articles_named(staff=staff, text=text, limit=FOUND_MOST)
        ]  # fmt: skip
    if request.user.has_perm("feedback.view_case"):
        found += [
            _result(
                one.number, f"{_('case')} · {one.state_label}", "admin:feedback_case_change", one.pk, "inbox"
            )
            for one in feedback.cases_named(staff=staff, text=text, limit=FOUND_MOST)
        ]
    if request.user.has_perm("accounts.view_department"):
        found += [
            _result(one.name, str(_("unit")), "admin:accounts_department_change", one.pk, "corporate_fare")
            for one in accounts.departments_named(text=text, limit=FOUND_MOST)
        ]
    return found


def _pages(request: HttpRequest, text: str) -> list[SearchResult]:
    """Return the pages of this person's menu whose names hold ``text``; no query of its own."""
    site: Any = admin.site
    return [
        SearchResult(str(item["title"]), str(_("page")), str(item["link"]), item.get("icon"))
        for group in site.get_sidebar_list(request)
        for item in group["items"]
        if item.get("has_permission") and text in str(item["title"]).lower()
    ][:FOUND_MOST]


def _result(title: str, description: str, url_name: str, pk: Any, icon: str) -> SearchResult:
    return SearchResult(title, description, reverse(url_name, args=[pk]), icon)
