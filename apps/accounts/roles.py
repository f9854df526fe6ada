"""What each role may see and change in the admin: data, loaded into Django groups.

Rows are narrowed further by ``visible_to(staff)``; acts on cases and articles go by their ``MOVES``, not by these.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

from apps.accounts.states import Role

_FILTERS = ("accounts.view_savedfilter", "accounts.change_savedfilter", "accounts.delete_savedfilter")
_NEWS_DESK = (
    *_FILTERS,
    "news.view_article", "news.add_article", "news.change_article", "news.view_column",
    "news.view_historicalarticle", "news.view_mediaasset", "feedback.view_inquiry",
)  # fmt: skip
_MEDIA_WRITE = ("news.add_mediaasset", "news.change_mediaasset", "news.delete_mediaasset")
_CASES = (
    "feedback.view_case", "feedback.view_category", *_FILTERS, "notifications.view_staffnotice",
)  # fmt: skip
_DESK = (
    *_CASES, "feedback.view_inquiry", "feedback.view_rating", "feedback.view_deadlineprofile", "feedback.view_deadlinerule",
    "feedback.view_ruling", "feedback.view_routingrule", "feedback.view_handoverchannel", "feedback.view_dutyclause",
    "feedback.view_replytemplate", "feedback.view_historicalreplytemplate", "accounts.view_department",
    "feedback.view_boardentry",
)  # fmt: skip
_RULES = tuple(
    f"feedback.{act}_{model}"
    for act in ("view", "add", "change")
    for model in ("deadlinerule", "routingrule", "handoverchannel", "dutyclause", "replytemplate")
)
_REFERENCE = tuple(
    f"{app}.{act}_{model}"
    for act in ("view", "add", "change")
    for app, model in (
        ("common", "calendarday"), ("common", "street"), ("common", "community"), ("feedback", "category"),
        ("feedback", "deadlineprofile"), ("feedback", "deadlinerule"), ("feedback", "handoverchannel"),
        ("feedback", "dutyclause"), ("news", "column"), ("news", "columnright"), ("accounts", "department"), ("accounts", "membership"),
        ("accounts", "policyversion"), ("notifications", "wechattemplate"), ("reports", "indicatordefinition"),
    )
)  # fmt: skip
# Which tables someone sees goes by the right to change that table.
_SHEETS = (
    "sheets.view_importbatch",
    "sheets.add_importbatch",
    "sheets.approve_importbatch",
    "sheets.export_sheet",
)
# The directory: whoever operates a service keeps it, closes places, answers reports; its tables by spreadsheet too.
_DIRECTORY_READ = (
    "common.view_street", "common.view_community", "accounts.view_department", "facilities.view_facility",
    "facilities.view_facilityevent", "facilities.view_assurance", "facilities.view_assuranceterm",
)  # fmt: skip
_DIRECTORY = (
    *_DIRECTORY_READ,
    *(
        f"facilities.{act}_{model}"
        for act in ("view", "add", "change")
        for model in ("facility", "facilitykind", "organisation", "service")
    ),
    *(
        f"facilities.{act}_{model}"
        for act in ("view", "add", "change", "delete")
        for model in (
            "openingrule", "dayexception", "accessibilityfact", "serviceatfacility", "alias", "photo",
        )
    ),
    "facilities.view_closure", "facilities.add_closure", "facilities.view_correctionreport",
    "facilities.change_correctionreport",
)  # fmt: skip
# The desk of a clinic: its day, referrals, appeals; administrators keep who works where and by which rules.
_CLINIC = (
    "notifications.view_staffnotice", "clinics.view_clinicsession", "clinics.add_clinicsession", "clinics.view_appointment", "clinics.change_appointment", "clinics.view_restriction",
    "clinics.change_restriction", "clinics.view_strike", "clinics.view_referral", "clinics.add_referral",
    "clinics.change_referral", "clinics.view_institution", "clinics.view_department", "clinics.view_bookingrule",
    "clinics.view_attendancerule",
    *(
        f"clinics.{act}_{model}"
        for act in ("view", "add", "change")
        for model in ("practitioner", "room", "sessiontemplate", "templateexception")
    ),
    "clinics.delete_templateexception",
)  # fmt: skip
_CLINIC_RULES = tuple(
    f"clinics.{act}_{model}"
    for act in ("view", "add", "change")
    for model in ("alliance", "institution", "department", "bookingrule", "attendancerule", "referralterm")
)
# The admission office: applications, papers, appeals; a supervisor of the unit prepares rounds and takes their steps.
_SCHOOLS = (
    "schools.view_application", "schools.add_application", "schools.change_application", "schools.review_application",
    "schools.view_appeal", "schools.change_appeal", "schools.view_offer", "schools.view_admissionround", "schools.view_intake",
    "schools.view_prioritycategory", "schools.view_school", "schools.view_educationcommunity", "schools.view_catchmentversion",
    "schools.view_catchmentarea", "schools.view_placelock", "schools.view_placelockrule",
)  # fmt: skip
_ROUNDS = (
    *_SCHOOLS, "schools.run_round", "schools.change_placelock", "schools.view_registerrow", "schools.add_registerrow",
    *(
        f"schools.{act}_{model}"
        for act in ("view", "add", "change", "delete")
        for model in ("intake", "prioritycategory", "intakereserve", "catchmentarea")
    ),
    *(
        f"schools.{act}_{model}"
        for act in ("view", "add", "change")
        for model in ("admissionround", "school", "educationcommunity", "catchmentversion", "placelockrule")
    ),
)  # fmt: skip
_COUNTS = ("capacity.view_reconciliation", "capacity.view_totalchange")
_SAFETY = ("safety.view_textcheck", "safety.view_mediacheck")
_WORDS = (
    "safety.view_wordlist", "safety.view_wordlistversion", "safety.add_wordlistversion", "safety.change_wordlistversion",
)  # fmt: skip
_TEXTS = ("notifications.view_noticetext", "notifications.add_noticetext", "notifications.change_noticetext")
_TEXTS_APPROVED = ("notifications.view_noticetext", "notifications.approve_noticetext")
_SENDING = ("notifications.view_redrive",)
_EXCLUSIONS = ("reports.view_caseexclusion", "reports.add_caseexclusion")
# Editors write to many; another person approves (notifications.states.CAMPAIGN_MOVES).
_CAMPAIGNS = (
    "notifications.view_campaign",
    "notifications.change_campaign",
    "notifications.view_campaignlist",
)
_CAMPAIGNS_WRITE = (*_CAMPAIGNS, "notifications.add_campaign", "notifications.add_campaignlist")
_CAMPAIGNS_APPROVE = (*_CAMPAIGNS, "notifications.approve_campaign")
_FIGURES = (*_EXCLUSIONS, "reports.view_dailyfigure", "reports.view_indicatordefinition")
PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.EDITOR: (*_NEWS_DESK, *_MEDIA_WRITE, *_CAMPAIGNS_WRITE, *_TEXTS),
    Role.REVIEWER_FIRST: _NEWS_DESK,
    Role.REVIEWER_SECOND: _NEWS_DESK,
    Role.REVIEWER_FINAL: (
        *_NEWS_DESK, *_WORDS, *_CAMPAIGNS_APPROVE, *_TEXTS_APPROVED, *_SHEETS, "news.add_column", "news.change_column",
    ),
    Role.INTAKE_CLERK: (*_DESK, *_SAFETY, *_EXCLUSIONS),
    Role.DESK_HEAD: (
        *_DESK, *_SAFETY, *_WORDS, *_RULES, "feedback.view_routingtrial", "feedback.export_case",
        "feedback.view_caseexport", *_FIGURES, "reports.add_indicatordefinition", "reports.change_indicatordefinition",
        *_CAMPAIGNS_APPROVE, *_TEXTS, "notifications.approve_noticetext", *_SENDING,
        *_SHEETS, "feedback.add_category", "feedback.change_category",
    ),
    Role.HANDLER: (*_CASES, "feedback.view_rating"),
    Role.SUPERVISOR: (
        *_CASES, "feedback.view_rating", "feedback.view_deadlineprofile", "accounts.view_department",
        "feedback.view_ruling", "feedback.export_case", *_FIGURES, *_ROUNDS,
    ),
    Role.SERVICE_OPERATOR: (*_DIRECTORY, *_SHEETS, *_CLINIC, *_SCHOOLS),
    Role.AUDITOR: (
        "accounts.view_accesslog", "notifications.view_delivery", "feedback.view_caseexport",
        "sheets.view_exportlog", *_SENDING, *_COUNTS,
    ),
    Role.ADMINISTRATOR: (
        *_REFERENCE, "accounts.view_staff", "accounts.add_staff", "accounts.change_staff", "accounts.view_resident",
        *_WORDS, "safety.add_wordlist", "news.delete_columnright", "safety.change_wordlist",
        "notifications.view_delivery", "feedback.view_open311key", "feedback.change_open311key",
        "wechat.view_providerpush", *_CAMPAIGNS_APPROVE, *_TEXTS_APPROVED, *_SENDING,
        "notifications.view_retention", "notifications.add_retention", "notifications.view_smstemplate",
        "notifications.add_smstemplate", "notifications.change_smstemplate",
        *_COUNTS, *_SHEETS, "sheets.export_personal", "sheets.view_exportlog",
        *_CLINIC, *_CLINIC_RULES, *_ROUNDS, *_DIRECTORY, "facilities.add_assuranceterm", "facilities.change_assuranceterm",
    ),
}  # fmt: skip


def roles_load() -> int:
    """Write the groups and their permissions as ``PERMISSIONS`` says; returns how many.  About 3 queries each."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.select_related("content_type")
    }
    for role, names in PERMISSIONS.items():
        group, _made = Group.objects.get_or_create(name=role.value)
        group.permissions.set([known[name] for name in names])
    return len(PERMISSIONS)
