"""What facts, profiles, acts and states of places are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.facilities.access import Answer, Feature, Profile, Value
from apps.facilities.states import Confidence, Freshness, Verb

FEATURE_LABELS: dict[str, Any] = {
    Feature.STEP_FREE_ENTRANCE.value: _("entrance without steps"),
    Feature.RAMP.value: _("ramp"),
    Feature.DOOR_WIDTH_80.value: _("doors at least 80 cm wide"),
    Feature.LIFT.value: _("lift, or all on one floor"),
    Feature.ACCESSIBLE_TOILET.value: _("accessible toilet"),
    Feature.HANDRAIL.value: _("handrails"),
    Feature.SEATS.value: _("seats to rest on"),
    Feature.TACTILE_PAVING.value: _("tactile paving"),
    Feature.AUDIO_SIGNAL.value: _("calls that can be heard"),
    Feature.LARGE_PRINT.value: _("large print"),
    Feature.BRAILLE.value: _("braille"),
    Feature.HEARING_LOOP.value: _("hearing loop"),
    Feature.SIGN_LANGUAGE.value: _("sign language"),
    Feature.WRITTEN_CALLS.value: _("calls that can be read"),
    Feature.NURSING_ROOM.value: _("nursing room"),
    Feature.STROLLER_SPACE.value: _("space for strollers"),
    Feature.ACCESSIBLE_PARKING.value: _("accessible parking"),
}
VALUE_LABELS: dict[str, Any] = {
    Value.YES.value: _("present"),
    Value.NO.value: _("missing"),
    Value.UNKNOWN.value: _("not known"),
}
PROFILE_LABELS: dict[str, Any] = {
    Profile.WHEELCHAIR.value: _("wheelchair"),
    Profile.ROLLATOR.value: _("rollator or stick"),
    Profile.STROLLER.value: _("stroller"),
    Profile.LOW_VISION.value: _("low vision or blind"),
    Profile.HEARING.value: _("hard of hearing or deaf"),
}
ANSWER_LABELS: dict[str, Any] = {
    Answer.YES.value: _("accessible"),
    Answer.PARTLY.value: _("partly accessible"),
    Answer.NO.value: _("not accessible"),
    Answer.UNKNOWN.value: _("accessibility not known"),
}
FRESHNESS_LABELS: dict[str, Any] = {
    Freshness.VERIFIED.value: _("verified"),
    Freshness.STALE.value: _("to be verified again"),
    Freshness.UNVERIFIED.value: _("to be verified"),
}
CONFIDENCE_LABELS: dict[str, Any] = {
    Confidence.STAFF.value: _("entered by staff"),
    Confidence.VERIFIED.value: _("confirmed by a source"),
    Confidence.CONVERTED.value: _("converted from another system"),
    Confidence.INFERRED.value: _("inferred, to be checked"),
    Confidence.LOW.value: _("from an unreliable source"),
    Confidence.DEMO.value: _("invented for demonstration"),
}
VERB_LABELS: dict[str, Any] = {
    Verb.ADD.value: _("entered"),
    Verb.CHANGE.value: _("changed"),
    Verb.HOURS.value: _("opening hours changed"),
    Verb.EXCEPTION.value: _("exception days changed"),
    Verb.CLOSE.value: _("closed for a time"),
    Verb.REOPEN.value: _("closure ended"),
    Verb.ACCESS.value: _("accessibility recorded"),
    Verb.OFFER.value: _("services changed"),
    Verb.PICTURE.value: _("photos changed"),
    Verb.ASSURE.value: _("verified as correct"),
    Verb.CORRECT.value: _("correction report handled"),
}
ENTRY_LABELS: dict[str, Any] = {
    "code": _("code"),
    "name": _("name"),
    "kind_id": _("kind of place"),
    "organisation_id": _("organisation"),
    "address": _("address"),
    "street_id": _("street"),
    "community_id": _("community"),
    "lng": _("longitude"),
    "lat": _("latitude"),
    "crs": _("coordinate system"),
    "status": _("status"),
    "description": _("description"),
    "phone": _("public telephone"),
    "languages": _("languages"),
    "holiday_mode": _("on public holidays"),
    "capacity_note": _("capacity"),
    "aliases": _("other names"),
    "services": _("services"),
    "hours": _("weekly opening hours"),
    "closure": _("closure"),
    "photos": _("photos"),
    "assured_until": _("holds until"),
    "correction": _("correction report"),
    **FEATURE_LABELS,
}
# What values of history lines are called.
_VALUES_SHOWN: dict[str, Any] = {
    **VALUE_LABELS,
    "planned": _("planned"),
    "active": _("in service"),
    "paused": _("paused"),
    "ended": _("ended for good"),
    "closed": _("closed on public holidays"),
    "as_weekday": _("as on any such weekday"),
    "as_sunday": _("as on a Sunday"),
}


def choices(labels: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return ``labels`` as a field's choices."""
    return list(labels.items())


def changes_shown(changed: Mapping[str, Any]) -> str:
    """Return what a line of history changed, in words: ``address: A → B；…``."""
    return "；".join(f"{ENTRY_LABELS.get(name, name)}：{_pair_shown(pair)}" for name, pair in changed.items())


def _pair_shown(pair: Any) -> str:
    before, after = pair
    return f"{_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_shown(part) for part in value.values() if part)
    if isinstance(value, list):
        return "、".join(_shown(part) for part in value) or "-"
    if value is None or value == "":
        return "-"
    return str(_VALUES_SHOWN.get(value, value)) if isinstance(value, str) else str(value)
