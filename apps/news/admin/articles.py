"""The content desk."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.news import services
from apps.news.models import VERB_LABELS, Article, ArticleEvent
from apps.news.states import MOVES, WRITERS, ArticleState, Verb, verbs_open
from apps.wechat.desk import code_answer

PAGE = "pages/news/article"


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The article with the version that was opened, so that a stale save is refused."""

    seen_version = forms.IntegerField(label=_("Version"), widget=forms.HiddenInput, required=False)

    class Meta:
        model = Article
        fields = ("title", "column", "summary", "body_html", "source", "author", "pinned")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any] | None:
        """Tell early, in the form, what the service would refuse under the lock."""
        values = super().clean()
        if self.instance.pk and not self.instance._state.adding:
            stored = Article.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
            if stored != self.cleaned_data.get("seen_version"):
                raise ValidationError(str(services.ArticleChanged.message), "article_changed")
        return values


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
class ArticleAdmin(SimpleHistoryAdmin, DeskAdmin):
    form = ArticleForm
    list_display = ("title", "column", "state_shown", "pinned", "published_at", "updated_at")
    list_select_related = ("column",)
    list_filter = ("state", "column")
    search_fields = ("title",)
    ordering = ("-updated_at", "-id")
    fields = (
        "title", "column", "summary", "body_html", "source", "author", "pinned", "state_shown", "published_at",
        "seen_version",
    )  # fmt: skip
    readonly_fields = ("state_shown", "published_at")
    inlines: ClassVar[Any] = [EventInline]

    class Media:
        js = ("qingshan/editor.js",)

    change_form_outer_before_template = "admin/news/moves.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Return what this person may see, without the search words."""
        return Article.objects.visible_to(request.user).defer("search")

    def get_fields(self, request: HttpRequest, obj: Article | None = None) -> Any:
        """Leave the version out where nothing is saved."""
        writes = obj is None or self.has_change_permission(request, obj)
        return self.fields if writes else [name for name in self.fields if name != "seen_version"]

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """Let those write whom the state allows."""
        allowed = bool(super().has_change_permission(request, obj))
        if obj is None or not allowed or staff_of(request).is_superuser:
            return allowed
        return bool(staff_of(request).roles & WRITERS[ArticleState(obj.state)])

    @admin.display(description=_("state"))
    def state_shown(self, article: Article) -> str:
        """Return the state in words."""
        return article.state_label if article.pk else "-"

    def save_model(self, request: HttpRequest, obj: Article, form: Any, _change: bool) -> None:
        """Hand the form to the service, which locks and compares versions."""
        services.article_save(
            article=obj,
            staff=staff_of(request),
            seen_version=form.cleaned_data.get("seen_version"),
            now=clock.now(),
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of moves and of the QR code."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:article_id>/move/<str:verb>/", wrap(self.move_view), name="news_article_move"),
            path("<uuid:article_id>/code/", wrap(self.code_view), name="news_article_code"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form with the moves that are open to this person."""
        article = self.get_object(request, object_id) if object_id else None
        context = {
            "moves": self._moves(request, article) if article else [],
            "code_url": reverse("admin:news_article_code", args=[article.pk]) if article else "",
            **(extra_context or {}),
        }
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def _moves(self, request: HttpRequest, article: Article) -> list[dict[str, Any]]:
        staff = staff_of(request)
        roles = staff.roles if not staff.is_superuser else frozenset(r for m in MOVES for r in m.roles)
        reasons = {m.verb for m in MOVES if m.needs_reason}
        return [
            {
                "verb": verb.value,
                "label": VERB_LABELS[verb.value],
                "needs_reason": verb in reasons,
                "url": reverse("admin:news_article_move", args=[article.pk, verb.value]),
            }
            for verb in verbs_open(source=ArticleState(article.state), roles=roles)
        ]

    def code_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """Show the code that leads to the article; before it is published the mini-program finds nothing there."""
        article = self.get_object(request, str(article_id))
        if article is None or not self.has_view_permission(request, article):
            raise Http404
        return code_answer(
            request=request, page=PAGE, params={"id": str(article.pk)}, name=f"article-{article.pk}",
            back=reverse("admin:news_article_change", args=[article.pk]),
        )  # fmt: skip

    def move_view(self, request: HttpRequest, article_id: Any, verb: str) -> HttpResponse:
        """POST: make a move and go back to the article, with what came of it as a message."""
        if request.method != "POST" or verb not in {v.value for v in Verb}:
            return HttpResponse(status=405)
        try:
            article = services.article_move(
                article_id=article_id, verb=Verb(verb), staff=staff_of(request), reason=request.POST.get("reason", "")[:300],
                now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self.message_user(
                request, _("Done: %(state)s.") % {"state": article.state_label}, messages.SUCCESS
            )
        return HttpResponseRedirect(reverse("admin:news_article_change", args=[article_id]))
