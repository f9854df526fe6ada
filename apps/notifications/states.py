"""States of a delivery and of a campaign, and the moves between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    WECHAT = "wechat"
    SMS = "sms"


class DeliveryState(StrEnum):
    QUEUED = "queued"  # due at ``due_at``, not tried yet
    RETRY = "retry"  # tried, due again at ``due_at``
    SENDING = "sending"  # claimed until ``claimed_until``
    UNKNOWN = "unknown"  # it may have left; waits for a receipt until ``due_at``, after that nobody can tell
    SENT = "sent"  # the provider took it; a receipt may still come
    DELIVERED = "delivered"  # the provider's receipt says so: final
    FAILED = "failed"  # it can not be sent, or the receipt says no: final
    SUPPRESSED = "suppressed"  # not permitted, not wanted or no address: final
    CANCELLED = "cancelled"  # called back before it left: final


class Outcome(StrEnum):
    """What happened to a delivery."""

    CLAIM = "claim"
    SENT = "sent"
    RETRY = "retry"
    LATER = "later"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    CLAIM_EXPIRED = "claim_expired"  # its worker died
    CONFIRMED = "confirmed"  # a receipt: it arrived
    REFUTED = "refuted"  # a receipt: it did not
    REPEAT = "repeat"  # no receipt although receipts come: it was never taken
    GIVEN_UP = "given_up"  # no receipt, and none could be expected


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a delivery."""

    source: DeliveryState
    outcome: Outcome
    target: DeliveryState


_S, _O = DeliveryState, Outcome
MOVES: tuple[Move, ...] = (
    *(
        Move(source, outcome, target)
        for source in (_S.QUEUED, _S.RETRY)
        for outcome, target in (
            (_O.CLAIM, _S.SENDING),
            (_O.SUPPRESSED, _S.SUPPRESSED),
            (_O.FAILED, _S.FAILED),  # it can not even be prepared
            (_O.CANCELLED, _S.CANCELLED),
        )
    ),
    Move(_S.SENDING, _O.SENT, _S.SENT),
    Move(_S.SENDING, _O.RETRY, _S.RETRY),
    Move(_S.SENDING, _O.LATER, _S.RETRY),
    Move(_S.SENDING, _O.FAILED, _S.FAILED),
    Move(_S.SENDING, _O.SUPPRESSED, _S.SUPPRESSED),
    Move(_S.SENDING, _O.UNKNOWN, _S.UNKNOWN),
    Move(_S.SENDING, _O.CLAIM_EXPIRED, _S.UNKNOWN),
    Move(_S.UNKNOWN, _O.CONFIRMED, _S.DELIVERED),
    Move(_S.UNKNOWN, _O.REFUTED, _S.FAILED),
    Move(_S.UNKNOWN, _O.REPEAT, _S.RETRY),
    Move(_S.UNKNOWN, _O.GIVEN_UP, _S.UNKNOWN),
    Move(_S.SENT, _O.CONFIRMED, _S.DELIVERED),
    Move(_S.SENT, _O.REFUTED, _S.FAILED),
)
WAITING = (_S.QUEUED, _S.RETRY)
FINAL = frozenset(DeliveryState) - {move.source for move in MOVES}
MAX_ATTEMPTS = 8
FIRST_DELAY_S = 15
LONGEST_DELAY_S = 3600
# WeChat took another message for the same phone at that moment: 43108 passes in a second or two.
SHORT_DELAY_S = 2


class MoveRefused(ValueError):
    """The row is not in a state that this can follow."""


def move_target(*, source: DeliveryState, outcome: Outcome) -> DeliveryState:
    """Return the state that ``outcome`` leads to from ``source``.  Raises MoveRefused."""
    for move in MOVES:
        if move.source == source and move.outcome == outcome:
            return move.target
    raise MoveRefused(f"{source} {outcome}")


def retry_delay(*, attempts: int, spread: float, first_s: float = FIRST_DELAY_S) -> dt.timedelta:
    """Return how long to wait after ``attempts`` failed ones: ``first_s`` doubled each time, at most an hour.

    ``spread``  0 to 1, drawn by the caller: it stretches the delay by up to a half, so that messages that failed
    together do not come back together.
    """
    base = min(first_s * 2 ** (attempts - 1), LONGEST_DELAY_S)
    return dt.timedelta(seconds=base * (1 + spread / 2))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, Beijing time, in which a phone is left alone; over midnight when ``since`` is the later one."""

    since: dt.time
    until: dt.time

    def over_at(self, *, local: dt.datetime) -> dt.datetime:
        """Return when a message may go out: ``local`` itself outside of the hours, else their end."""
        at = local.time()
        over_midnight = self.since > self.until
        late = at >= self.since
        inside = (late or at < self.until) if over_midnight else self.since <= at < self.until
        if not inside:
            return local
        end = local.replace(hour=self.until.hour, minute=self.until.minute, second=0, microsecond=0)
        return end + dt.timedelta(days=1) if over_midnight and late else end


NIGHT = Quiet(since=dt.time(22), until=dt.time(7, 30))


class TextState(StrEnum):
    """A version of a text."""

    DRAFT = "draft"
    PROPOSED = "proposed"  # waits for a second person
    LIVE = "live"
    RETIRED = "retired"


class TextVerb(StrEnum):
    PROPOSE = "propose"
    SEND_BACK = "send_back"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class TextMove:
    """One allowed step of a version of a text; ``second_person``: not by its author.

    A live one is retired by the version that takes its place, never by itself.
    """

    source: TextState
    verb: TextVerb
    target: TextState
    second_person: bool = False


TEXT_MOVES: tuple[TextMove, ...] = (
    TextMove(TextState.DRAFT, TextVerb.PROPOSE, TextState.PROPOSED),
    TextMove(TextState.PROPOSED, TextVerb.APPROVE, TextState.LIVE, second_person=True),
    TextMove(TextState.PROPOSED, TextVerb.SEND_BACK, TextState.DRAFT),
)


def text_move_find(*, source: TextState, verb: TextVerb) -> TextMove:
    """Return the table's row.  Raises MoveRefused."""
    for move in TEXT_MOVES:
        if move.source == source and move.verb == verb:
            return move
    raise MoveRefused(f"{source} {verb}")


class CampaignState(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"  # waits for a second person
    APPROVED = "approved"  # starts at ``starts_at``
    RUNNING = "running"  # its segment is frozen; rows are being written and sent
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class CampaignVerb(StrEnum):
    PROPOSE = "propose"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class CampaignMove:
    """One allowed step of a campaign; ``second_person``: not by its author."""

    source: CampaignState
    verb: CampaignVerb
    target: CampaignState
    second_person: bool = False


_C, _V = CampaignState, CampaignVerb
CAMPAIGN_MOVES: tuple[CampaignMove, ...] = (
    CampaignMove(_C.DRAFT, _V.PROPOSE, _C.PROPOSED),
    CampaignMove(_C.PROPOSED, _V.SEND_BACK, _C.DRAFT),
    CampaignMove(_C.PROPOSED, _V.APPROVE, _C.APPROVED, second_person=True),
    CampaignMove(_C.APPROVED, _V.SEND_BACK, _C.DRAFT),
    CampaignMove(_C.APPROVED, _V.START, _C.RUNNING),
    CampaignMove(_C.RUNNING, _V.PAUSE, _C.PAUSED),
    CampaignMove(_C.PAUSED, _V.RESUME, _C.RUNNING),
    CampaignMove(_C.RUNNING, _V.FINISH, _C.DONE),
    *(
        CampaignMove(source, _V.CANCEL, _C.CANCELLED)
        for source in (_C.DRAFT, _C.PROPOSED, _C.APPROVED, _C.RUNNING, _C.PAUSED)
    ),
)


def campaign_move_find(*, source: CampaignState, verb: CampaignVerb) -> CampaignMove:
    """Return the table's row.  Raises MoveRefused."""
    for move in CAMPAIGN_MOVES:
        if move.source == source and move.verb == verb:
            return move
    raise MoveRefused(f"{source} {verb}")


def chain_next(*, chain: Sequence[str], channel: str) -> str | None:
    """Return the channel that follows ``channel`` in a chain, None at its end."""
    rest = list(chain)[list(chain).index(channel) + 1 :] if channel in chain else []
    return rest[0] if rest else None
