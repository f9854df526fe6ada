"""Schools, rounds, children, applications, the draw, offers."""

from apps.schools.models.applications import (
    Application,
    ApplicationDocument,
    ApplicationEvent,
    Check,
    Preference,
    RegisterRow,
    Review,
    TwinBlock,
)
from apps.schools.models.children import Child, Guardianship
from apps.schools.models.counts import IntakeCount
from apps.schools.models.draw import AllocationRun, Cutoff, Draw, FrozenEntry, PreferenceResult, RosterFreeze
from apps.schools.models.offers import Appeal, Offer, WaitingPlace
from apps.schools.models.rounds import AdmissionRound, Intake, IntakeReserve, PriorityCategory, RoundEvent
from apps.schools.models.schools import (
    CatchmentArea,
    CatchmentVersion,
    EducationCommunity,
    PlaceLock,
    PlaceLockRule,
    School,
    Stage,
)

__all__ = [
    "AdmissionRound", "AllocationRun", "Appeal", "Application", "ApplicationDocument", "ApplicationEvent", "CatchmentArea",
    "CatchmentVersion", "Check", "Child", "Cutoff", "Draw", "EducationCommunity", "FrozenEntry", "Guardianship", "Intake", "IntakeCount",
    "IntakeReserve", "Offer", "PlaceLock", "PlaceLockRule", "Preference", "PreferenceResult", "PriorityCategory",
    "RegisterRow", "Review", "RosterFreeze", "RoundEvent", "School", "Stage", "TwinBlock", "WaitingPlace",
]  # fmt: skip
