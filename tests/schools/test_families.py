"""Children, the two guardians, applications and their reviews: through services and the doors of the mini-program."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import AccessLog
from apps.common import clock as the_clock
from apps.common.errors import constraint_of
from apps.notifications.models import InboxMessage
from apps.schools import selectors, services
from apps.schools.errors import (
    ApplicationAlready,
    ApplicationIncomplete,
    ApplicationMoveRefused,
    ApplicationUnknown,
    ChangedMeanwhile,
    ChildIdentityInvalid,
    ChildMismatch,
    ChildrenTooMany,
    ChoicesInvalid,
    GuardianAlready,
    GuardianUnknown,
    ObjectionOpen,
    ObjectionRefused,
    ReasonMissing,
    ReviewRefused,
    RoundNotOpen,
    TwinsInvalid,
)
from apps.schools.models import Application, ApplicationDocument, Child, Guardianship, Preference, Review
from apps.schools.services import By, Filing
from apps.schools.states import MOVES, ApplicationState, ApplicationVerb
from tests.factories.clinics import id_number
from tests.factories.people import attr_of, code_of, resident_make, staff_make
from tests.factories.pictures import jpeg
from tests.factories.schools import DAY, draft, family_make, round_make, verify
from tests.factories.schools_ground import COMMUNITY, area_make, version_make

# --- Children ---------------------------------------------------------------------------------------------------------


def test_a_child_is_one_row_and_the_second_parent_acts_once_the_first_confirms(office, now) -> None:
    mother, father = resident_make(), resident_make()
    number = id_number(born=dt.date(2020, 3, 1))
    first = services.child_add(resident_id=mother.resident_id, draft=draft("mother", number=number), now=now)
    second = services.child_add(resident_id=father.resident_id, draft=draft("father", number=number), now=now)

    assert Child.objects.count() == 1
    assert (first.confirmed_at, second.confirmed_at) == (now, None)
    assert InboxMessage.objects.get().kind == "schools.guardian_asks"
    held = round_make(now=now, office=office)
    begin = {"round_id": held.pk, "child_id": first.child_id, "now": now, "filing": Filing()}
    with pytest.raises(Exception, match="child_unknown"):
        services.application_begin(by=By(resident_id=father.resident_id), **begin)
    with pytest.raises(GuardianUnknown):
        services.guardian_confirm(guardianship_id=second.pk, by_resident_id=father.resident_id, now=now)
    with pytest.raises(GuardianUnknown):
        services.guardian_confirm(
            guardianship_id=second.pk, by_resident_id=resident_make().resident_id, now=now
        )
    services.guardian_confirm(guardianship_id=second.pk, by_resident_id=mother.resident_id, now=now)
    assert (
        services.application_begin(by=By(resident_id=father.resident_id), **begin).filed_by_id
        == father.resident_id
    )


def test_a_stranger_learns_nothing_about_a_child(office, now) -> None:
    number = id_number(born=dt.date(2020, 3, 1))
    services.child_add(resident_id=resident_make().resident_id, draft=draft(number=number), now=now)
    stranger = resident_make()
    with pytest.raises(ChildMismatch):
        services.child_add(resident_id=stranger.resident_id, draft=draft(number=number, name="别名"), now=now)
    asked = services.child_add(resident_id=stranger.resident_id, draft=draft("other", number=number), now=now)
    assert stranger.get("schools/applications").json() == []
    shown = stranger.get("children").json()
    assert [(one["confirmed"], one["name_masked"], one["asking"]) for one in shown] == [(False, "演**", [])]
    assert asked.confirmed_at is None


def test_a_mistyped_name_is_put_right_by_papers_and_no_longer_shuts_the_other_parent_out(office, now) -> None:
    number = id_number(born=dt.date(2020, 3, 1))
    mother = services.child_add(
        resident_id=resident_make().resident_id, draft=draft(number=number, name="演示同"), now=now
    )
    right = draft("father", number=number, name="演示童")
    clerk = office.reviewers[0]
    with pytest.raises(ChildMismatch):
        services.child_at_counter(draft=right, staff=clerk, now=now)
    services.child_at_counter(draft=right, staff=clerk, now=now, name_corrected=True)
    assert Child.objects.get(pk=mother.child_id).name == "演示童"
    assert (
        services.child_add(resident_id=resident_make().resident_id, draft=right, now=now).child_id
        == mother.child_id
    )
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id) == (clerk.pk, str(mother.child_id))
    assert "演示" not in entry.object_repr + entry.change_message


def test_the_catchment_is_that_of_the_last_day_by_the_district_s_clock(office, now) -> None:
    # Midnight in Beijing is the day before in UTC.
    closes = the_clock.midnight("2026-04-01")
    held = round_make(now=now, office=office, closes_at=closes, fix_until=closes + DAY)
    version = version_make(published_at=now, valid_from=dt.date(2026, 4, 1))
    area_make(version, held.intakes["s1"].school, road="和平大道")
    family_make(held, ["s1"], now=now, address="和平大道77号101室")
    assert Preference.objects.get().in_catchment


@pytest.mark.parametrize("wrong", ["123", "99000020200301123X", "", "990000209901011230"])
def test_a_number_that_can_not_be_is_refused(office, now, wrong) -> None:
    with pytest.raises(ChildIdentityInvalid):
        services.child_add(resident_id=resident_make().resident_id, draft=draft(number=wrong or "0"), now=now)


def test_one_mother_one_father_and_at_most_six_children(office, now) -> None:
    one, two = resident_make(), resident_make()
    number = id_number(born=dt.date(2020, 3, 1))
    services.child_add(resident_id=one.resident_id, draft=draft("mother", number=number), now=now)
    with pytest.raises(GuardianAlready):
        services.child_add(resident_id=one.resident_id, draft=draft("other", number=number), now=now)
    asked = services.child_add(resident_id=two.resident_id, draft=draft("mother", number=number), now=now)
    with pytest.raises(GuardianAlready):
        services.guardian_confirm(guardianship_id=asked.pk, by_resident_id=one.resident_id, now=now)
    for _one in range(5):
        services.child_add(resident_id=one.resident_id, draft=draft(), now=now)
    with pytest.raises(ChildrenTooMany):
        services.child_add(resident_id=one.resident_id, draft=draft(), now=now)


def test_what_names_a_child_or_a_home_is_not_readable_in_the_database(office, now) -> None:
    family = family_make(round_make(now=now, office=office), ["s1"], now=now, address="和平大道77号101室")
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.*, a.* FROM schools_child c JOIN schools_application a ON a.child_id = c.id")
        whole = " ".join(
            bytes(one).hex() if isinstance(one, memoryview | bytes) else str(one) for one in cursor.fetchone()
        )
    child = family.application.child
    for secret in (child.name, child.id_number, "和平大道77号"):
        assert secret not in whole
        assert secret.encode().hex() not in whole


# --- Applications -----------------------------------------------------------------------------------------------------


def test_a_family_applies_by_phone_is_asked_for_papers_and_verified(office, resident, now) -> None:
    held = round_make(now=now, office=office)
    held.categories["a"].papers = "户口簿"
    held.categories["a"].save()
    child = resident.post(
        "children", {"relation": "mother", "name": "演示童", "id_number": id_number(born=dt.date(2020, 3, 1)), "consent": True},
    )  # fmt: skip
    assert child.status_code == 201, child.content
    wanted = [str(held.intakes["s2"].pk), str(held.intakes["s1"].pk)]
    body = {"round": str(held.pk), "child": child.json()["id"], "preferences": wanted, "category": "a"}
    made = resident.post("schools/applications", body)
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    path = f"schools/applications/{made.json()['id']}"
    missing = resident.post(f"{path}/submit", {})
    assert (missing.status_code, code_of(missing), attr_of(missing)) == (
        400,
        "application_incomplete",
        "address",
    )
    changed = resident.put(
        path, {"address": "和平大道1388号3栋2单元501", "community": COMMUNITY, "version": 1}
    )
    assert changed.status_code == 200, changed.content
    assert attr_of(resident.post(f"{path}/submit", {})) == "documents"
    assert attr_of(resident.put(path, {"address": "x", "version": 1})) == "version"
    paper = resident.upload_to(f"{path}/documents", io.BytesIO(jpeg()), {"kind": "hukou"})
    assert paper.status_code == 201, paper.content
    done = resident.post(f"{path}/submit", {})
    assert (done.status_code, done.json()["state"], done.json()["state_label"]) == (
        200,
        "submitted",
        "已提交",
    )
    assert {(one["code"], one["outcome"]) for one in done.json()["checks"]} == {
        ("age", "ok"),
        ("double", "ok"),
    }
    assert code_of(resident.put(path, {"address": "y"})) == "application_move_refused"

    row = Application.objects.get()
    services.application_review(
        application_id=row.pk, staff=office.reviewers[0], verdict="ask", reasons=["unreadable"], note="第二页", now=now
    )  # fmt: skip
    asked = resident.get(path).json()
    assert (asked["state"], asked["note"], [one["code"] for one in asked["reasons"]]) == (
        "needs_fix",
        "第二页",
        ["unreadable"],
    )
    assert resident.post(f"{path}/submit", {}).json()["state"] == "submitted"
    # A new hand-in is looked at anew, by two people.
    for reviewer in office.reviewers[:2]:
        services.application_review(application_id=row.pk, staff=reviewer, verdict="agree", now=now)
    assert resident.get(path).json()["state"] == "verified"
    kinds = list(InboxMessage.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["schools.submitted", "schools.needs_fix", "schools.submitted", "schools.verified"]


def test_nobody_sees_or_changes_the_application_of_another_family(office, now) -> None:
    held = round_make(now=now, office=office)
    family, stranger = family_make(held, ["s1"], now=now), resident_make()
    path = f"schools/applications/{family.application_id}"
    answers = [
        stranger.get(path), stranger.get(f"{path}/result"), stranger.put(path, {"address": "x"}), stranger.post(f"{path}/submit", {}),
        stranger.post(f"{path}/withdraw", {}), stranger.post(f"{path}/object", {"text": "x"}),
        stranger.post(f"{path}/offer/accept", {}), stranger.post(f"{path}/offer/decline", {}),
        stranger.post(f"{path}/offer/appeal", {"text": "一二三四五六七八九十"}),
    ]  # fmt: skip
    assert [(one.status_code, code_of(one)) for one in answers] == [(404, "application_unknown")] * len(
        answers
    )


def test_a_child_has_one_live_application_in_a_round(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    again = {
        "round_id": held.pk,
        "child_id": family.child_id,
        "by": family.by,
        "filing": Filing(),
        "now": now,
    }
    with pytest.raises(ApplicationAlready):
        services.application_begin(**again)
    services.application_withdraw(application_id=family.application_id, by=family.by, now=now)
    assert services.application_begin(**again).state == "draft"


def test_choices_are_distinct_of_the_round_and_at_most_the_limit(office, now) -> None:
    held, other = round_make(now=now, office=office, max_choices=2), round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now, submitted=False)
    one, two = held.intakes["s1"].pk, held.intakes["s2"].pk
    foreign = other.intakes["s1"].pk
    for wrong in ([], [one, one], [one, foreign], [one, two, foreign]):
        with pytest.raises(ChoicesInvalid):
            services.application_change(
                application_id=family.application_id, by=family.by, filing=Filing(choices=wrong), now=now
            )
    assert list(Preference.objects.values_list("intake_id", flat=True)) == [one]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Preference.objects.create(application_id=family.application_id, intake_id=foreign, position=2)
    assert constraint_of(caught.value) == "preference_of_round"


def test_applications_are_taken_between_the_dates_only(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now, submitted=False)
    act = {"application_id": family.application_id, "by": family.by}
    for moment in (held.row.opens_at - dt.timedelta(seconds=1), held.row.closes_at):
        with pytest.raises(RoundNotOpen), transaction.atomic():
            services.application_submit(now=moment, **act)
    assert (
        services.application_submit(now=held.row.closes_at - dt.timedelta(seconds=1), **act).state
        == "submitted"
    )


def test_the_version_seen_must_be_the_one_that_stands(office, now) -> None:
    family = family_make(round_make(now=now, office=office), ["s1"], now=now)
    seen = {
        "application_id": family.application_id,
        "staff": office.reviewers[0],
        "verdict": "agree",
        "now": now,
    }
    with pytest.raises(ChangedMeanwhile):
        services.application_review(version=1, **seen)
    with pytest.raises(ApplicationIncomplete), transaction.atomic():
        services.application_submit(
            application_id=services.application_begin(
                round_id=family.application.round_id, child_id=services.child_add(
                    resident_id=family.resident.resident_id, draft=draft(), now=now).child_id,
                by=family.by, filing=Filing(), now=now,
            ).pk,
            by=family.by, now=now,
        )  # fmt: skip


# --- Reviews ----------------------------------------------------------------------------------------------------------


def test_two_different_people_verify_and_nobody_what_they_entered(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    first, second, clerk = office.reviewers
    review = {"application_id": family.application_id, "verdict": "agree", "now": now}
    services.application_review(staff=first, **review)
    with pytest.raises(ReviewRefused):
        services.application_review(staff=first, **review)
    superuser = staff_make("administrator")
    superuser.is_superuser = True
    superuser.save()
    with pytest.raises(ApplicationUnknown):
        services.application_review(staff=staff_make("service_operator", unit="CG"), **review)
    assert services.application_review(staff=second, **review).state == "verified"

    child = services.child_at_counter(draft=draft(), staff=clerk, now=now)
    own = services.application_begin(
        round_id=held.pk, child_id=child.pk, by=By(staff=clerk), now=now, on_behalf_of="演示祖母",
        filing=Filing(address="和平大道9号1室", community=COMMUNITY, category="a", choices=[held.intakes["s1"].pk]),
    )  # fmt: skip
    services.application_submit(application_id=own.pk, by=By(staff=clerk), now=now)
    with pytest.raises(ReviewRefused):
        services.application_review(application_id=own.pk, staff=clerk, verdict="agree", now=now)
    # Nor by any other way.
    for sql in (
        "INSERT INTO schools_review (id, application_id, pass_number, stage, reviewer_id, verdict, reasons, note, at) "
        f"VALUES (gen_random_uuid(), '{own.pk}', 1, 1, '{clerk.pk}', 'agree', '{{}}', '', now())",
        f"UPDATE schools_application SET state = 'verified' WHERE id = '{own.pk}'",
        "UPDATE schools_review SET verdict = 'agree'",
        "DELETE FROM schools_review",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_refusal_names_a_reason_and_an_appeal_is_decided_by_another_person(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    first, second, third = office.reviewers
    with pytest.raises(ReasonMissing):
        services.application_review(
            application_id=family.application_id, staff=first, verdict="reject", now=now
        )
    services.application_review(
        application_id=family.application_id, staff=first, verdict="reject", reasons=["age"], now=now
    )
    made = family.resident.post(
        f"schools/applications/{family.application_id}/offer/appeal", {"text": "出生日期登记有误，已更正。"}
    )
    assert made.status_code == 204
    twice = family.resident.post(
        f"schools/applications/{family.application_id}/offer/appeal", {"text": "出生日期登记有误，已更正。"}
    )
    assert code_of(twice) == "appeal_refused"
    appeal = family.application.appeals.get()
    decide = {"appeal_id": appeal.pk, "granted": True, "decision": "材料已更正，重新审核。", "now": now}
    with pytest.raises(Exception, match="appeal_other_person"):
        services.appeal_decide(staff=first, **decide)
    services.appeal_decide(staff=third, **decide)
    assert family.application.state == "submitted"
    # Two people look anew; the one who refused may be one of them, never both.
    services.application_review(application_id=family.application_id, staff=second, verdict="agree", now=now)
    services.application_review(application_id=family.application_id, staff=first, verdict="agree", now=now)
    assert family.application.state == "verified"


def test_what_the_other_guardian_objects_to_goes_to_no_roster_until_a_person_settles_it(office, now) -> None:
    held = round_make(now=now, office=office)
    number = id_number(born=dt.date(2020, 3, 1))
    family = family_make(held, ["s1"], now=now, child=draft("mother", number=number))
    father = resident_make()
    asked = services.child_add(resident_id=father.resident_id, draft=draft("father", number=number), now=now)
    services.guardian_confirm(guardianship_id=asked.pk, by_resident_id=family.resident.resident_id, now=now)
    verify(held, family, now=now)
    objecting = {"application_id": family.application_id, "text": "不同意这个学校", "now": now}
    with pytest.raises(ObjectionRefused):
        services.application_object(resident_id=family.resident.resident_id, **objecting)
    assert services.application_object(resident_id=father.resident_id, **objecting).state == "submitted"
    with pytest.raises(ObjectionRefused):
        services.application_object(resident_id=father.resident_id, **objecting)
    services.application_review(
        application_id=family.application_id, staff=office.reviewers[0], verdict="agree", now=now
    )
    with pytest.raises(ObjectionOpen):
        services.application_review(
            application_id=family.application_id, staff=office.reviewers[1], verdict="agree", now=now
        )
    services.objection_settle(
        application_id=family.application_id, staff=office.reviewers[2], note="双方到场签字", now=now
    )
    services.application_review(
        application_id=family.application_id, staff=office.reviewers[1], verdict="agree", now=now
    )
    assert family.application.state == "verified"
    told = InboxMessage.objects.filter(kind="schools.objected").values_list("resident_id", flat=True)
    assert set(told) == {family.resident.resident_id, father.resident_id}
    # Both guardians see it; who did not file it can not withdraw it.
    assert father.get(f"schools/applications/{family.application_id}").status_code == 200
    assert (
        code_of(father.post(f"schools/applications/{family.application_id}/withdraw", {}))
        == "application_move_refused"
    )


def test_twins_need_one_birth_one_home_and_the_same_choices(office, now) -> None:
    held = round_make(now=now, office=office)
    home = "和平大道1号101室"
    first = family_make(held, ["s1", "s2"], now=now, address=home)
    second = family_make(held, ["s1"], now=now, address=home, resident=first.resident)
    later = draft(number=id_number(born=dt.date(2020, 7, 1)))
    third = family_make(held, ["s1", "s2"], now=now, address=home, resident=first.resident, child=later)
    same = family_make(held, ["s1", "s2"], now=now, address=home, resident=first.resident)
    for other in (second, third):
        with pytest.raises(TwinsInvalid):
            services.twins_bind(
                application_ids=[first.application_id, other.application_id], by=first.by, now=now
            )
    block = services.twins_bind(
        application_ids=[first.application_id, same.application_id], by=first.by, now=now
    )
    assert set(block.applications.values_list("id", flat=True)) == {first.application_id, same.application_id}


# --- Papers -----------------------------------------------------------------------------------------------------------


def test_a_paper_is_kept_encrypted_shown_with_a_name_across_and_each_look_is_recorded(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now, submitted=False)
    row = services.document_add(
        application_id=family.application_id, by=family.by, kind="hukou", stream=io.BytesIO(jpeg()), now=now
    )
    stored = bytes(ApplicationDocument.objects.get().content)
    assert b"JFIF" not in stored
    seen = services.document_view(document_id=row.pk, staff=office.reviewers[0], now=now)
    assert seen.startswith(b"\xff\xd8")
    log = AccessLog.objects.get()
    assert (log.staff_id, log.subject, log.data) == (
        office.reviewers[0].pk,
        family.application.number,
        "paper hukou",
    )
    with pytest.raises(Exception, match="document_unknown"):
        services.document_view(document_id=row.pk, staff=staff_make("service_operator", unit="CG"), now=now)
    services.document_remove(application_id=family.application_id, document_id=row.pk, by=family.by, now=now)
    assert bytes(ApplicationDocument.objects.get().content) == b""


def test_papers_that_are_missing_are_reminded_of_once(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    services.application_review(
        application_id=family.application_id, staff=office.reviewers[0], verdict="ask", reasons=["paper_missing"], now=now
    )  # fmt: skip
    assert services.papers_remind(now=held.row.fix_until - 3 * DAY) == 0
    assert services.papers_remind(now=held.row.fix_until - DAY) == 1
    assert services.papers_remind(now=held.row.fix_until - DAY) == 0
    assert InboxMessage.objects.filter(kind="schools.papers_soon").count() == 1


# --- The table of moves -----------------------------------------------------------------------------------------------


def test_acts_that_the_table_does_not_name_are_refused(office, now) -> None:
    held = round_make(now=now, office=office)
    family = family_make(held, ["s1"], now=now)
    allowed = {(move.source, move.verb) for move in MOVES}
    acts = {
        ApplicationVerb.SUBMIT: lambda pk: services.application_submit(application_id=pk, by=family.by, now=now),
        ApplicationVerb.WITHDRAW: lambda pk: services.application_withdraw(application_id=pk, by=family.by, now=now),
        ApplicationVerb.AGREE: lambda pk: services.application_review(
            application_id=pk, staff=office.reviewers[0], verdict="agree", now=now),
        ApplicationVerb.REJECT: lambda pk: services.application_review(
            application_id=pk, staff=office.reviewers[0], verdict="reject", reasons=["age"], now=now),
    }  # fmt: skip
    tried = 0
    for state in (ApplicationState.SUBMITTED, ApplicationState.REJECTED, ApplicationState.WITHDRAWN):
        Application.objects.filter(pk=family.application_id).update(state=state)
        for verb, act in acts.items():
            if (state, verb) in allowed:
                continue
            tried += 1
            with pytest.raises(ApplicationMoveRefused), transaction.atomic():
                act(family.application_id)
    assert tried == 9
    assert not Review.objects.exists()
    assert Guardianship.objects.count() == 1
    assert selectors.applications_of(resident_id=family.resident.resident_id)[0].state == "withdrawn"
