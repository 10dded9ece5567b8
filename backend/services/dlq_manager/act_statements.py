"""The statements of operations that send nothing, each over a chunk of members."""

from typing import LiteralString

_MEMBERS: LiteralString = """
members AS (
    SELECT position, message_id FROM dead_letters.operation_items
    WHERE operation_id = %(operation)s AND position = ANY(%(positions)s)
)
"""

HOLD: LiteralString = """
WITH members AS MATERIALIZED (
    SELECT position, message_id FROM dead_letters.operation_items
    WHERE operation_id = %(operation)s AND outcome = 'pending' ORDER BY position LIMIT %(limit)s FOR UPDATE
)
SELECT i.position FROM members AS i JOIN dead_letters.messages AS m USING (message_id)
ORDER BY m.message_id FOR UPDATE OF m
"""
"""Locks the next pending members and their letters, always in the same order; their positions."""

IS_LEFT: LiteralString = """
SELECT EXISTS (
    SELECT FROM dead_letters.operation_items WHERE operation_id = %(operation)s AND outcome = 'pending'
)
"""

_SETTLE: LiteralString = """
UPDATE dead_letters.operation_items AS i SET changed_at = clock_timestamp(), state_before = h.state,
    outcome = CASE WHEN c.message_id IS NULL THEN 'skipped' ELSE 'done' END,
    detail = CASE WHEN c.message_id IS NULL THEN h.detail ELSE '' END
FROM held AS h LEFT JOIN changed AS c USING (message_id)
WHERE i.operation_id = %(operation)s AND i.position = h.position
"""
_AUDIT: LiteralString = """
audited AS (
    INSERT INTO dead_letters.audit
        (message_id, action, actor, reason, operation_id, from_state, to_state, version)
    SELECT message_id, {action}, %(actor)s, %(reason)s, %(operation)s, before, state, version FROM changed
)
"""

CHANGE: LiteralString = (
    "WITH "  # noqa: S608 - put together from constants
    + _MEMBERS
    + """,
held AS MATERIALIZED (
    SELECT i.position, m.message_id, m.state, m.version, CASE
        WHEN m.state = 'quarantined' THEN 'quarantined'
        WHEN m.state IN ('scheduled', 'claimed') THEN 'held by another operation'
        WHEN m.state IN ('publishing', 'in_flight') THEN 'sent, outcome unknown'
        ELSE 'is ' || m.state END AS detail
    FROM members AS i JOIN dead_letters.messages AS m USING (message_id)
),
changed AS (
    UPDATE dead_letters.messages AS m SET state = %(to)s, version = m.version + 1, reason = %(reason)s,
        proof = %(proof)s::jsonb, operation_id = %(operation)s, changed_at = clock_timestamp()
    FROM held AS h WHERE m.message_id = h.message_id AND m.version = h.version AND h.state = ANY(%(origin)s)
    RETURNING m.message_id, h.state AS before, m.state, m.version
),
"""
    + _AUDIT.replace("{action}", "%(action)s")
    + _SETTLE
)
"""Members in one of the states `origin` become `to`."""

UNDO: LiteralString = (
    "WITH "  # noqa: S608 - put together from constants
    + _MEMBERS
    + """,
held AS MATERIALIZED (
    SELECT i.position, m.message_id, m.state, m.version, u.state_before, w.reason, CASE
        WHEN u.outcome IS DISTINCT FROM 'done' THEN 'was not changed by the operation that is taken back'
        WHEN m.state = 'purged' THEN 'purged on ' || to_char(t.purged_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
            || ': its bytes are gone'
        WHEN m.state IS DISTINCT FROM e.state THEN
            'is ' || replace(m.state, '_', ' ') || ' now: taken back or changed since'
        WHEN a.operation_id IS DISTINCT FROM %(undoes)s THEN m.state || ' again since, by another decision'
        END AS detail
    FROM members AS i
    JOIN dead_letters.messages AS m USING (message_id)
    CROSS JOIN (
        SELECT CASE kind WHEN 'discard' THEN 'discarded' WHEN 'quarantine' THEN 'quarantined' END AS state
        FROM dead_letters.operations WHERE id = %(undoes)s
    ) AS e
    LEFT JOIN dead_letters.operation_items AS u ON u.operation_id = %(undoes)s AND u.message_id = m.message_id
    LEFT JOIN dead_letters.tombstones AS t ON t.message_id = m.message_id
    LEFT JOIN LATERAL (
        SELECT operation_id FROM dead_letters.audit
        WHERE message_id = m.message_id AND from_state <> to_state ORDER BY id DESC LIMIT 1
    ) AS a ON true
    LEFT JOIN LATERAL (
        SELECT reason FROM dead_letters.audit
        WHERE u.state_before = 'quarantined' AND message_id = m.message_id AND to_state = 'quarantined'
            AND from_state IS DISTINCT FROM to_state AND reason <> '' ORDER BY id DESC LIMIT 1
    ) AS w ON true
),
changed AS (
    UPDATE dead_letters.messages AS m SET state = h.state_before, version = m.version + 1,
        reason = coalesce(h.reason, %(reason)s), operation_id = %(operation)s, changed_at = clock_timestamp()
    FROM held AS h WHERE m.message_id = h.message_id AND m.version = h.version AND h.detail IS NULL
    RETURNING m.message_id, h.state AS before, m.state, m.version
),
"""
    + _AUDIT.replace("{action}", "'undo'")
    + _SETTLE
)
"""Members that the operation `undoes` changed last get back the state they had before it."""

CLOSE_SENT: LiteralString = """
UPDATE dead_letters.operation_items AS s SET outcome = 'resolved', changed_at = clock_timestamp(),
    detail = 'an operator said that it was processed'
FROM dead_letters.operation_items AS i JOIN dead_letters.messages AS m USING (message_id)
WHERE i.operation_id = %(operation)s AND i.outcome = 'done' AND i.changed_at >= transaction_timestamp()
    AND s.message_id = i.message_id AND s.outcome = 'sent' AND s.generation = m.generation
"""
"""Members resolved in this transaction are resolved for the operation that sent them, too."""
