"""WeChat's and the SMS provider's templates in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.admin import DeskAdmin
from apps.common.changes import announce
from apps.notifications import labels, services, text_selectors
from apps.notifications.kinds import kinds_all
from apps.notifications.models import SmsTemplate, WechatTemplate
from apps.notifications.wording import NAMESPACE
from apps.wechat.errors import WechatError, WechatRefused

# Names that nothing registered uses yet, but the district's templates have.
FURTHER_NAMES = ("service_notice", "news_update")


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which of our names a template that WeChat lists stands for."""

    name = forms.ChoiceField(label=_("name"), required=False)

    class Meta:
        model = WechatTemplate
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {kind.wechat_template for kind in kinds_all() if kind.wechat_template}
        names = sorted(known | set(FURTHER_NAMES) | {self.instance.name or ""} - {""})
        choices: Any = self.fields["name"]
        choices.choices = [("", _("not assigned")), *((name, name) for name in names)]

    def clean_name(self) -> str | None:
        """Return None for no name: the column is unique."""
        return self.cleaned_data["name"] or None


@admin.register(WechatTemplate)
class WechatTemplateAdmin(DeskAdmin):
    """What WeChat lists, under which of our names it is used, and whether the texts fit."""

    form = NameForm
    list_display = ("title", "name", "type", "standing", "template_id", "synced_at")
    ordering = (F("name").asc(nulls_first=True), "title")
    fields = ("title", "name", "fits", "type", "template_id", "places", "is_active", "synced_at")
    readonly_fields = ("title", "fits", "type", "template_id", "places", "is_active", "synced_at")
    list_before_template = "admin/notifications/templates_compare.html"

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: templates come from WeChat."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the door of the comparison."""
        wrap = self.admin_site.admin_view
        return [
            path("compare/", wrap(self.compare_view), name="notifications_templates_compare"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WechatTemplate]:
        """Return all, those without a name first."""
        rows: QuerySet[WechatTemplate] = super().get_queryset(request)
        return rows

    @admin.display(description=_("State"))
    def standing(self, template: WechatTemplate) -> str:
        """Return whether it is used, waits for a name or is gone."""
        if not template.is_active:
            return str(_("no longer listed by WeChat"))
        return str(_("in use") if template.name else _("has no name yet"))

    @admin.display(description=_("keys"))
    def places(self, template: WechatTemplate) -> str:
        """Return what the template itself calls its keys."""
        names = text_selectors.key_names(content=template.content, keys=template.keys)
        return "、".join(names.values())

    @admin.display(description=_("Texts that use it"))
    def fits(self, template: WechatTemplate) -> SafeString | str:
        """Return, for each notice that uses the name, whether its text fits the template's keys."""
        if not template.name:
            return str(_("Save a name to see whether the texts fit."))
        found = text_selectors.mapping_problems(
            name=template.name, keys=template.keys, enums=template.enums or {}
        )
        lines = [
            (label, "；".join(labels.problem(one=one) for one in problems) or _("fits"))
            for label, problems in found.items()
        ]
        return format_html_join("", "<div>{}：{}</div>", lines) or str(_("No notice uses it."))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the name, and let every process know."""
        super().save_model(request, obj, form, change)
        announce(NAMESPACE)

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """POST: compare with WeChat's list and go back with what changed as a message."""
        if request.method != "POST":
            return HttpResponse(status=405)
        if not request.user.has_perm("notifications.change_wechattemplate"):
            raise PermissionDenied
        try:
            synced = services.wechat_templates_sync(now=clock.now())
        except WechatRefused as refused:
            meaning, step = labels.advice(code=str(refused.errcode))
            told = _("WeChat refused with %(code)s: %(meaning)s %(step)s")
            facts = {"code": refused.errcode, "meaning": meaning, "step": step}
            self.message_user(request, told % facts, messages.ERROR)
        except WechatError:
            self.message_user(
                request, _("WeChat can not be reached. Please try again later."), messages.ERROR
            )
        else:
            told = _("Compared: %(new)s new, %(changed)s changed, %(gone)s gone.")
            facts = {"new": len(synced.new), "changed": len(synced.changed), "gone": len(synced.gone)}
            self.message_user(request, told % facts, messages.WARNING if synced.gone else messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:notifications_wechattemplate_changelist"))


@admin.register(SmsTemplate)
class SmsTemplateAdmin(DeskAdmin):
    """Texts as the provider approved them."""

    list_display = ("name", "text", "sign", "template_id", "param_chars", "is_active")
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let every process know."""
        super().save_model(request, obj, form, change)
        announce(NAMESPACE)
