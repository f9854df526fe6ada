"""Two people saved the same article: what each wrote stands side by side, and nothing is written until it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import yesno
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.news.admin.article_form import FIELDS
from apps.news.errors import ArticleChanged
from apps.news.merging import (
    Mark,
    Piece,
    Side,
    blocks_joined,
    blocks_merged,
    blocks_text,
    html_blocks,
    side_of,
    text_marked,
)
from apps.news.models import Article, Column, MediaAsset
from apps.news.services import writing as services
from apps.news.writing_selectors import Values, autosave_of, values_kept, values_of, version_of

BODY = "body_html"
CHOICES = (Side.MINE.value, Side.THEIRS.value)
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Texts:
    """The three versions of the form's values; ``base`` is None when the version that was opened is not known."""

    base: Values | None
    mine: Values
    theirs: Values

    def side(self, name: str) -> Side:
        """Return who changed a field."""
        return side_of(
            base=self.base[name] if self.base else None, mine=self.mine[name], theirs=self.theirs[name]
        )

    def pieces(self) -> list[Piece]:
        """Return the body's pieces."""
        return blocks_merged(
            base=html_blocks(self.base[BODY]) if self.base else None,
            mine=html_blocks(self.mine[BODY]), theirs=html_blocks(self.theirs[BODY]),
        )  # fmt: skip


class MergeViews:
    """The view of a merge; mixed into the article admin."""

    admin_site: Any
    opts: Any
    _seen: Any
    get_form: Any
    has_change_permission: Any
    log_change: Any
    message_user: Any
    save_model: Any

    def merge_urls(self) -> list[URLPattern]:
        """Return the door."""
        wrap = self.admin_site.admin_view
        return [path("<uuid:article_id>/merge/", wrap(self.merge_view), name="news_article_merge")]

    def merge_if_behind(self, request: HttpRequest, article: Article) -> HttpResponse | None:
        """Return the page of a merge when a save comes from an older version than the stored one, else None."""
        seen = request.POST.get("seen_version", "")
        if seen == str(article.version) or not self.has_change_permission(request, article):
            return None
        return self._merge_kept(request, article, values_kept(request.POST.dict()), _number(seen))

    def merge_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """GET: the unsaved text against the stored one.  POST: save what was chosen, or show what came in between."""
        article = self._seen(request, article_id)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        if request.method == "POST":
            return self._merge_save(request, article)
        row = autosave_of(staff=staff_of(request), article_id=article.pk)
        if row is None:
            return HttpResponseRedirect(_change_url(article))
        return self._merge_page(request, article, values_kept(row.fields), row.base_version, status=200)

    def _merge_save(self, request: HttpRequest, article: Article) -> HttpResponse:
        given = request.POST
        mine = values_kept({name: given.get(f"mine_{name}", "") for name in FIELDS})
        base_version, seen = _number(given.get("base_version", "")), _number(given.get("seen_version", ""))
        if seen != article.version:
            return self._merge_again(request, article, mine, base_version, seen)
        texts = _texts(article, mine, base_version)
        chosen, undecided = _chosen(texts, given)
        if undecided:
            errors = [_("Please choose for: %(fields)s.") % {"fields": "、".join(map(_label, undecided))}]
            return self._merge_page(request, article, mine, base_version, errors=errors)
        form = self.get_form(request, article, change=True)(_form_data(chosen, seen), instance=_anew(article))
        if not form.is_valid():
            if form.has_error("__all__", "article_changed"):
                return self._merge_again(request, _anew(article), mine, base_version, seen)
            errors = [
                f"{form.fields[name].label if name in form.fields else ''} {' '.join(said)}".strip()
                for name, said in form.errors.items()
            ]
            return self._merge_page(request, article, mine, base_version, errors=errors)
        try:
            with transaction.atomic():
                self.save_model(request, form.instance, form, True)
                self.log_change(request, form.instance, [{"changed": {"fields": form.changed_data}}])
        except ArticleChanged:
            return self._merge_again(request, _anew(article), mine, base_version, seen)
        except Refused as refused:
            self.message_user(request, refused.text(), "error")
        else:
            self.message_user(request, _("Both texts were brought together and saved."))
        return HttpResponseRedirect(_change_url(article))

    def _merge_again(
        self, request: HttpRequest, article: Article, mine: Values, base_version: int, seen: int
    ) -> HttpResponse:
        """Someone saved once more: what was chosen so far is now one's own text, over the version it was chosen against."""
        against = version_of(article_id=article.pk, version=seen) if seen else None
        if against is not None:
            base = version_of(article_id=article.pk, version=base_version)
            chosen, undecided = _chosen(
                Texts(base.values if base else None, mine, against.values), request.POST
            )
            if not undecided:
                mine, base_version = values_kept(chosen), seen
        return self._merge_kept(request, article, mine, base_version)

    def _merge_kept(
        self, request: HttpRequest, article: Article, mine: Values, base_version: int
    ) -> HttpResponse:
        """Show the page, and keep one's own text beside the article too: the page may be closed."""
        try:
            services.autosave_keep(
                staff=staff_of(request), article_id=article.pk, base_version=base_version, fields=mine, now=clock.now()
            )  # fmt: skip
        except Refused as refused:
            # The page holds the text all the same.
            self.message_user(request, refused.text(), "warning")
        return self._merge_page(request, article, mine, base_version)

    def _merge_page(
        self, request: HttpRequest, article: Article, mine: Values, base_version: int, *, errors: Any = (),
        status: int = 409,
    ) -> HttpResponse:  # fmt: skip
        texts = _texts(article, mine, base_version)
        given = request.POST if request.method == "POST" else {}
        context = {
            **self.admin_site.each_context(request), "title": _("Two texts of one article"), "opts": self.opts,
            "article": article, "errors": errors, "base_version": base_version, "known": texts.base is not None,
            "stored": version_of(article_id=article.pk, version=article.version),
            "fields": _fields_shown(texts, given), "body": _body_shown(texts, given),
            "mine": [(name, "on" if value is True else value or "") for name, value in mine.items()],
        }  # fmt: skip
        response = TemplateResponse(request, "admin/news/merge.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _change_url(article: Article) -> str:
    return reverse("admin:news_article_change", args=[article.pk])


def _anew(article: Article) -> Article:
    stored: Article = Article.objects.defer("search").get(pk=article.pk)
    return stored


def _number(text: str) -> int:
    """Return a version, 0 for what is none."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if number <= services.MOST_VERSION else 0


def _texts(article: Article, mine: Values, base_version: int) -> Texts:
    base = version_of(article_id=article.pk, version=base_version) if base_version else None
    return Texts(base.values if base else None, mine, values_of(article))


def _chosen(texts: Texts, given: Mapping[str, str]) -> tuple[Values, list[str]]:
    """Return the values that were chosen, and the names of the fields for which nothing was."""
    chosen, undecided = dict(texts.theirs), []
    for name in FIELDS:
        if texts.side(name) is Side.SAME:
            continue
        pick = given.get(f"pick_{name}", "")
        value: Any = None
        if name == BODY and pick == MERGED:
            pieces = texts.pieces()
            answers = {place: given.get(f"piece_{place}", "") for place in range(len(pieces))}
            value = blocks_joined(pieces=pieces, answers=answers)
        elif pick in CHOICES:
            value = (texts.mine if pick == Side.MINE else texts.theirs)[name]
        if value is None:
            undecided.append(name)
        else:
            chosen[name] = value
    return chosen, undecided


def _form_data(values: Values, seen: int) -> dict[str, Any]:
    data = {name: value for name, value in values.items() if name != "pinned"} | {"seen_version": seen}
    return data | ({"pinned": "on"} if values["pinned"] else {})


def _label(name: str) -> str:
    return str(getattr(Article._meta.get_field(name), "verbose_name", name))


def _fields_shown(texts: Texts, given: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    for name in FIELDS:
        side = texts.side(name)
        if side is Side.SAME or name == BODY:
            continue
        base = _said(name, texts.base[name]) if texts.base else None
        rows.append(
            {
                "name": name, "label": _label(name), "conflict": side is Side.CONFLICT,
                "pick": given.get(f"pick_{name}") or (side.value if side is not Side.CONFLICT else ""),
                **_compared(base, _said(name, texts.mine[name]), _said(name, texts.theirs[name])),
            }
        )  # fmt: skip
    return rows


def _said(name: str, value: Any) -> str:
    """Return a value as a person reads it: the name of a column, the title of a picture."""
    if name == "pinned":
        return str(yesno(value))
    if name == "column" and value:
        return str(Column.objects.filter(pk=int(value)).first() or "-")
    if name == "cover_asset" and value:
        return str(MediaAsset.objects.filter(pk=UUID(value)).first() or "-")
    return str(value)


def _compared(base: str | None, mine: str, theirs: str) -> dict[str, Any]:
    """Return the three texts with their marks: against what both began with, else one's own against the stored one."""
    plain = [Mark("same", theirs)]
    return {
        "base": base,
        "theirs": text_marked(old=base, new=theirs) if base is not None else plain,
        "mine": text_marked(old=base if base is not None else theirs, new=mine),
    }


def _body_shown(texts: Texts, given: Mapping[str, str]) -> dict[str, Any] | None:
    if texts.side(BODY) is Side.SAME:
        return None
    rows = []
    for place, piece in enumerate(texts.pieces()):
        mine, theirs = blocks_text(piece.mine), blocks_text(piece.theirs)
        base = blocks_text(piece.base) if texts.base else None
        row: dict[str, Any] = {"place": place, "side": piece.side.value, "count": len(piece.mine)}
        if piece.side is not Side.SAME:
            row |= {"pick": given.get(f"piece_{place}", ""), "same_words": mine == theirs}
            row |= _compared(base, mine, theirs)
        rows.append(row)
    return {"rows": rows, "label": _label(BODY), "pick": given.get(f"pick_{BODY}") or MERGED}
