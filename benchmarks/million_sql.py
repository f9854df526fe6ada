"""The statements behind ``benchmarks.million``.  Everything random is a hash of the case's number: the same each time.

``plan`` decides the life of each case once, in a table of its own; cases, entries and ratings are read off it.  What
would happen after ``%(now)s`` has not happened yet, so that the newest cases are open as in life.
"""

from __future__ import annotations

from apps.feedback.incidents import CELL_DEGREES


def chance(place: int, of: str = "n") -> str:
    """Return SQL for a number from 0 to 1 that depends on the row and ``place`` only."""
    return f"((hashint8extended({of}, {place}) & 2147483647) / 2147483648.0::float8)"


def pick(place: int, count: str, skew: float = 1.0) -> str:
    """Return SQL for a whole number from 0 to ``count`` - 1; ``skew`` above 1 makes the low ones more frequent."""
    return f"floor({count} * power({chance(place)}, {skew}))::int"


def minutes(place: int, least: float, most: float) -> str:
    """Return SQL for an interval of ``least`` to ``most`` minutes."""
    return f"make_interval(secs => 60 * ({least} + {most - least} * {chance(place)}))"


def ident(at: str, mark: str, step: int = 0) -> str:
    """Return SQL for a UUID version 7 of the moment ``at``; ``step`` orders what happens in one millisecond."""
    ms = f"lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0')"
    digest = f"md5(n::text || '{mark}{step}')"
    return f"({ms} || '7' || '{step:03x}' || '8' || substr({digest}, 1, 15))::uuid"


def number() -> str:
    """Return SQL for a case number: date, seven digits of ``running``, Luhn check digit (``apps.common.ids``)."""
    digits = "(to_char(submitted_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') || lpad(running::text, 7, '0'))"
    value = f"{digits}::bigint"
    terms = []
    for place in range(15):
        digit = f"mod({value} / {10**place}, 10)"
        terms.append(f"({digit} * 2 / 10 + mod({digit} * 2, 10))" if place % 2 == 0 else digit)
    return f"{digits} || mod(10 - mod({' + '.join(terms)}, 10), 10)"


ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def public_number() -> str:
    """Return SQL for a public number: an odd factor mixes the running number, so that no two are alike."""
    mixed = "((running::bigint * 468876555683) & 1125899906842623)"
    return " || ".join(
        f"substr('{ALPHABET}', (({mixed} >> {5 * place}) & 31)::int + 1, 1)" for place in range(10)
    )


# A case's texts by place in their lists; the counts are parameters.
PLAN = f"""
CREATE UNLOGGED TABLE bench_plan AS
WITH drawn AS (
    SELECT n, %(running)s + n AS running,
        %(today)s::date - %(days)s + 1 + ((n - 1) * %(days)s / %(cases)s)::int AS on_day,
        7.5 + 14 * ({chance(1)} + {chance(2)}) / 2 AS hour,
        {pick(3, "%(residents)s")} AS resident_no,
        {pick(4, "%(categories)s", 1.6)} AS category_no,
        {pick(5, "%(streets)s", 1.2)} AS street_no,
        {pick(6, "%(places)s", 2.2)} AS place_no, {pick(7, "%(spots)s", 1.5)} AS spot_no,
        {pick(8, "%(predicates)s", 1.5)} AS predicate_no, {pick(9, "%(details)s", 1.3)} AS detail_no,
        {pick(10, "%(wishes)s", 1.3)} AS wish_no, {pick(11, "1000")} AS keyword_draw,
        {pick(12, "%(replies)s", 1.3)} AS reply_no, {pick(42, "%(details)s")} AS more_no,
        (ARRAY['help', 'complaint', 'consultation', 'suggestion', 'report', 'praise'])[
            width_bucket({chance(13)}, ARRAY[0.42, 0.72, 0.90, 0.96, 0.99]) + 1] AS request_type,
        CASE WHEN n %% 100 = 0 THEN 'handled' ELSE (ARRAY['refused', 'withdrawn', 'merged', 'handled'])[
            width_bucket({chance(14)}, ARRAY[0.03, 0.05, 0.065]) + 1] END AS fate,
        {chance(15)} < 0.03 AS is_returned, {chance(16)} < 0.02 AS is_asked, {chance(17)} < 0.30 AS is_contacted,
        {chance(18)} < 0.03 AS is_nudged, {chance(19)} < 0.40 AS is_rated, {chance(20)} < 0.86 AS is_resolved,
        {chance(21)} < 0.30 AS is_reopened, {chance(22)} < 0.60 AS is_closed, {chance(23)} < 0.15 AS is_called,
        CASE WHEN {chance(24)} < 0.05 THEN 1 + 1.2 * {chance(25)}
             WHEN {chance(24)} < 0.06 THEN 2 + 20 * {chance(25)}
             ELSE 0.15 + 0.75 * {chance(25)} END AS pace,
        width_bucket({chance(26)}, ARRAY[0.05, 0.11, 0.23, 0.52]) + 1 AS satisfaction
    FROM generate_series(1, %(cases)s::bigint) AS n
), placed AS (
    SELECT d.*, c.code AS category_id, c.profile_id, c.territorial, c.keywords, c.respond_hours,
        s.code AS street_id, s.lng AS street_lng, s.lat AS street_lat,
        CASE WHEN c.lead_id IS NULL OR c.territorial AND {chance(27)} < 0.3 THEN s.unit_id ELSE c.lead_id END AS unit_id,
        CASE WHEN c.lead_id IS NULL OR s.unit_id = c.lead_id THEN %(other_unit)s::bigint ELSE s.unit_id END AS wrong_id,
        least((d.on_day + make_interval(secs => 3600 * hour))::timestamp AT TIME ZONE 'Asia/Shanghai',
            %(now)s::timestamptz - {minutes(28, 1, 300)}) AS submitted_at
    FROM drawn d JOIN bench_category c ON c.no = d.category_no JOIN bench_street s ON s.no = d.street_no
), promised AS (
    SELECT p.*, CASE WHEN u.settle_hours IS NOT NULL THEN submitted_at + make_interval(hours => u.settle_hours)
            ELSE u.due_at END AS due_at, u.explained, u.provisional, u.settle_hours,
        submitted_at + {minutes(30, 5, 180)} AS first_at,
        submitted_at + {minutes(31, 20, 2800)} AS gone_at
    FROM placed p JOIN bench_due u ON u.profile_id = p.profile_id
        AND u.on_day = (p.submitted_at AT TIME ZONE 'Asia/Shanghai')::date
        AND u.is_late = ((p.submitted_at AT TIME ZONE 'Asia/Shanghai')::time > time '17:30')
), begun AS (
    SELECT p.*, CASE WHEN is_returned THEN first_at + {minutes(32, 60, 1400)} END AS returned_at,
        first_at + CASE WHEN is_returned THEN {minutes(32, 60, 1400)} + {minutes(33, 60, 1800)}
            ELSE interval '0' END AS dispatched_at
    FROM promised p
), signed AS (
    SELECT p.*, dispatched_at + least({minutes(34, 10, 1100)}, (due_at - submitted_at) * 0.1) AS signed_at,
        CASE WHEN respond_hours IS NOT NULL THEN dispatched_at + make_interval(hours => respond_hours)
            ELSE r.next_at END AS contact_due_at
    FROM begun p JOIN bench_next r ON r.on_day = (p.dispatched_at AT TIME ZONE 'Asia/Shanghai')::date
        AND r.is_late = ((p.dispatched_at AT TIME ZONE 'Asia/Shanghai')::time > time '17:30')
), paused AS (
    SELECT p.*, CASE WHEN is_asked THEN signed_at + {minutes(35, 30, 300)} END AS asked_at,
        CASE WHEN is_asked THEN signed_at + {minutes(35, 30, 300)} + make_interval(days => 1 + {pick(36, "3")}) END
            AS answered_at,
        CASE WHEN is_asked THEN due_at + make_interval(days => 1 + {pick(36, "3")}) ELSE due_at END AS due_late
    FROM signed p
), done AS (
    SELECT p.*, greatest(coalesce(answered_at, signed_at) + {minutes(37, 20, 200)},
            submitted_at + (due_late - submitted_at) * pace) AS replied_at,
        CASE WHEN is_contacted THEN signed_at + {minutes(38, 5, 600)} END AS contact_at
    FROM paused p
)
SELECT n, running, category_id, profile_id, street_id, unit_id, CASE WHEN is_returned THEN wrong_id END AS wrong_id,
    request_type, fate, resident_no, place_no, spot_no, predicate_no, detail_no, more_no, wish_no,
    reply_no, satisfaction,
    is_resolved, is_called, keywords[keyword_draw %% cardinality(keywords) + 1] AS keyword_no,
    street_lng + ({chance(39)} - 0.5) * 0.02 AS lng, street_lat + ({chance(40)} - 0.5) * 0.02 AS lat,
    {ident("submitted_at", "c")} AS id, submitted_at, due_at, explained, provisional,
    CASE WHEN fate IN ('refused', 'withdrawn', 'merged') THEN gone_at END AS gone_at,
    CASE WHEN fate = 'merged' THEN n / 100 * 100 END AS master_n,
    CASE WHEN fate = 'handled' THEN first_at END AS first_at,
    CASE WHEN fate = 'handled' THEN returned_at END AS returned_at,
    CASE WHEN fate = 'handled' THEN dispatched_at END AS dispatched_at,
    CASE WHEN fate = 'handled' THEN contact_due_at END AS contact_due_at,
    CASE WHEN fate = 'handled' THEN signed_at END AS signed_at,
    CASE WHEN fate = 'handled' AND contact_at < replied_at AND (asked_at IS NULL OR contact_at < asked_at)
        THEN contact_at END AS contact_at,
    CASE WHEN fate = 'handled' THEN asked_at END AS asked_at,
    CASE WHEN fate = 'handled' THEN answered_at END AS answered_at, due_late,
    CASE WHEN fate = 'handled' THEN replied_at END AS replied_at,
    CASE WHEN fate = 'handled' AND is_nudged AND submitted_at + (due_at - submitted_at) * 0.7
            BETWEEN signed_at AND coalesce(asked_at, replied_at)
        THEN submitted_at + (due_at - submitted_at) * 0.7 END AS nudged_at,
    CASE WHEN fate = 'handled' AND is_rated THEN replied_at + {minutes(41, 60, 7000)} END AS rated_at,
    CASE WHEN fate = 'handled' AND is_rated AND NOT is_resolved AND is_reopened
        THEN replied_at + {minutes(41, 60, 7000)} + interval '1 hour' END AS reopened_at,
    CASE WHEN fate <> 'handled' THEN NULL
        WHEN is_rated AND is_resolved THEN replied_at + {minutes(41, 60, 7000)}
        WHEN is_rated AND NOT is_reopened AND is_closed THEN replied_at + {minutes(41, 60, 7000)} + interval '3 days'
        WHEN NOT is_rated AND is_closed THEN replied_at + interval '7 days' END AS closed_at
FROM done
"""

# The answer to a merged case is the master's, given in the same moment or right after the merge.
MERGED = """
UPDATE bench_plan m SET replied_at = greatest(p.replied_at, m.gone_at + interval '1 minute'), unit_id = p.unit_id,
    master_n = p.n
FROM bench_plan p WHERE m.fate = 'merged' AND p.n = greatest(m.n / 100 * 100, 100)
"""

# After a reopening: a new clock, a second dispatch and a second answer.
AGAIN = """
ALTER TABLE bench_plan ADD again_due timestamptz, ADD again_dispatched timestamptz, ADD again_signed timestamptz,
    ADD again_replied timestamptz
"""
AGAIN_FILL = f"""
UPDATE bench_plan SET again_due = reopened_at + interval '7 days', again_dispatched = reopened_at + interval '2 hours',
    again_signed = reopened_at + interval '5 hours', again_replied = reopened_at + {minutes(50, 600, 11000)}
WHERE reopened_at IS NOT NULL
"""

# Where a case stands now: the last thing that has happened.  ``past`` is NULL for what has not.
STATE = """
CASE
    WHEN gone_at <= %(now)s AND fate = 'refused' THEN 'not_accepted'
    WHEN gone_at <= %(now)s AND fate = 'withdrawn' THEN 'withdrawn'
    WHEN fate = 'merged' AND replied_at <= %(now)s THEN 'replied'
    WHEN fate = 'merged' AND gone_at <= %(now)s THEN 'merged'
    WHEN again_replied <= %(now)s THEN 'replied'
    WHEN again_signed <= %(now)s THEN 'signed'
    WHEN again_dispatched <= %(now)s THEN 'dispatched'
    WHEN reopened_at <= %(now)s THEN 'reopened'
    WHEN closed_at <= %(now)s THEN 'closed'
    WHEN rated_at <= %(now)s THEN 'rated'
    WHEN fate = 'handled' AND replied_at <= %(now)s THEN 'replied'
    WHEN answered_at <= %(now)s THEN 'in_progress'
    WHEN asked_at <= %(now)s THEN 'suspended'
    WHEN signed_at <= %(now)s THEN 'signed'
    WHEN dispatched_at <= %(now)s THEN 'dispatched'
    WHEN returned_at <= %(now)s THEN 'returned'
    WHEN first_at <= %(now)s THEN 'dispatched'
    ELSE 'submitted'
END
"""

PAST = "CASE WHEN {0} <= %(now)s THEN {0} END"


def past(column: str) -> str:
    """Return SQL for a moment that has come, else NULL."""
    return PAST.format(column)


# Columns of a case beside those whose default in the model is right.
CASE: dict[str, str] = {
    "id": "p.id", "number": number(), "public_number": public_number(), "resident_id": "r.id",
    "request_type": "request_type", "category_id": "category_id", "street_id": "street_id",
    "text": "pl.text || sp.text || k.text || pr.text || '。' || de.text || mo.text || wi.text",
    "search": "pl.words || sp.words || k.words || pr.words || de.words || mo.words || wi.words",
    "lng": "p.lng", "lat": "p.lat", "crs": "'gcj02'",
    "cell": f"floor(p.lat / {CELL_DEGREES})::int * 100000 + floor(p.lng / {CELL_DEGREES})::int",
    "identity": "'named'", "allow_public": "running %% 3 <> 0",
    "state": "state",
    "unit_id": "CASE WHEN state IN ('submitted', 'not_accepted') OR fate = 'withdrawn' THEN NULL"
    " WHEN dispatched_at <= %(now)s OR fate = 'merged' THEN p.unit_id ELSE coalesce(wrong_id, p.unit_id) END",
    "master_id": "CASE WHEN fate = 'merged' AND gone_at <= %(now)s THEN m.id END", "profile_id": "profile_id",
    "submitted_at": "submitted_at", "clock_from": f"coalesce({past('reopened_at')}, submitted_at)",
    "due_at": "CASE WHEN reopened_at <= %(now)s THEN again_due WHEN answered_at <= %(now)s THEN due_late ELSE due_at END",
    "due_explained": "explained", "due_provisional": "provisional",
    "dispatched_at": f"coalesce({past('again_dispatched')}, {past('dispatched_at')}, {past('first_at')})",
    "sign_due_at": f"{past('first_at')} + interval '1 day'",
    "signed_at": f"coalesce({past('again_signed')}, {past('signed_at')})",
    "contact_due_at": "CASE WHEN dispatched_at <= %(now)s THEN contact_due_at END",
    "contacted_at": past("contact_at"),
    "settled_at": "CASE WHEN state NOT IN ('not_accepted', 'replied', 'rated', 'closed', 'withdrawn') THEN NULL"
    f" ELSE coalesce({past('again_replied')}, {past('replied_at')}, {past('gone_at')}) END",
    "hops": "CASE WHEN returned_at <= %(now)s THEN 1 ELSE 0 END",
    "reopens": "CASE WHEN reopened_at <= %(now)s THEN 1 ELSE 0 END",
    "nudges": "CASE WHEN nudged_at <= %(now)s THEN 1 ELSE 0 END", "nudged_at": past("nudged_at"),
    "queue_rank": "CASE WHEN nudged_at <= %(now)s THEN 1 ELSE 2 END",
    "updated_at": f"greatest(submitted_at, {past('signed_at')}, {past('replied_at')}, {past('gone_at')})",
}  # fmt: skip
CASE_FROM = f"""
FROM (SELECT *, {STATE} AS state FROM bench_plan) p
JOIN bench_resident r ON r.no = p.resident_no
JOIN bench_part pl ON pl.kind = 'place' AND pl.no = p.place_no
JOIN bench_part sp ON sp.kind = 'spot' AND sp.no = p.spot_no
JOIN bench_part k ON k.kind = 'keyword' AND k.no = p.keyword_no
JOIN bench_part pr ON pr.kind = 'predicate' AND pr.no = p.predicate_no
JOIN bench_part de ON de.kind = 'detail' AND de.no = p.detail_no
JOIN bench_part mo ON mo.kind = 'detail' AND mo.no = p.more_no
JOIN bench_part wi ON wi.kind = 'wish' AND wi.no = p.wish_no
LEFT JOIN (SELECT n AS master, id FROM bench_plan WHERE n %% 100 = 0) m ON m.master = p.master_n
ORDER BY p.n
"""

_CONTACT_DUE = "jsonb_build_object('contact_due_at', to_jsonb(contact_due_at))"
# step, at, verb, source, target, actor, unit, lead, due, text, public, details
STEPS = f"""
(1, submitted_at, 'submit', '', 'submitted', 'resident', NULL::bigint, NULL::bigint, p.due_at, '', true, '{{}}'::jsonb),
(2, CASE WHEN fate = 'refused' THEN gone_at END, 'refuse', 'submitted', 'not_accepted', 'clerk', NULL, NULL, p.due_at,
    '该事项不属于受理范围，请通过相应渠道反映。', true, '{{}}'),
(3, CASE WHEN fate = 'withdrawn' THEN gone_at END, 'withdraw', 'submitted', 'withdrawn', 'resident', NULL, NULL, p.due_at,
    '问题已解决。', true, '{{}}'),
(4, CASE WHEN fate = 'merged' THEN gone_at END, 'merge', 'submitted', 'merged', 'clerk', NULL, NULL, p.due_at, '', true,
    '{{}}'),
(5, CASE WHEN fate = 'merged' THEN replied_at END, 'reply', 'merged', 'replied', 'system', p.unit_id, p.unit_id, p.due_at,
    re.text, true, '{{}}'),
(6, first_at, 'dispatch', 'submitted', 'dispatched', 'clerk', coalesce(wrong_id, p.unit_id),
    coalesce(wrong_id, p.unit_id), p.due_at, '', true, {_CONTACT_DUE}),
(7, returned_at, 'return', 'dispatched', 'returned', 'handler', wrong_id, wrong_id, p.due_at, '不属于本单位职责。', true,
    '{{}}'),
(8, CASE WHEN returned_at IS NOT NULL THEN dispatched_at END, 'dispatch', 'returned', 'dispatched', 'clerk', p.unit_id,
    p.unit_id, p.due_at, '', true, {_CONTACT_DUE}),
(9, signed_at, 'sign', 'dispatched', 'signed', 'handler', p.unit_id, p.unit_id, p.due_at, '', true, '{{}}'),
(10, contact_at, 'contact', 'signed', 'signed', 'handler', p.unit_id, p.unit_id, p.due_at, '已电话联系。', true, '{{}}'),
(11, nudged_at, 'nudge', 'signed', 'signed', 'resident', NULL, p.unit_id, p.due_at, '', true, '{{}}'),
(12, asked_at, 'ask', 'signed', 'suspended', 'handler', p.unit_id, p.unit_id, p.due_at, '请补充具体位置。', true, '{{}}'),
(13, answered_at, 'answer', 'suspended', 'in_progress', 'resident', NULL, p.unit_id, due_late, '已补充。', true, '{{}}'),
(14, CASE WHEN fate = 'handled' THEN replied_at END, 'reply',
    CASE WHEN answered_at IS NULL THEN 'signed' ELSE 'in_progress' END, 'replied', 'handler', p.unit_id, p.unit_id, due_late,
    re.text, true, '{{}}'),
(15, rated_at, 'rate', 'replied', 'rated', CASE WHEN is_called THEN 'clerk' ELSE 'resident' END, NULL, p.unit_id, due_late,
    '', true, '{{}}'),
(16, closed_at, 'close', CASE WHEN rated_at IS NULL THEN 'replied' ELSE 'rated' END, 'closed',
    CASE WHEN rated_at = closed_at THEN 'system' ELSE 'clerk' END, NULL, p.unit_id, due_late, '', true, '{{}}'),
(17, reopened_at, 'reopen', 'rated', 'reopened', 'resident', NULL, p.unit_id, again_due, '问题又出现了。', true, '{{}}'),
(18, again_dispatched, 'dispatch', 'reopened', 'dispatched', 'clerk', p.unit_id, p.unit_id, again_due, '', true,
    jsonb_build_object('contact_due_at', to_jsonb(again_dispatched + interval '1 day'))),
(19, again_signed, 'sign', 'dispatched', 'signed', 'handler', p.unit_id, p.unit_id, again_due, '', true, '{{}}'),
(20, again_replied, 'reply', 'signed', 'replied', 'handler', p.unit_id, p.unit_id, again_due, re.text, true, '{{}}')
"""


def entry_id(step: str = "step") -> str:
    """Return SQL for the id of an entry: version 7 of its moment, its step in place of random bits."""
    ms = "lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')"
    return f"({ms} || '7' || lpad(to_hex({step}), 3, '0') || '8' || substr(md5(n::text || 'e' || {step}), 1, 15))::uuid"


ENTRIES = f"""
INSERT INTO feedback_timelineentry
    (id, case_id, at, verb, source, target, actor, unit_id, lead_id, category_id, due_at, text, public, details)
SELECT {entry_id()}, p.id, s.at, s.verb, s.source, s.target, s.actor, s.unit_id, s.lead_id, p.category_id, s.due_at,
    s.text, s.public, s.details
FROM bench_plan p JOIN bench_part re ON re.kind = 'reply' AND re.no = p.reply_no
CROSS JOIN LATERAL (VALUES {STEPS})
    AS s (step, at, verb, source, target, actor, unit_id, lead_id, due_at, text, public, details)
WHERE s.at <= %(now)s
ORDER BY s.at, s.step
"""

RATINGS = f"""
INSERT INTO feedback_rating (id, case_id, reply_id, resolved, satisfaction, comment, at, called_by_id)
SELECT {ident("rated_at", "r")}, id, {entry_id("14").replace("FROM at", "FROM replied_at")},
    is_resolved, satisfaction, '', rated_at, CASE WHEN is_called THEN %(clerk)s::bigint END
FROM bench_plan WHERE rated_at <= %(now)s
"""

RESIDENTS = f"""
CREATE UNLOGGED TABLE bench_resident AS
SELECT (n - 1)::int AS no, {ident("(%(now)s::timestamptz - interval '400 days')", "u")} AS id
FROM generate_series(1, %(residents)s::bigint) AS n
"""
RESIDENTS_INSERT = """
INSERT INTO accounts_resident (id, nickname, elder_mode, language, created_at)
SELECT id, '居民' || no, no %% 7 = 0, 'zh-hans', %(now)s::timestamptz - interval '400 days' FROM bench_resident
"""
