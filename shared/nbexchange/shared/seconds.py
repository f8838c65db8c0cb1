"""A setting of seconds."""

from __future__ import annotations

from math import isnan
from typing import Any

from traitlets import Float

LONGEST = 86_400
"""A day: systems count milliseconds in numbers that end after some weeks."""


class Seconds(Float):  # type: ignore[type-arg]  # traitlets has types for values and defaults, which are one here
    """Seconds, none or more, up to a day; not a number is refused as well, which no comparison finds too small."""

    def __init__(self, default: float = 0.0, *, min: float = 0.0, **options: Any) -> None:
        super().__init__(default, min=min, max=LONGEST, **options)

    def validate(self, obj: Any, value: Any) -> Any:
        value = super().validate(obj, value)
        return self.error(obj, value) if isnan(value) else value
