"""Configuration sections that nbgrader renamed, and that files in use still have."""

from __future__ import annotations

from typing import Any


def adopt_section(exchange: Any, config: Any, older: str, newer: str) -> None:
    """Merge the section `older` into `newer`, with the warning that nbgrader gives."""
    if older not in config:
        return
    lines = "\n".join(f"{older}.{key} = {value!r}" for key, value in config[older].items())
    exchange.log.warning("Use %s in config, not %s. Outdated config:\n%s", newer, older, lines)
    config[newer].merge(config[older])
    del config[older]
