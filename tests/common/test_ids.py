"""Identifiers."""

import datetime as dt
import uuid

from hypothesis import given
from hypothesis import strategies as st

from apps.common.ids import check_digit, uuid7


def test_ids_are_version_7_and_grow_with_time():
    made = [uuid7() for _each in range(200)]

    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}
    assert len(set(made)) == 200
    assert made[0].int >> 80 <= made[-1].int >> 80


def test_a_known_luhn_number():
    assert check_digit("7992739871") == "3"


@given(st.text("0123456789", min_size=2, max_size=15), st.data())
def test_one_wrong_digit_is_always_caught(digits, data):
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))

    assert check_digit(digits[:place] + other + digits[place + 1 :]) != check_digit(digits)


def test_ids_of_one_process_ascend_also_while_the_clock_stands_and_after_it_was_set_back(clock):
    standing = [uuid7() for _each in range(5000)]
    clock.shift(dt.timedelta(days=-30))
    back = [uuid7() for _each in range(10)]

    assert standing == sorted(standing)
    assert back == sorted(back)
    assert back[0] < standing[0]
    assert len(set(standing)) == 5000
