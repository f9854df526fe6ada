"""``manage.py fixtures_load [--directory] [--demo]``: the reference data.

``--directory`` adds the places that public sources name, ``--demo`` also people, articles and cases to play with.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.roles import roles_load
from apps.clinics import services as clinics
from apps.common import clock
from apps.common import services as common
from apps.facilities import services as facilities
from apps.feedback import services as feedback
from apps.news import services as news
from apps.notifications import services as notifications
from apps.reports import services as reports
from apps.safety import services as safety
from apps.schools import services as schools
from qingshan.demo_data import demo_cases, demo_rounds, demo_staff
from qingshan.demo_news import demo_articles
from qingshan.env import env

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
CATEGORIES_VALID_FROM = "2026-01-01"


def fixture(name: str) -> Any:
    """Return the JSON of a file in ``fixtures/``."""
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


class Command(BaseCommand):
    help = "Load the district's reference data; what is there already stays as staff left it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--directory",
            action="store_true",
            help="also the places, matters and organisations of public sources",
        )
        parser.add_argument(
            "--demo", action="store_true", help="also people, articles and cases for a demonstration"
        )
        parser.add_argument(
            "--staff-json", type=Path, help="where to write the demo staff, without passwords"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load."""
        if options["demo"] and settings.PRODUCTION:
            raise CommandError("Demonstration data is not loaded in production.")
        with transaction.atomic():
            reference_load()
            if options["directory"] or options["demo"]:
                directory_load()
        if options["demo"]:
            password = env.str("DEMO_STAFF_PASSWORD", "")
            if len(password) < 10:
                raise CommandError("DEMO_STAFF_PASSWORD takes at least 10 characters.")
            staff = demo_staff(rows=fixture("demo_staff.json"), password=password)
            feedback.routing_rules_write(rows=fixture("routing_rules.json"), valid_from=CATEGORIES_VALID_FROM)
            facilities.opening_load(rows=fixture("facilities_demo.json"), now=clock.now())
            clinics.templates_load(data=fixture("clinics_demo.json"))
            clinics.sessions_generate(now=clock.now())
            demo_rounds(data=fixture("schools_demo.json"))
            demo_articles(folder=FIXTURES / "articles")
            demo_cases(residents=fixture("demo_residents.json"), cases=fixture("demo_cases.json"))
            reports.figures_refresh(now=clock.now())
            if options["staff_json"]:
                options["staff_json"].write_text(json.dumps(staff, ensure_ascii=False), encoding="utf-8")


def directory_load() -> None:
    """Load what public sources say of places: a start that the district looks through, not a record."""
    facilities.organisations_load(rows=fixture("organisations.json"))
    facilities.services_load(rows=fixture("services.json"))
    facilities.facilities_load(rows=fixture("facilities.json"), now=clock.now())
    clinics.institutions_load(data=fixture("clinics.json"))
    schools.schools_load(data=fixture("schools.json"))


def reference_load() -> None:
    """Load what the product can not run without; rows that exist are left as they are."""
    roles_load()
    common.divisions_write(rows=fixture("divisions.json")["divisions"])
    common.calendar_write(rows=fixture("calendar.json"))
    accounts.departments_write(rows=fixture("departments.json"))
    policy = fixture("privacy_policy.json")
    accounts.policy_publish(
        version=policy["version"],
        major=policy["major"],
        text_url="/api/v1/privacy",
        items=policy["items"],
        valid_from=clock.midnight(policy["valid_from"]),
    )
    safety.word_lists_load(lists=fixture("safety_words.json"), now=clock.now())
    feedback.profiles_write(rows=fixture("deadline_profiles.json"))
    feedback.categories_write(tree=fixture("categories.json"), valid_from=CATEGORIES_VALID_FROM)
    feedback.rules_write(rows=fixture("deadline_rules.json"))
    feedback.channels_write(rows=fixture("handover_channels.json"))
    feedback.clauses_write(rows=fixture("duty_clauses.json"))
    feedback.templates_write(rows=fixture("reply_templates.json"))
    feedback.suggestion_load(now=clock.now())
    news.columns_load(tree=fixture("columns.json"))
    facilities.kinds_load(rows=fixture("facility_kinds.json"))
    facilities.terms_load(rows=fixture("assurance_terms.json"))
    reports.definitions_load(rows=fixture("indicator_definitions.json"))
    notifications.retention_load(rows=fixture("retention.json"))
    if not settings.PRODUCTION:
        # In production the templates come from WeChat: these ids exist only in the simulator.
        notifications.wechat_templates_load(rows=fixture("wechat_templates.json"))
        notifications.sms_templates_load(rows=fixture("sms_templates.json"))
