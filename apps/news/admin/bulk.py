"""One act on several articles of the list: each for itself, with a result per row.

A signature is for a text that was read, so signing is not among them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.bulk import Outcome, ids_named, ids_text, outcome_of
from apps.news.admin.acts import ACTS
from apps.news.models import Article
from apps.news.states import Act, Verb

BULK = (
    Verb.SUBMIT.value,
    Verb.WITHDRAW.value,
    Verb.PUBLISH.value,
    Verb.RETRACT.value,
    Act.PIN.value,
    Act.UNPIN.value,
)


class BulkActs:
    """The views of acts on several articles; mixed into the article admin."""

    admin_site: Any
    opts: Any
    actions: ClassVar[Any] = ["bulk_begin"]

    @admin.action(description=_("Act on the selected articles …"))
    def bulk_begin(self, _request: HttpRequest, queryset: QuerySet[Article]) -> HttpResponse:
        """Go to the page on which the act is chosen and filled in."""
        return HttpResponseRedirect(f"{reverse('admin:news_article_bulk')}?ids={ids_text(queryset)}")

    def bulk_urls(self) -> list[URLPattern]:
        """Return the door."""
        return [path("bulk/", self.admin_site.admin_view(self.bulk_view), name="news_article_bulk")]

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        """GET: choose the act and fill it in.  POST: do it to each article, in a transaction of its own."""
        articles = _articles(request)
        chosen = request.POST.get("act") or request.GET.get("act") or BULK[0]
        act = ACTS[chosen if chosen in BULK else BULK[0]]
        form = act.form(request.POST or None)
        outcomes: list[Outcome] = []
        if request.method == "POST" and form.is_valid():
            outcomes = [_do(request, act.name, article, form.cleaned_data) for article in articles]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": _("Act on %(count)s articles") % {"count": len(articles)},
            "articles": articles, "form": form, "chosen": act.name, "outcomes": outcomes,
            "choices": [(name, ACTS[name].label) for name in BULK],
            "ids": ",".join(str(article.pk) for article in articles), "done": sum(one.done for one in outcomes),
        }  # fmt: skip
        status = 400 if request.method == "POST" and not outcomes else 200
        return TemplateResponse(request, "admin/news/bulk.html", context, status=status)


def _articles(request: HttpRequest) -> list[Article]:
    """Return the articles named that this person may see, at most 100.  1 query."""
    rows = (
        Article.objects.visible_to(staff_of(request))
        .filter(id__in=ids_named(request))
        .select_related("column")
    )
    return list(rows.defer("body_html", "search").order_by("-updated_at", "-id"))


def _do(request: HttpRequest, name: str, article: Article, given: dict[str, Any]) -> Outcome:
    return outcome_of(article, lambda: ACTS[name].call(article.pk, staff_of(request), given, clock.now()))
