"""How a database does what it is asked: the plans of the statements that are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import event

from nbexchange.api.db.engine import Database
from nbexchange.api.db.models import Base

PARAMETER = re.compile(r"%\((\w+)\)s")

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
            explained.append(explain(conn.connection.dbapi_connection, statement, parameters))

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield explained
    finally:
        event.remove(database.engine, "after_cursor_execute", note)


def _explain_sqlite(driver: Any, statement: str, parameters: Any) -> Plan:
    rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    plan = Plan(statement, "\n".join(row[3] for row in rows))
    tables = [match[1] for match in SCAN.finditer(plan.text)]
    plan.scanned = [name for name in tables if name in Base.metadata.tables]
    return plan


def _explain_postgresql(driver: Any, statement: str, parameters: Mapping[str, Any]) -> Plan:
    """The worse of both plans of a prepared statement: that for these values, and that which is kept for all.

    What is small is read whole, since that is faster: here nothing is, unless there is no other way.
    """
    names = list(dict.fromkeys(PARAMETER.findall(statement)))
    prepared = PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", statement).replace("%%", "%")
    values = f"({', '.join(['%s'] * len(names))})" if names else ""
    plan = Plan(statement)
    cursor = ClientCursor(driver)
    cursor.execute("SET enable_seqscan = off")
    cursor.execute(f"PREPARE explained AS {prepared}")
    for kind in ("custom", "generic"):
        cursor.execute(f"SET plan_cache_mode = force_{kind}_plan")
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE explained{values}"
        ((described,),) = cursor.execute(explain, [parameters[name] for name in names]).fetchone()
        _note(plan, described)
    cursor.execute("DEALLOCATE explained")
    cursor.execute("RESET plan_cache_mode")
    cursor.execute("RESET enable_seqscan")
    return plan


def _note(plan: Plan, described: Mapping[str, Any]) -> None:
    """What is read and sorted in one of the statement's plans."""
    plan.text += f"{described}\n"
    plan.milliseconds = max(plan.milliseconds, described["Execution Time"])
    nodes = list(_nodes(described["Plan"]))
    plan.read = max(plan.read, sum(_rows_read(node) for node in nodes if "Relation Name" in node))
    for node in nodes:
        if node["Node Type"] == "Seq Scan":
            plan.scanned.append(node["Relation Name"])
        if node["Node Type"] in {"Sort", "Incremental Sort"}:
            plan.sorted = max(plan.sorted, round(node["Plans"][0]["Actual Rows"]))


def _rows_read(node: Mapping[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round(node["Actual Loops"] * (node["Actual Rows"] + removed))


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
