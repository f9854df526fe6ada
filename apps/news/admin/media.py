"""The media library at the desk: the list, the words and the focal point of a picture, where it is used."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.common.files import CleanImage, image_clean
from apps.news import media_selectors
from apps.news.admin.media_doors import MediaDoors
from apps.news.errors import MediaAltNeeded, MediaChanged
from apps.news.models import MediaAsset, MediaUse
from apps.news.services.media import media_change, media_delete, media_keep_clean

WORDS = ("title", "alt", "decorative", "caption", "credit")
FOCAL = ("focal_x", "focal_y")


class WordsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a picture: what it shows, or that it is decorative."""

    class Meta:
        model = MediaAsset
        fields = WORDS

    def clean(self) -> dict[str, Any] | None:
        """Ask for the alternative text, or for the mark that none is needed."""
        values = super().clean()
        if "alt" in self.cleaned_data and bool(self.cleaned_data["alt"]) == bool(
            self.cleaned_data.get("decorative")
        ):
            self.add_error("alt", ValidationError(str(MediaAltNeeded.message), MediaAltNeeded.code))
        return values


class AddForm(WordsForm):
    """A new picture with its words."""

    file = forms.FileField(label=_("file"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/*"}))

    def clean_file(self) -> CleanImage:
        """Return the picture cleaned; what is no picture is told at the field."""
        try:
            return image_clean(stream=self.cleaned_data["file"])
        except Refused as refused:
            raise ValidationError(refused.text(), refused.code) from refused


class ChangeForm(WordsForm):
    """A picture with the version that was opened, so that a stale save is refused."""

    seen_version = forms.IntegerField(label=_("Version"), widget=forms.HiddenInput)

    class Meta:
        model = MediaAsset
        fields = (*WORDS, *FOCAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen_version" in self.fields:
            self.fields["seen_version"].initial = self.instance.version
        for name in FOCAL:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"min": "0", "max": "1", "step": "0.01"}

    def clean(self) -> dict[str, Any] | None:
        """Tell early, in the form, what the service would refuse under the lock."""
        values = super().clean()
        stored = MediaAsset.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
        if stored != self.cleaned_data.get("seen_version"):
            raise ValidationError(str(MediaChanged.message), "media_changed")
        return values


class UsedFilter(admin.SimpleListFilter):
    title = _("use")
    parameter_name = "used"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("yes", _("stands in an article")), ("no", _("used nowhere"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[MediaAsset]) -> QuerySet[MediaAsset]:
        """Keep what is used, or what is not."""
        uses = Exists(MediaUse.objects.filter(asset=OuterRef("pk")))
        if self.value() == "yes":
            return queryset.filter(uses)
        return queryset.filter(~uses) if self.value() == "no" else queryset


@admin.register(MediaAsset)
class MediaAssetAdmin(MediaDoors, DeskAdmin):
    form = ChangeForm
    list_display = ("thumb_shown", "title", "alt_shown", "uses_shown", "uploaded_by", "created_at")
    list_display_links = ("title",)
    list_select_related = ("uploaded_by",)
    list_filter = (UsedFilter, "decorative")
    search_fields = ("title", "alt", "caption", "credit")
    ordering = ("-created_at", "-id")
    readonly_fields = ("uploaded_by", "created_at")
    change_form_before_template = "admin/news/media_focal.html"
    change_form_outer_after_template = "admin/news/media_sizes.html"
    list_before_template = "admin/news/media_list_top.html"

    class Media:
        js = ("qingshan/media.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaAsset]:
        """Return the pictures with the number of articles that show them."""
        counted = MediaUse.objects.filter(asset=OuterRef("pk")).order_by().values("asset")
        articles = counted.annotate(n=Count("article", distinct=True)).values("n")
        rows: QuerySet[MediaAsset] = super().get_queryset(request)
        return rows.annotate(articles=Coalesce(Subquery(articles, output_field=IntegerField()), 0))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the file once, and for the focal point once there is a picture."""
        return super().get_form(request, obj, change, **{"form": ChangeForm if obj else AddForm, **kwargs})

    def get_fields(self, request: HttpRequest, obj: MediaAsset | None = None) -> Any:
        """Return the fields of the form at hand; the version only where something is saved."""
        if obj is None:
            return ("file", *WORDS)
        hidden = ("seen_version",) if self.has_change_permission(request, obj) else ()
        return (*WORDS, *FOCAL, *self.readonly_fields, *hidden)

    @admin.display(description=_("picture"))
    def thumb_shown(self, asset: MediaAsset) -> str:
        """Return the picture, small."""
        source = media_selectors.media_url(upload_id=asset.upload_id, name="square")
        return format_html(
            '<img class="qs-thumb" src="{}" alt="" width="64" height="64" loading="lazy">', source
        )

    @admin.display(description=_("alternative text"))
    def alt_shown(self, asset: MediaAsset) -> str:
        """Return what the picture shows, or that it needs no words."""
        return str(_("decorative")) if asset.decorative else asset.alt

    @admin.display(description=_("articles"))
    def uses_shown(self, asset: Any) -> int:
        """Return how many articles show the picture."""
        return int(asset.articles)

    def save_model(self, request: HttpRequest, obj: MediaAsset, form: Any, change: bool) -> None:
        """Hand the form to the services."""
        given = form.cleaned_data
        words = {name: given[name] for name in WORDS}
        if change:
            kept = media_change(
                asset_id=obj.pk, seen_version=given["seen_version"], **words, **{n: given[n] for n in FOCAL}
            )
        else:
            kept = media_keep_clean(
                clean=given["file"], words=words, staff=staff_of(request), now=clock.now()
            )
        obj.__dict__ |= {name: value for name, value in kept.__dict__.items() if name != "_state"}
        obj._state.adding = False

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form with the picture, its sizes and its uses; a refusal as a message."""
        asset = self.get_object(request, object_id) if object_id else None
        context = self._picture_context(asset) if asset else {}
        try:
            return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    @staticmethod
    def _picture_context(asset: MediaAsset) -> dict[str, Any]:
        sizes = asset.renditions.filter(format="webp").order_by("-width")
        return {
            "picture": asset,
            "picture_src": media_selectors.media_url(upload_id=asset.upload_id, name="body"),
            "sizes": [
                {
                    "name": row.name, "width": row.width, "height": row.height, "kilobytes": -(-row.size_bytes // 1024),
                    # The version keeps a browser from showing the crop as it was before the point moved.
                    "src": f"{media_selectors.media_url(upload_id=asset.upload_id, name=row.name)}?v={asset.version}",
                }
                for row in sizes
            ],
            "uses": media_selectors.asset_uses(asset_id=asset.pk),
        }  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        """Let those delete whose role says so: a picture that stands nowhere is not worth keeping."""
        return bool(request.user.has_perm("news.delete_mediaasset"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what goes with a picture: its sizes, whose rows have no permissions of their own."""
        to_delete, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask, then delete; what was put to use meanwhile is refused with a message."""
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect("../change/")

    def delete_model(self, _request: HttpRequest, obj: MediaAsset) -> None:
        """Hand it to the service, which locks the picture and looks whether it is used."""
        media_delete(asset_id=obj.pk)

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of the picker and of several pictures at once."""
        return [*self.door_urls(), *super().get_urls()]
