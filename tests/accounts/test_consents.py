"""Consent before writing, and its ledger."""

from apps.accounts import services
from apps.accounts.models import Consent
from apps.common import clock as project_clock
from apps.feedback.models import Case
from tests.factories.people import code_of, policy_now, resident_make

CASE = {"request_type": "help", "text": "路灯不亮"}


def test_a_write_without_consent_is_refused_and_reading_is_not(db):
    client = resident_make(agreed=False)

    refused = client.post("feedback/cases", CASE)

    assert (refused.status_code, code_of(refused)) == (403, "consent_required")
    assert refused.json()["errors"][0]["purpose"] == "basic_service"
    assert Case.objects.count() == 0
    assert client.get("feedback/cases").status_code == 200


def test_a_new_major_version_asks_again(resident):
    services.policy_publish(
        version="2030", major=9, text_url="/p", valid_from=project_clock.now(),
        items=[{"purpose": "basic_service", "fields": [], "retention": ""}],
    )  # fmt: skip

    refused = resident.post("feedback/cases", CASE)
    given = resident.post("me/consents", {"purpose": "basic_service", "version": "2030"})

    assert code_of(refused) == "consent_required"
    assert given.status_code == 201
    assert resident.post("feedback/cases", CASE).status_code == 201


def test_withdrawing_is_as_easy_as_giving(resident):
    assert resident.post("me/consents/basic_service/withdraw").status_code == 204

    assert code_of(resident.post("feedback/cases", CASE)) == "consent_required"
    rows = resident.get("me/consents").json()["results"]
    assert len(rows) == 1
    assert rows[0]["withdrawn_at"] is not None


def test_consent_twice_is_one_row(resident):
    for _each in range(2):
        answer = resident.post("me/consents", {"purpose": "basic_service", "version": policy_now()})
        assert answer.status_code == 201

    assert Consent.objects.filter(resident_id=resident.resident_id).count() == 1


def test_a_purpose_that_the_policy_does_not_name_is_refused(resident):
    answer = resident.post("me/consents", {"purpose": "advertising", "version": policy_now()})

    assert (answer.status_code, code_of(answer)) == (400, "purpose_unknown")


def test_the_policy_is_public(anyone, db):
    body = anyone.get("privacy").json()

    assert {item["purpose"] for item in body["items"]} >= {"basic_service", "notifications"}


def test_a_profile_takes_only_places_on_offer(resident):
    good = resident.put("me/profile", {"nickname": "江边", "street": "420107003"})
    gone = resident.put("me/profile", {"nickname": "江边", "street": "420107007"})

    assert (good.status_code, good.json()["street"]) == (200, "420107003")
    assert (gone.status_code, code_of(gone)) == (400, "place_unknown")
