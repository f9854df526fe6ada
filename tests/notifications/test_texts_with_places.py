"""Texts with places: filled in plainly, and nothing else."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.notifications.kinds import NoticeKind, kind_register, kinds_all
from apps.notifications.states import NIGHT, Channel, Quiet
from apps.notifications.texts import filled, placeholders, wrong_places

NOON = Quiet(dt.time(12), dt.time(14))


def test_what_a_field_holds_is_not_read_as_a_place():
    assert (
        filled("{unit}：{reply}", {"unit": "{reply}", "reply": "{0.__class__} {x}"})
        == "{reply}：{0.__class__} {x}"
    )


def test_a_text_can_not_reach_into_objects():
    assert wrong_places("{unit.__class__} {unit!r} {unit:>9} {}", known={"unit"}) == ["{ }"]
    assert wrong_places("{unit} {nobody} }", known={"unit"}) == ["{nobody}", "{ }"]
    assert wrong_places("{unit} 于 {at}", known={"unit", "at"}) == []


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b_1"]), st.text(), min_size=2))
def test_any_text_is_filled_without_an_error_when_its_places_are_known(text, fields):
    if placeholders(text) <= fields.keys():
        assert isinstance(filled(text, fields), str)


@given(st.text(alphabet="ab{}_. !0", max_size=30))
def test_a_text_found_right_holds_only_known_places(text):
    if not wrong_places(text, known={"a", "b"}):
        assert filled(text, {"a": "", "b": ""}) == text.replace("{a}", "").replace("{b}", "")


def test_a_kind_with_legal_weight_needs_a_way_beside_wechat():
    with pytest.raises(ValueError, match="legal weight"):
        kind_register(
            NoticeKind(
                key="t.legal", label="", fields={}, title="", body="", page="", channels=(Channel.WECHAT,),
                wechat_template="x", legal=True,
            )
        )  # fmt: skip


def test_a_chain_and_its_templates_agree():
    with pytest.raises(ValueError, match="differ"):
        kind_register(
            NoticeKind(key="t.chain", label="", fields={}, title="", body="", page="", wechat_template="x")
        )


def test_each_text_of_the_program_uses_fields_of_its_kind_and_no_others():
    for kind in kinds_all():
        for text in kind.texts():
            assert wrong_places(str(text), known=kind.fields) == [], kind.key
            assert filled(str(text), kind.samples)


@pytest.mark.parametrize(
    ("quiet", "at", "over"),
    [
        (NIGHT, "2026-03-10T21:59:59", "2026-03-10T21:59:59"),
        (NIGHT, "2026-03-10T22:00:00", "2026-03-11T07:30:00"),
        (NIGHT, "2026-03-11T03:00:00", "2026-03-11T07:30:00"),
        (NIGHT, "2026-03-11T07:30:00", "2026-03-11T07:30:00"),
        (NOON, "2026-03-11T13:00:00", "2026-03-11T14:00:00"),
        (NOON, "2026-03-11T14:00:00", "2026-03-11T14:00:00"),
    ],
)
def test_quiet_hours_end_in_the_morning(quiet, at, over):
    assert quiet.over_at(local=dt.datetime.fromisoformat(at)) == dt.datetime.fromisoformat(over)
