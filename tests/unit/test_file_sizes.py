"""Files stay short enough to be read in one go."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "docs", "infra", "plugin", "shared", "storage", "tests")
MOST_LINES = 250


def is_exempt(path: Path) -> bool:
    """Migrations are never edited again."""
    return path.parent.name == "versions" and path.parents[1].name == "migrations"


def test_no_file_has_more_lines_than_a_reader_can_keep_in_mind():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts and not is_exempt(path)
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}
