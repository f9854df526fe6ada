"""Articles in the admin: the list, the form, and what stands beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.accounts.saved_filters import FilterKeeper
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.common.words import query_words
from apps.news import review_selectors, services
from apps.news.admin.acts import ACTS
from apps.news.admin.article_form import FIELDS, ArticleForm
from apps.news.admin.attachments import AttachmentViews, files_link
from apps.news.admin.bulk import BulkActs
from apps.news.admin.filters import FILTERS
from apps.news.admin.intake import IntakeViews
from apps.news.admin.merging import MergeViews
from apps.news.admin.sheets import SheetViews
from apps.news.admin.writing import WritingViews
from apps.news.errors import ArticleChanged
from apps.news.labels import PUBLICATION_LABELS
from apps.news.models import Article, ArticleEvent
from apps.news.services.articles import may_write, roles_of
from apps.news.services.writing import autosave_drop
from apps.news.states import Act, publication_state
from apps.wechat.desk import code_answer

PAGE = "pages/news/article"


class EventInline(TabularInline):
    model = ArticleEvent
    extra = 0
    fields = ("at", "verb", "staff", "reason", "version")
    readonly_fields = fields
    can_delete = False
    ordering = ("id",)

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleEvent]:
        """Return the events with who did them."""
        rows: QuerySet[ArticleEvent] = super().get_queryset(request)
        return rows.select_related("staff")


@admin.register(Article)
class ArticleAdmin(
    FilterKeeper,
    WritingViews,
    MergeViews,
    AttachmentViews,
    IntakeViews,
    BulkActs,
    SheetViews,
    SimpleHistoryAdmin,
    DeskAdmin,
):
    form = ArticleForm
    list_display = ("title", "column", "state_shown", "live_shown", "pinned", "updated_at")
    list_select_related = ("column",)
    list_filter = FILTERS
    list_filter_submit = True
    search_fields = ("title",)
    search_help_text = _("Words in title, summary or body")
    ordering = ("-updated_at", "-id")
    fields = (*FIELDS, "seen_version")
    autocomplete_fields = ("cover_asset",)
    inlines: ClassVar[Any] = [EventInline]

    class Media:
        js = ("qingshan/editor.js", "qingshan/autosave.js", "qingshan/preview.js")
        css: ClassVar[Any] = {"all": ("qingshan/writing.css",)}

    change_form_outer_before_template = "admin/news/panel.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Return what this person may see, without the search words."""
        rows = Article.objects.visible_to(request.user).defer("search")
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith(
            "changelist"
        )
        return review_selectors.with_live(rows, now=clock.now()).defer("body_html") if is_list else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Article], search_term: str
    ) -> tuple[QuerySet[Article], bool]:
        """Find Chinese words through the index."""
        words = query_words(search_term)
        return (queryset.found_by(words) if words else queryset), False  # type: ignore[attr-defined]

    def get_fields(self, request: HttpRequest, obj: Article | None = None) -> Any:
        """Leave the version out where nothing is saved."""
        writes = obj is None or self.has_change_permission(request, obj)
        return self.fields if writes else [name for name in self.fields if name != "seen_version"]

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """Let those write whom the state allows."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (obj is None or may_write(article=obj, staff=staff_of(request)))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, article: Article) -> str:
        """Return the state of the work in words."""
        return article.state_label if article.pk else "-"

    @admin.display(description=_("for the public"))
    def live_shown(self, article: Any) -> str:
        """Return whether something is public now or scheduled, and until when."""
        if not article.live:
            return "-"
        go_live_at = parse_datetime(article.live["go_live_at"])
        expire_at = parse_datetime(article.live["expire_at"]) if article.live["expire_at"] else None
        if go_live_at is None:
            return "-"
        where = publication_state(
            go_live_at=go_live_at, expire_at=expire_at, superseded_at=None, retracted_at=None, now=clock.now()
        )
        label = PUBLICATION_LABELS[where.value]
        return format_html("{} {}", label, f"{clock.local(go_live_at):%Y-%m-%d %H:%M}")

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        """Hand the form to the service, which locks and compares versions; what was kept unsaved is saved with it."""
        article_id = obj.pk if change else None
        services.article_save(
            article=obj,
            staff=staff_of(request),
            seen_version=form.cleaned_data.get("seen_version"),
            now=clock.now(),
        )
        autosave_drop(staff=staff_of(request), article_id=article_id)

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of acts, of the review sheet and of the QR code."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:article_id>/act/<slug:name>/", wrap(self.act_view), name="news_article_act"),
            path("<uuid:article_id>/code/", wrap(self.code_view), name="news_article_code"),
            *self.writing_urls(),
            *self.merge_urls(),
            *self.attachment_urls(),
            *self.intake_urls(),
            *self.filter_urls(),
            *self.sheet_urls(),
            *self.bulk_urls(),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with the filters that this person saved or others share."""
        context = {**(extra_context or {}), **self.filter_context(request)}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form with the acts that are open to this person."""
        article = self.get_object(request, object_id) if object_id else None
        if request.method == "POST" and article and (page := self.merge_if_behind(request, article)):
            return page
        context = {**(self._panel(request, article) if article else {}), **(extra_context or {})}
        context |= self.writing_context(request, article)
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ArticleChanged:
            # Someone saved between the look above and the lock.
            return self.merge_if_behind(request, self._seen(request, object_id)) or HttpResponseRedirect(
                request.path
            )
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the history of an article that this person may see: the library asks for the right to the model only."""
        self._seen(request, object_id)
        answer: HttpResponse = super().history_view(request, object_id, extra_context)
        return answer

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show an older text, and save it over the present one where the text may be written."""
        self._seen(request, object_id)
        try:
            answer: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:news_article_change", args=[object_id]))
        return answer

    def _panel(self, request: HttpRequest, article: Article) -> dict[str, Any]:
        staff, now = staff_of(request), clock.now()
        desk = review_selectors.desk_of(article=article, staff=staff, roles=roles_of(staff), now=now)
        seen = {"seen_sha256": desk.round.revision.sha256} if desk.round else {}
        acts = [
            {
                "act": ACTS[name],
                "form": ACTS[name].form(initial=seen, prefix=None, auto_id=f"act-{name}-%s"),
                "url": reverse("admin:news_article_act", args=[article.pk, name]),
            }
            for name in desk.acts
            if name not in (Act.RESCHEDULE.value, Act.WAIVE.value)
        ]
        return {
            "article": article, "desk": desk, "acts": acts, "may_waive": services.may_waive(staff=staff),
            "may_move": Act.RESCHEDULE.value in desk.acts,
            "may_pin": services.roles_may_pin(staff),
            "code_url": reverse("admin:news_article_code", args=[article.pk]), "files_url": files_link(article),
        }  # fmt: skip

    def code_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """Show the code that leads to the article; before it is published the mini-program finds nothing there."""
        article = self._seen(request, article_id)
        return code_answer(
            request=request, page=PAGE, params={"id": str(article.pk)}, name=f"article-{article.pk}",
            back=reverse("admin:news_article_change", args=[article.pk]),
        )  # fmt: skip

    def act_view(self, request: HttpRequest, article_id: Any, name: str) -> HttpResponse:
        """POST: act and go back to the article, with what came of it as a message."""
        act = ACTS.get(name)
        if request.method != "POST" or act is None:
            return HttpResponse(status=405)
        article = self._seen(request, article_id)
        form = act.form(request.POST)
        if not form.is_valid():
            for field, errors in form.errors.items():
                label = form.fields[field].label if field in form.fields else ""
                self.message_user(
                    request,
                    f"{label or ''} {' '.join(str(error) for error in errors)}".strip(),
                    messages.ERROR,
                )
        else:
            try:
                act.call(article.pk, staff_of(request), form.cleaned_data, clock.now())
            except Refused as refused:
                self.message_user(request, refused.text(), messages.ERROR)
            else:
                done = Article.objects.only("state").get(pk=article.pk)
                self.message_user(
                    request, _("Done: %(state)s.") % {"state": done.state_label}, messages.SUCCESS
                )
        return HttpResponseRedirect(reverse("admin:news_article_change", args=[article.pk]))

    def _seen(self, request: HttpRequest, article_id: Any) -> Article:
        article: Article | None = self.get_object(request, str(article_id))
        if article is None or not self.has_view_permission(request, article):
            raise Http404
        return article
