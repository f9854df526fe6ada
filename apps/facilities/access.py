"""From facts about a place (yes, no, unknown) to what they mean for someone: a wheelchair, a stroller, low vision.

The idea of asking per profile and naming the shortcomings is Helsinki's (City-of-Helsinki/smbackend); which facts each
profile asks for is our own choice from GB 50763-2012, to be signed off by the district's federation of the disabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    STEP_FREE_ENTRANCE = "step_free_entrance"  # level, or a ramp of 1:12 at most
    RAMP = "ramp"  # of whatever slope
    DOOR_WIDTH_80 = "door_width_80"  # at least 80 cm clear
    LIFT = "lift"  # or everything on one floor
    ACCESSIBLE_TOILET = "accessible_toilet"
    HANDRAIL = "handrail"
    SEATS = "seats"
    TACTILE_PAVING = "tactile_paving"
    AUDIO_SIGNAL = "audio_signal"
    LARGE_PRINT = "large_print"
    BRAILLE = "braille"
    HEARING_LOOP = "hearing_loop"
    SIGN_LANGUAGE = "sign_language"
    WRITTEN_CALLS = "written_calls"  # calls are shown on a screen
    NURSING_ROOM = "nursing_room"
    STROLLER_SPACE = "stroller_space"
    ACCESSIBLE_PARKING = "accessible_parking"


class Value(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Profile(StrEnum):
    WHEELCHAIR = "wheelchair"
    ROLLATOR = "rollator"
    STROLLER = "stroller"
    LOW_VISION = "low_vision"
    HEARING = "hearing"


class Answer(StrEnum):
    YES = "yes"
    PARTLY = "partly"  # one gets in; something that helps is missing or not known
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Needs:
    """``must``  without one of these nobody of the profile is served    ``helps``  what makes it good"""

    must: tuple[Feature, ...]
    helps: tuple[Feature, ...]


_F = Feature
NEEDS: Mapping[Profile, Needs] = {
    Profile.WHEELCHAIR: Needs(
        (_F.STEP_FREE_ENTRANCE, _F.DOOR_WIDTH_80, _F.LIFT), (_F.ACCESSIBLE_TOILET, _F.ACCESSIBLE_PARKING)
    ),
    Profile.ROLLATOR: Needs((_F.STEP_FREE_ENTRANCE, _F.LIFT), (_F.HANDRAIL, _F.SEATS, _F.ACCESSIBLE_TOILET)),
    Profile.STROLLER: Needs(
        (_F.STEP_FREE_ENTRANCE, _F.LIFT), (_F.DOOR_WIDTH_80, _F.STROLLER_SPACE, _F.NURSING_ROOM)
    ),
    Profile.LOW_VISION: Needs(
        (_F.TACTILE_PAVING,), (_F.AUDIO_SIGNAL, _F.LARGE_PRINT, _F.BRAILLE, _F.HANDRAIL)
    ),
    Profile.HEARING: Needs((_F.WRITTEN_CALLS,), (_F.HEARING_LOOP, _F.SIGN_LANGUAGE)),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer for a profile, what is missing, and what nobody knows."""

    answer: Answer
    missing: tuple[Feature, ...]
    unknown: tuple[Feature, ...]


def judged(*, facts: Mapping[Feature, Value], profile: Profile) -> Judged:
    """Return what ``facts`` mean for ``profile``; a fact that is not there is unknown, and unknown is never yes."""
    needs = NEEDS[profile]
    asked = (*needs.must, *needs.helps)
    values = {feature: facts.get(feature, Value.UNKNOWN) for feature in asked}
    missing = tuple(one for one in asked if values[one] == Value.NO)
    unknown = tuple(one for one in asked if values[one] == Value.UNKNOWN)
    if any(values[one] == Value.NO for one in needs.must):
        answer = Answer.NO
    elif any(values[one] == Value.UNKNOWN for one in needs.must):
        answer = Answer.UNKNOWN
    else:
        answer = Answer.PARTLY if missing or unknown else Answer.YES
    return Judged(answer, missing, unknown)


def usable_by(*, facts: Mapping[Feature, Value]) -> list[Profile]:
    """Return the profiles that ``facts`` let in (yes or partly): what a place is found by."""
    return [one for one in Profile if judged(facts=facts, profile=one).answer in (Answer.YES, Answer.PARTLY)]
