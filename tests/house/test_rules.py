"""Rules of the house, checked on every tracked file; each rule is a function that is tested on bad text."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 450
LONGEST_FUNCTION = 70
MIGRATIONS = ROOT / "assistant" / "store" / "migrations" / "versions"
"""A migration lists tables: one long function says it best."""
# Written in pieces: this file is checked too.
REGISTRIES = re.compile(
    r"\b(?:pypi\.(?:org)|pythonhosted\.(?:org)|npmjs\.(?:org|com)|yarnpkg\.(?:com)|npmmirror\.(?:com)"
    r"|deb\.(?:debian)\.org|crates\.(?:io)|proxy\.(?:golang)\.org|(?:mirrors?)\.[a-z0-9-]+\.(?:com|edu|cn|org))\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~$}>/-])/(?:work|root|home|Users|tmp|opt)/[\w.-]")
MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")


def tracked_files() -> list[Path]:
    """Every file that is, or is about to be, committed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def text_files() -> Iterator[tuple[Path, str]]:
    """The tracked files that are text."""
    for path in tracked_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def python_files() -> Iterator[tuple[Path, str]]:
    """The tracked Python files."""
    return ((path, text) for path, text in text_files() if path.suffix == ".py")


def names_elsewhere(text: str) -> list[str]:
    """Registry hosts and machine paths in a text."""
    return [found.group() for rule in (REGISTRIES, MACHINE_PATHS) for found in rule.finditer(text)]


def shape_problems(text: str) -> list[str]:
    """What is wrong with the shape of a Python file; an empty one has none."""
    tree = ast.parse(text)
    if not tree.body:
        return []
    problems = [] if ast.get_docstring(tree) else ["does not open with a docstring"]
    lines = len(text.splitlines())
    if lines > LONGEST_FILE:
        problems.append(f"has {lines} lines, at most {LONGEST_FILE}")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                problems.append(f"{node.name} has {length} lines, at most {LONGEST_FUNCTION}")
    return problems


def report(found: dict[Path, list[str]]) -> str:
    """One line per problem, with its file."""
    return "\n".join(f"{path.relative_to(ROOT)}: {problem}" for path in found for problem in found[path])


def dead_links(path: Path, text: str) -> list[str]:
    """The relative links of a Markdown text that lead nowhere."""
    targets = (target.split("#")[0] for target in MARKDOWN_LINK.findall(text) if "://" not in target)
    return [t for t in targets if t and not t.startswith("mailto:") and not (path.parent / t).exists()]


def test_no_file_names_a_registry_or_somebodys_machine() -> None:
    assert report({path: names_elsewhere(text) for path, text in text_files()}) == ""


def test_every_python_file_has_its_shape() -> None:
    found = {path: shape_problems(text) for path, text in python_files() if MIGRATIONS not in path.parents}
    assert len(found) > 50
    assert report(found) == ""


def test_the_readme_is_there_and_links_lead_somewhere() -> None:
    pages = {path: text for path, text in text_files() if path.suffix == ".md"}
    assert ROOT / "README.md" in pages
    assert report({path: dead_links(path, text) for path, text in pages.items()}) == ""


def test_only_the_agreed_names_stand_at_the_top() -> None:
    agreed = {"assistant", "tools", "knowledge", "ui", "tests", "docs", "deploy"}
    agreed |= {"pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"}
    top = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} <= agreed


@pytest.mark.parametrize(
    "bad",
    [
        "see https://" + "pypi" + ".org/project/x",
        '"resolved": "https://registry.' + "npmjs" + '.org/a.tgz"',
        "index-url = https://" + "mirrors" + ".example.com/simple",
        "cd " + "/work" + "/main",
        'open("' + "/tmp" + '/x")',
        "/home" + "/somebody/project",
    ],
)
def test_an_address_or_a_path_is_noticed(bad: str) -> None:
    assert names_elsewhere(bad)


@pytest.mark.parametrize("good", ["GET /work-orders", "https://shop.example/home/x", "~/tmp/x", "a/opt/in"])
def test_what_only_looks_like_one_is_not(good: str) -> None:
    assert names_elsewhere(good) == []


def test_a_bad_shape_is_noticed() -> None:
    assert shape_problems("x = 1\n") == ["does not open with a docstring"]
    assert shape_problems('"""Good."""\n' + "x = 1\n" * LONGEST_FILE) == ["has 451 lines, at most 450"]
    long = '"""Good."""\nclass A:\n    def f(self):\n' + "        x = 1\n" * LONGEST_FUNCTION
    assert shape_problems(long) == ["f has 71 lines, at most 70"]


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    text = "[a](there.md#part) [b](gone.md) [c](https://x.example/gone.md) [d](#part)"
    assert dead_links(tmp_path / "README.md", text) == ["gone.md"]
