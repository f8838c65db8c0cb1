"""An environment of what a distribution needs and no more, out of what is installed here: nothing is fetched."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def link_needed(requirements: Iterable[Requirement], environment: Path) -> set[str]:
    """Link all that these requirements need into a virtual environment; gives the names of the distributions.

    Raises `AssertionError` where a version that is installed here is not one that is asked for.
    """
    needed = _closure(list(requirements))
    sources = {_outermost(installed, file) for installed in needed.values() for file in installed.files or ()}
    for source in sources:
        _link(source, environment)
    return set(needed)


def _outermost(installed: Distribution, file: PackagePath) -> Path:
    """The file, or the package that it is in: a link for each of twenty thousand files takes its time."""
    site = Path(str(installed.locate_file("")))
    inside = Path(os.path.normpath(site / file))
    return site / inside.relative_to(site).parts[0] if inside.is_relative_to(site) else inside


def _closure(waiting: list[Requirement]) -> dict[str, Distribution]:
    needed: dict[str, Distribution] = {}
    seen = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        installed = distribution(requirement.name)
        assert requirement.specifier.contains(installed.version, prereleases=True), (
            f"{installed.version}: {requirement}"
        )
        needed[canonicalize_name(requirement.name)] = installed
        waiting += applicable(installed.requires or [], requirement.extras)
    return needed


def applicable(requires: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
    """Those of a distribution's requirements that these extras and this machine make necessary."""
    for requirement in map(Requirement, requires):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _link(source: Path, environment: Path) -> None:
    target = environment / source.relative_to(sys.prefix)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.exists() or target.exists():
        return
    if target.parent == environment / "bin":  # begins with the address of its interpreter
        target.write_bytes(source.read_bytes().replace(sys.prefix.encode(), str(environment).encode()))
        target.chmod(0o755)
    else:
        target.symlink_to(source)
