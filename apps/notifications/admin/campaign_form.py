"""The form of a campaign's draft: choices and lines of text for what the row keeps as codes and JSON."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.common import clock
from apps.common.api.fields import text_clean
from apps.notifications import campaign_selectors as selectors
from apps.notifications.models import Campaign, CampaignList, SmsTemplate, WechatTemplate
from apps.notifications.services.campaigns import CampaignStale

CHAINS = [
    ("wechat", _("inbox, then WeChat")),
    ("wechat,sms", _("inbox, then WeChat; by text message who is not reached")),
    ("sms", _("inbox, then text message")),
    ("", _("inbox alone")),
]
# What the row keeps as the form gives it.
AS_THEY_ARE = ("name", "title", "body", "page", "wechat_template", "sms_template", "starts_at")
_COLON = re.compile(r"[:：]")


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """A draft with the version that was opened, so that a stale save is refused."""

    who = forms.ChoiceField(label=_("who"), widget=UnfoldAdminSelectWidget)
    chain = forms.ChoiceField(
        label=_("channels"), choices=CHAINS, required=False, widget=UnfoldAdminSelectWidget
    )
    wechat_lines = forms.CharField(
        label=_("values of the WeChat template"), required=False, max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("One line a place: name, colon, text. The names appear once a draft with a template is saved."),
    )  # fmt: skip
    sms_lines = forms.CharField(
        label=_("values of the SMS template"), required=False, max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text=_("One line a place, in their order."),
    )  # fmt: skip
    seen_version = forms.IntegerField(label=_("Version"), widget=forms.HiddenInput, required=False)

    class Meta:
        model = Campaign
        fields = AS_THEY_ARE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.instance
        who: Any = self.fields["who"]
        who.choices = _who_choices(draft)
        for name, model in (("wechat_template", WechatTemplate), ("sms_template", SmsTemplate)):
            self.fields[name].queryset = model._default_manager.filter(is_active=True)  # type: ignore[attr-defined]
        if not draft._state.adding:
            self.fields["who"].initial = _who(draft)
            self.fields["chain"].initial = ",".join(draft.channels)
            self.fields["wechat_lines"].initial = _wechat_lines(draft)
            self.fields["sms_lines"].initial = "\n".join(str(text) for text in draft.sms_params)
            self.fields["seen_version"].initial = draft.version

    def clean(self) -> dict[str, Any] | None:
        """Read the lines by the chosen templates; tell early what the service would refuse under the lock."""
        values = super().clean() or self.cleaned_data
        for name in ("name", "title", "body"):
            if name in values:
                values[name] = text_clean(values[name]).strip()
        if template := values.get("wechat_template"):
            try:
                values["wechat_values"] = _wechat_read(values.get("wechat_lines", ""), template)
            except ValidationError as error:
                self.add_error("wechat_lines", error)
        if not self.instance._state.adding:
            stored = Campaign.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
            if stored != values.get("seen_version"):
                raise ValidationError(str(CampaignStale.message), "campaign_stale")
        return values

    def draft_values(self) -> dict[str, Any]:
        """Return the fields as the service takes them."""
        given = self.cleaned_data
        kind, _bar, key = given["who"].partition("|")
        people = CampaignList.objects.get(pk=int(key)) if kind == Campaign.Segment.LIST else None
        return {
            **{name: given[name] for name in AS_THEY_ARE},
            "segment": kind, "segment_key": "" if people else key, "people": people,
            "channels": [name for name in given["chain"].split(",") if name],
            "wechat_values": given.get("wechat_values", {}),
            "sms_params": [line.strip() for line in given["sms_lines"].splitlines() if line.strip()],
        }  # fmt: skip


def _who(draft: Campaign) -> str:
    if draft.segment == Campaign.Segment.LIST:
        return f"{draft.segment}|{draft.people_id}"
    return f"{draft.segment}|{draft.segment_key}"


def _who_choices(draft: Campaign) -> list[Any]:
    kinds = Campaign.Segment
    lists = {one.pk: one for one in selectors.lists_offered()}
    if draft.people_id and draft.people:
        lists[draft.people_id] = draft.people
    named = [
        (f"{kinds.LIST}|{pk}", f"{one.file_name} {clock.local(one.created_at):%m-%d %H:%M}（{one.matched}）")
        for pk, one in lists.items()
    ]
    groups = [(label, list(names.items())) for label, names in selectors.segment_names() if names]
    return [
        (f"{kinds.EVERYONE}|", kinds.EVERYONE.label),
        *groups,
        *([(kinds.LIST.label, named)] if named else []),
    ]


def _wechat_lines(draft: Campaign) -> str:
    if draft.wechat_template is None:
        return ""
    names = selectors.template_labels(template=draft.wechat_template)
    return "\n".join(f"{name}：{draft.wechat_values.get(key, '')}" for key, name in names.items())


def _wechat_read(lines: str, template: WechatTemplate) -> dict[str, str]:
    """Return the texts by key.  Raises ValidationError on a line without a name of the template."""
    names = selectors.template_labels(template=template)
    keys = {name: key for key, name in names.items()} | {key: key for key in names}
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text_clean(lines).splitlines())):
        name, *rest = _COLON.split(line, maxsplit=1)
        if name.strip() not in keys or not rest:
            wanted = "、".join(names.values())
            raise ValidationError(
                _t("“%(line)s” does not begin with a name of the template: %(names)s.")
                % {"line": line[:30], "names": wanted},
                "name_unknown",
            )
        found[keys[name.strip()]] = rest[0].strip()
    return found
