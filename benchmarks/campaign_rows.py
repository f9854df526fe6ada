"""How long do a campaign's rows for 500,000 residents take, against two bare INSERT … SELECT of the same rows?

The campaign is started and written as its worker does it, in a process of its own, with the system's workers held still:
the segment is frozen, then inbox and delivery rows are written chunk by chunk with the count that says how far.  The
yardstick writes the same rows in one statement a table, into copies with the same indexes, constraints and references.
In turns, each into empty tables.
"""

from __future__ import annotations

import json
import statistics
import time

from benchmarks.report import Figure, Finding
from benchmarks.system import System

RESIDENTS, ROUNDS = 500_000, 3
MOST_RATIO, MOST_MIB = 2.0, 150
_RESIDENTS = """
INSERT INTO accounts_resident (id, nickname, elder_mode, language, created_at)
SELECT uuid7_of(now() - interval '1 year'), '', FALSE, 'zh-hans', now() FROM generate_series(1, %s)
"""
_COPIES = (
    "CREATE TABLE bare_inboxmessage (LIKE notifications_inboxmessage INCLUDING ALL)",
    "CREATE TABLE bare_delivery (LIKE notifications_delivery INCLUDING ALL)",
)
# LIKE copies everything but references.
_REFERENCES = """
SELECT 'bare_' || substring(conrelid::regclass::text FROM 15), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid IN ('notifications_inboxmessage'::regclass, 'notifications_delivery'::regclass)
"""
_INBOX = """
INSERT INTO bare_inboxmessage
    (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at)
SELECT uuid7_of(m.created_at), r.id, m.kind, m.text_version, m.title, m.body, m.page, m.params, m.fields,
    'campaign:' || d.campaign_id::text || ':' || r.id::text, m.created_at
FROM accounts_resident r, bare_sample_message m, bare_sample_delivery d WHERE r.cancelled_at IS NULL
"""
_DELIVERY = """
INSERT INTO bare_delivery
    (id, message_id, resident_id, campaign_id, channel, round, lane, fallbacks, state, wechat_template_id,
     sms_template_id, text_version, data, keep_grants, due_at, attempts, reserved, provider_id, last_code, created_at)
SELECT uuid7_of(d.created_at), m.id, m.resident_id, d.campaign_id, d.channel, d.round, d.lane, d.fallbacks, d.state,
    d.wechat_template_id, d.sms_template_id, d.text_version, d.data, d.keep_grants, d.due_at, d.attempts, d.reserved,
    d.provider_id, d.last_code, d.created_at
FROM bare_inboxmessage m, bare_sample_delivery d
"""


def run(system: System) -> Finding:
    """Measure and return the finding."""
    system.rows(_RESIDENTS, RESIDENTS)
    system.rows("VACUUM ANALYZE accounts_resident")
    people = system.number("SELECT count(*) FROM accounts_resident WHERE cancelled_at IS NULL")
    writing, freezing, bare, peaks = [], [], [], []
    with system.workers_paused():
        for turn in range(ROUNDS):
            _emptied(system, "notifications_inboxmessage", "notifications_campaignrecipient")
            took = json.loads(system.command("benchmarks.crowd", "campaign-rows"))
            rows = [
                system.number("SELECT count(*) FROM notifications_inboxmessage"),
                system.number("SELECT count(*) FROM notifications_delivery"),
            ]
            if rows != [people, people]:
                raise RuntimeError(f"{rows} rows were written for {people} residents")
            if not turn:
                _copies(system)
            bare.append(_bare(system))
            writing.append(took["write_s"])
            freezing.append(took["freeze_s"])
            peaks.append(took["peak_mib"])
    whole = [freeze + write for freeze, write in zip(freezing, writing, strict=True)]
    yardstick = statistics.median(bare)
    return Finding(
        name="campaign_rows",
        question=f"How long do a campaign's rows for {RESIDENTS:,} residents take, and how much memory?",
        yardstick="one bare INSERT … SELECT a table of the same rows, with the same indexes and references, in turns",
        figures=[
            Figure(
                "freezing the segment and writing all rows ÷ the bare inserts",
                round(statistics.median(whole) / yardstick, 2), "×", MOST_RATIO,
            ),
            Figure("writing the rows alone ÷ the bare inserts", round(statistics.median(writing) / yardstick, 2), "×"),
            Figure("peak memory of the writing process", round(max(peaks)), "MiB", MOST_MIB),
            Figure("freezing and writing", round(statistics.median(whole), 1), "s"),
            Figure("the bare inserts", round(yardstick, 1), "s"),
        ],
        rows={"residents": people, "inbox_messages": people, "deliveries": people},
        notes=[f"whole {_seconds(whole)}, bare {_seconds(bare)}"],
    )  # fmt: skip


def _seconds(spent: list[float]) -> str:
    return " ".join(f"{one:.1f}" for one in spent)


def _emptied(system: System, *tables: str) -> None:
    for table in tables:
        system.rows(f"TRUNCATE {table} CASCADE")  # type: ignore[arg-type]
    system.rows("CHECKPOINT")


def _copies(system: System) -> None:
    """Make the copies, and keep one written row of each table as the sample of what the others hold."""
    for statement in _COPIES:
        system.rows(statement)
    for table, reference in system.rows(_REFERENCES):
        own = reference.replace("notifications_inboxmessage", "bare_inboxmessage")
        system.rows(f"ALTER TABLE {table} ADD {own}")  # type: ignore[arg-type]
    system.rows("CREATE TABLE bare_sample_message AS SELECT * FROM notifications_inboxmessage LIMIT 1")
    system.rows(
        "CREATE TABLE bare_sample_delivery AS SELECT d.* FROM notifications_delivery d"
        " JOIN bare_sample_message m ON m.id = d.message_id"
    )


def _bare(system: System) -> float:
    """Return the seconds of the bare inserts."""
    _emptied(system, "bare_inboxmessage")
    began = time.perf_counter()
    system.rows(_INBOX)
    system.rows(_DELIVERY)
    return time.perf_counter() - began
