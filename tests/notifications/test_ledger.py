"""The consent ledger: whatever happens in whatever order, it holds what was granted and not used."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common import clock
from apps.notifications.models import GrantEntry, WechatGrant, WechatTemplate
from apps.notifications.services import ledger
from apps.notifications.services.ledger import MAX_KEPT, Answered
from tests.factories.people import resident_make

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(0, 9)),  # the number names the dialog: a repeat counts once
        st.tuples(st.just("reserve"), st.integers(0, 3)),  # how many must stay
        st.tuples(st.just("give_back"), st.just(0)),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("withdraw"), st.integers(0, 9)),
    ),
    max_size=40,
)


@pytest.fixture
def templates(db):
    return {row.name: row for row in WechatTemplate.objects.all()}


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_is_the_sum_of_what_happened(templates, resident, steps):
    one_time = templates["case_progress"]
    who, now = resident.resident_id, clock.now()
    expected, reserved, seen = 0, 0, set()
    with transaction.atomic():
        for verb, number in steps:
            one = Answered(who, one_time, verb == "grant", f"{verb}:{number}")
            if verb == "grant":
                ledger.grants_add(answered=[one], source=GrantEntry.Source.PUSH, now=now)
                expected = min(expected + (one.key not in seen), MAX_KEPT)
                seen.add(one.key)
            elif verb == "reserve":
                allowed = ledger.grants_reserve(rows=[(who, one_time.pk, number)], now=now)
                assert (who in allowed) == (expected > number)
                expected, reserved = (
                    (expected - 1, reserved + 1) if expected > number else (expected, reserved)
                )
            elif verb == "give_back" and reserved:
                ledger.grants_give_back(rows=[(who, one_time.pk)], now=now)
                expected, reserved = min(expected + 1, MAX_KEPT), reserved - 1
            elif verb == "clear":
                ledger.grants_clear(rows=[(who, one_time.pk)], now=now)
                expected = 0
            elif verb == "withdraw":
                ledger.grants_withdraw(answered=[one], source=GrantEntry.Source.PUSH, now=now)
                expected = expected if one.key in seen else 0
                seen.add(one.key)
            row = WechatGrant.objects.filter(resident_id=who, template=one_time).first()
            assert (row.remaining if row else 0) == expected
        transaction.set_rollback(True)  # the next example begins anew


def test_a_forged_report_counts_for_nothing_where_wechat_pushes(resident, templates, settings):
    settings.WECHAT_PUSH_TOKEN = "t" * 16
    template_id = templates["case_progress"].template_id

    for number in range(20):
        answer = resident.post("wechat/grants", {"results": {template_id: "accept"}}, key=f"k{number}")
        assert answer.json() == {"remaining": {template_id: 0}}

    assert WechatGrant.objects.count() == 0
    assert set(GrantEntry.objects.values_list("source", "change")) == {("report", "hinted")}


def test_a_report_sent_again_under_its_key_counts_once(resident, templates):
    template_id = templates["case_progress"].template_id

    for _each in range(3):
        answer = resident.post("wechat/grants", {"results": {template_id: "accept"}}, key="dialog-1")
        assert answer.json() == {"remaining": {template_id: 1}}

    assert WechatGrant.objects.get().remaining == 1


def test_a_long_term_permission_is_on_or_off(resident, templates):
    one = Answered(resident.resident_id, templates["service_notice"], True, "a")
    ledger.grants_add(answered=[one], source=GrantEntry.Source.PUSH, now=clock.now())
    rows = [(resident.resident_id, templates["service_notice"].pk)]
    assert ledger.long_term_allowed(rows=rows) == {resident.resident_id}

    off = Answered(resident.resident_id, templates["service_notice"], False, "b")
    ledger.grants_withdraw(answered=[off], source=GrantEntry.Source.PUSH, now=clock.now())

    assert ledger.long_term_allowed(rows=rows) == set()


def test_many_residents_are_reserved_for_in_one_statement(templates, django_assert_num_queries):
    people = [resident_make().resident_id for _each in range(5)]
    template, now = templates["case_progress"], clock.now()
    ledger.grants_add(
        answered=[Answered(who, template, True, f"m{who}") for who in people[:3]],
        source=GrantEntry.Source.PUSH, now=now,
    )  # fmt: skip

    with django_assert_num_queries(1):
        allowed = ledger.grants_reserve(rows=[(who, template.pk, 0) for who in people], now=now)

    assert allowed == set(people[:3])


def test_the_client_is_told_what_is_worth_asking_for(resident, anyone, grant, templates):
    template_id = templates["case_progress"].template_id
    shown = {
        "template_id": template_id, "name": "case_progress", "title": templates["case_progress"].title,
        "type": "one-time", "remaining": None, "long_term_on": False, "ask": True,
    }  # fmt: skip
    assert anyone.get("wechat/templates", moment="case_submitted").json() == [shown]
    grant(resident, count=2)
    assert resident.get("wechat/templates", moment="case_submitted").json() == [shown | {"remaining": 2}]
    grant(resident)
    enough = resident.get("wechat/templates", moment="case_submitted")
    assert enough.json() == [shown | {"remaining": 3, "ask": False}]
    assert enough["Cache-Control"] == "no-store"
    assert resident.get("wechat/templates", moment="nothing_known").json() == []
