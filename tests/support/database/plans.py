"""How a database does what it is asked: the plans of the statements that are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import Base

SCAN = re.compile(r"SCAN (\w+?)(_\d+)?( |$)")
"""SQLite's word for what it reads whole, be it in the order of an index."""


@dataclass
class Plan:
    """A statement, what is read whole for it, and on PostgreSQL how many rows are read and sorted."""

    statement: str
    text: str = ""
    scanned: list[str] = field(default_factory=list)
    read: int = 0
    sorted: int = 0
    milliseconds: float = 0.0


@contextmanager
def plans(database: Database) -> Iterator[list[Plan]]:
    """The plans of what is asked for inside the block: each statement that reads is done once more for it."""
    explain = _explain_sqlite if database.engine.dialect.name == "sqlite" else _explain_postgresql
    explained: list[Plan] = []

    def note(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if statement.startswith("SELECT"):
            explained.append(explain(conn.connection.cursor(), statement, parameters))

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield explained
    finally:
        event.remove(database.engine, "after_cursor_execute", note)


def _explain_sqlite(cursor: Any, statement: str, parameters: Any) -> Plan:
    rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    plan = Plan(statement, "\n".join(row[3] for row in rows))
    tables = [match[1] for match in SCAN.finditer(plan.text)]
    plan.scanned = [name for name in tables if name in Base.metadata.tables]
    return plan


def _explain_postgresql(cursor: Any, statement: str, parameters: Any) -> Plan:
    """What is small is read whole, since that is faster: here nothing is, unless there is no other way."""
    cursor.execute("SET enable_seqscan = off")
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    ((described,),) = cursor.fetchone()
    cursor.execute("RESET enable_seqscan")
    plan = Plan(statement, str(described), milliseconds=described["Execution Time"])
    for node in _nodes(described["Plan"]):
        kind, loops = node["Node Type"], node["Actual Loops"]
        if "Relation Name" in node:
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            plan.read += round(loops * (node["Actual Rows"] + removed))
        if kind == "Seq Scan":
            plan.scanned.append(node["Relation Name"])
        if kind in {"Sort", "Incremental Sort"}:
            plan.sorted = max(plan.sorted, round(node["Plans"][0]["Actual Rows"]))
    return plan


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
