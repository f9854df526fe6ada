"""How the admin looks and what its menu holds (django-unfold)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may(model: str) -> Any:
    app, name = model.split(".")

    def allowed(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    return allowed


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(model),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Qingshan engagement desk"),
    "SITE_HEADER": _("Qingshan engagement desk"),
    "SITE_SUBHEADER": _("News, services, feedback"),
    "SITE_URL": None,
    "SITE_SYMBOL": "forum",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    # Nothing of what was searched stays in the browser.
    "COMMAND": {
        "search_models": False,
        "show_history": False,
        "search_callback": "apps.reports.command.search",
    },
    "DASHBOARD_CALLBACK": "apps.reports.dashboard.dashboard",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("qingshan/favicon.svg")}
    ],
    "STYLES": [lambda _request: static("qingshan/desk.css")],
    "SCRIPTS": [lambda _request: static("qingshan/desk.js")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254)",
            "100": "oklch(93.2% .032 256)",
            "200": "oklch(88.2% .059 254)",
            "300": "oklch(80.9% .105 252)",
            "400": "oklch(70.7% .165 255)",
            "500": "oklch(58.5% .19 258)",
            "600": "oklch(50.5% .18 260)",
            "700": "oklch(44.5% .16 261)",
            "800": "oklch(38.5% .13 262)",
            "900": "oklch(33.5% .10 262)",
            "950": "oklch(26.5% .07 264)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": [
            {"items": [{"title": _("Start"), "icon": "home", "link": reverse_lazy("admin:index")}]},
            {
                "title": _("Resident feedback"),
                "separator": True,
                "items": [
                    _item(_("Cases"), "inbox", "feedback.case"),
                    _item(_("Public board"), "campaign", "feedback.boardentry"),
                    _item(_("Notices to me"), "notifications", "notifications.staffnotice"),
                    _item(_("Ratings"), "thumbs_up_down", "feedback.rating"),
                    _item(_("Routing rules"), "alt_route", "feedback.routingrule"),
                    _item(_("Rulings"), "gavel", "feedback.ruling"),
                    _item(_("Reply templates"), "quick_phrases", "feedback.replytemplate"),
                    _item(_("Categories"), "category", "feedback.category"),
                    _item(_("Deadline profiles"), "schedule", "feedback.deadlineprofile"),
                    _item(_("Deadline rules"), "rule", "feedback.deadlinerule"),
                    _item(_("Right channels"), "signpost", "feedback.handoverchannel"),
                    _item(_("Duty clauses"), "list_alt", "feedback.dutyclause"),
                    _item(_("Exports of cases"), "download", "feedback.caseexport"),
                ],
            },
            {
                "title": _("Content safety"),
                "separator": True,
                "items": [
                    _item(_("Checks of texts"), "fact_check", "safety.textcheck"),
                    _item(_("Checks of pictures"), "image_search", "safety.mediacheck"),
                    _item(_("Word lists"), "dictionary", "safety.wordlist"),
                    _item(_("Versions of word lists"), "history_edu", "safety.wordlistversion"),
                ],
            },
            {
                "title": _("Indicators"),
                "separator": True,
                "items": [
                    {
                        "title": _("Figures"),
                        "icon": "monitoring",
                        "link": reverse_lazy("admin:reports_figures"),
                        "permission": _may("reports.dailyfigure"),
                    },
                    _item(_("Exclusions"), "filter_alt_off", "reports.caseexclusion"),
                    _item(_("Definitions"), "dictionary", "reports.indicatordefinition"),
                ],
            },
            {
                "title": _("News"),
                "separator": True,
                "items": [
                    _item(_("Articles"), "article", "news.article"),
                    {
                        "title": _("Rehearsal of an inspection"),
                        "icon": "checklist",
                        "link": reverse_lazy("admin:reports_inspection"),
                        "permission": _may("news.article"),
                    },
                    {
                        "title": _("Verify a review sheet"),
                        "icon": "verified",
                        "link": reverse_lazy("admin:news_article_verify"),
                        "permission": _may("news.article"),
                    },
                    _item(_("Media library"), "photo_library", "news.mediaasset"),
                    _item(_("Knowledge gaps"), "travel_explore", "feedback.inquiry"),
                    _item(_("Columns"), "account_tree", "news.column"),
                    _item(_("Rights in columns"), "key", "news.columnright"),
                ],
            },
            {
                "title": _("Facilities"),
                "separator": True,
                "items": [
                    _item(_("Places"), "location_on", "facilities.facility"),
                    _item(_("Correction reports"), "edit_location_alt", "facilities.correctionreport"),
                    _item(_("Closures"), "event_busy", "facilities.closure"),
                    _item(_("Services and matters"), "assignment", "facilities.service"),
                    _item(_("Organisations"), "domain", "facilities.organisation"),
                    _item(_("Kinds of places"), "category", "facilities.facilitykind"),
                    _item(_("Assurances"), "verified_user", "facilities.assurance"),
                    _item(_("Terms of assurances"), "timer", "facilities.assuranceterm"),
                    _item(_("History of places"), "history", "facilities.facilityevent"),
                ],
            },
            {
                "title": _("Clinics"),
                "separator": True,
                "items": [
                    _item(_("Clinic sessions"), "calendar_view_day", "clinics.clinicsession"),
                    _item(_("Appointments"), "event_available", "clinics.appointment"),
                    _item(_("Referrals"), "swap_horiz", "clinics.referral"),
                    _item(_("Restrictions"), "event_busy", "clinics.restriction"),
                    _item(_("Missed appointments"), "person_off", "clinics.strike"),
                    _item(_("Weekly sessions"), "calendar_month", "clinics.sessiontemplate"),
                    _item(_("Practitioners"), "stethoscope", "clinics.practitioner"),
                    _item(_("Rooms"), "meeting_room", "clinics.room"),
                    _item(_("Clinical departments"), "local_hospital", "clinics.department"),
                    _item(_("Medical institutions"), "apartment", "clinics.institution"),
                    _item(_("Medical alliances"), "hub", "clinics.alliance"),
                    _item(_("Booking rules"), "rule", "clinics.bookingrule"),
                    _item(_("Attendance rules"), "gavel", "clinics.attendancerule"),
                    _item(_("Terms of referrals"), "timer", "clinics.referralterm"),
                ],
            },
            {
                "title": _("School places"),
                "separator": True,
                "items": [
                    _item(_("Applications"), "assignment_ind", "schools.application"),
                    _item(_("Admission rounds"), "event_repeat", "schools.admissionround"),
                    _item(_("Offers of places"), "how_to_reg", "schools.offer"),
                    _item(_("Appeals"), "balance", "schools.appeal"),
                    _item(_("Reserved places"), "bookmark", "schools.intakereserve"),
                    _item(_("Schools"), "school", "schools.school"),
                    _item(_("Education communities"), "hub", "schools.educationcommunity"),
                    _item(_("Catchments"), "map", "schools.catchmentversion"),
                    _item(_("Places used by homes"), "home_pin", "schools.placelock"),
                    _item(_("Rules on one place per home"), "gavel", "schools.placelockrule"),
                    _item(_("Registers of offices"), "dataset", "schools.registerrow"),
                ],
            },
            {
                "title": _("Notifications"),
                "separator": True,
                "items": [
                    _item(_("Texts of notices"), "edit_note", "notifications.noticetext"),
                    {
                        "title": _("Sending of messages"),
                        "icon": "speed",
                        "link": reverse_lazy("admin:notifications_operators"),
                        "permission": _may("notifications.redrive"),
                    },
                    _item(_("Messages to many"), "campaign", "notifications.campaign"),
                    _item(_("Lists of people"), "group_add", "notifications.campaignlist"),
                    _item(_("Deliveries"), "outgoing_mail", "notifications.delivery"),
                    _item(_("WeChat templates"), "chat", "notifications.wechattemplate"),
                    _item(_("SMS templates"), "sms", "notifications.smstemplate"),
                    _item(_("Terms of keeping"), "auto_delete", "notifications.retention"),
                    _item(_("Pushes"), "webhook", "wechat.providerpush"),
                ],
            },
            {
                "title": _("People and units"),
                "separator": True,
                "items": [
                    _item(_("Staff"), "badge", "accounts.staff"),
                    _item(_("Units"), "corporate_fare", "accounts.department"),
                    _item(_("Residents"), "group", "accounts.resident"),
                    _item(_("Access log"), "policy", "accounts.accesslog"),
                    _item(_("Privacy policy versions"), "privacy_tip", "accounts.policyversion"),
                    _item(_("Open311 keys"), "key", "feedback.open311key"),
                ],
            },
            {
                "title": _("Reference data"),
                "separator": True,
                "items": [
                    _item(_("Streets"), "signpost", "common.street"),
                    _item(_("Communities"), "holiday_village", "common.community"),
                    _item(_("Calendar days"), "calendar_month", "common.calendarday"),
                    _item(_("Import and export"), "swap_vert", "sheets.importbatch"),
                    _item(_("Exports of tables"), "download", "sheets.exportlog"),
                    _item(_("Counts of units"), "calculate", "capacity.reconciliation"),
                    _item(_("Changes of units"), "exposure", "capacity.totalchange"),
                ],
            },
        ],
    },
}
