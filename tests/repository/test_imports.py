"""Nothing imports upwards: the direction of the packages, checked on every import as it is written."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
import sys

import pytest

import nwp500

ROOT = Path(__file__).parents[2]
INTEGRATION = "custom_components.navilink"
CLIENT = f"{INTEGRATION}.nwp500"
SIMULATOR = "simulator"

# The lowest floor first. A package or module may import from its own floor and from those below; what is not named here
# stands on the top one.
FLOORS: Mapping[str, tuple[frozenset[str], ...]] = {
    CLIENT: (
        frozenset({"exceptions", "enums", "config", "json_types", "common", "events"}),
        frozenset({"models"}),
        frozenset({"protocol"}),
        frozenset({"transport", "rest"}),
        frozenset({"queue", "auth"}),
        frozenset({"heaters", "api_client"}),
        frozenset({"mqtt_client"}),
    ),
    SIMULATOR: (
        frozenset({"common", "state"}),
        frozenset({"mqtt", "heater"}),
        frozenset({"answers"}),
        frozenset({"rest", "options"}),
        frozenset({"cloud", "vendor_app"}),
        frozenset({"control"}),
    ),
}

MAX_PUBLIC_NAMES = 45
PUBLIC_MODULES = {"enums", "exceptions", "models"}
"""Of the client, beside what the package itself has."""
CLIENT_NEEDS = {"aiohttp", "awscrt", "orjson"}
"""The packages that the client may use, all of them dependencies of the project."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module: the dotted name of what is imported, and whether it was written relative."""

    importer: str
    target: str
    is_relative: bool

    def is_of(self, package: str) -> bool:
        """Return whether a package, or something in it, is imported."""
        return f"{self.target}.".startswith(f"{package}.")


def module_name(path: Path, root: Path = ROOT) -> str:
    """Return the dotted name of a module."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path, root: Path = ROOT) -> Iterator[Import]:
    """Read the imports of a module, wherever in it they stand; names taken from a package count as its modules."""
    name = module_name(path, root)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, is_relative=False)
        elif isinstance(node, ast.ImportFrom):
            source = ".".join((*package.split(".")[: len(package.split(".")) - node.level + 1], node.module or ""))
            source = source.removesuffix(".") if node.level else node.module or ""
            for alias in node.names:
                yield Import(name, _module_of(f"{source}.{alias.name}", source, root), is_relative=node.level > 0)


def _module_of(candidate: str, package: str, root: Path) -> str:
    """Return what `from package import name` imports: the module of that name if there is one, else the package."""
    path = root.joinpath(*candidate.split("."))
    return candidate if path.with_suffix(".py").exists() or (path / "__init__.py").exists() else package


def modules_in(package: str) -> list[Path]:
    """Return the modules of a package, at any depth."""
    modules = sorted(ROOT.joinpath(*package.split(".")).rglob("*.py"))
    assert modules
    return modules


def all_imports(package: str) -> list[Import]:
    """Read the imports of all modules of a package."""
    return [found for path in modules_in(package) for found in imports_of(path)]


def floor_of(module: str, house: str) -> int:
    """Return the floor on which a module stands: that of its package, or its own."""
    room = module.removeprefix(f"{house}.").partition(".")[0]
    return next((floor for floor, rooms in enumerate(FLOORS[house]) if room in rooms), len(FLOORS[house]))


@pytest.mark.parametrize("house", FLOORS)
def test_every_floor_has_its_rooms(house: str) -> None:
    names = {module_name(path).removeprefix(f"{house}.").partition(".")[0] for path in modules_in(house)}
    assert names >= frozenset[str]().union(*FLOORS[house])


@pytest.mark.parametrize("house", FLOORS)
def test_nothing_imports_upwards(house: str) -> None:
    assert [
        (found.importer, found.target)
        for found in all_imports(house)
        if found.is_of(house) and floor_of(found.target, house) > floor_of(found.importer, house)
    ] == []


def test_nothing_imports_in_a_circle() -> None:
    below: dict[str, set[str]] = {}
    for found in all_imports(INTEGRATION):
        if found.is_of(INTEGRATION):
            below.setdefault(found.importer, set()).add(found.target)
    while below:
        # Taken away again and again: the modules that import nothing of what is left.
        free = {name for name, targets in below.items() if not targets & below.keys()}
        assert free, f"these import each other: {sorted(below)}"
        below = {name: targets for name, targets in below.items() if name not in free}


def test_the_client_knows_nothing_of_home_assistant() -> None:
    roots = {found.target.partition(".")[0] for found in all_imports(CLIENT) if not found.is_relative}
    assert roots - sys.stdlib_module_names <= CLIENT_NEEDS


def test_own_modules_are_imported_relatively() -> None:
    own = ("custom_components", "nwp500", *(f"{CLIENT}.nwp500",))
    assert [
        found for found in all_imports(INTEGRATION) if not found.is_relative and any(found.is_of(name) for name in own)
    ] == []


def test_only_the_client_and_what_stands_on_it_is_reached_from_the_client() -> None:
    assert [found for found in all_imports(CLIENT) if found.is_relative and not found.is_of(CLIENT)] == []


@pytest.mark.parametrize(
    ("package", "others"),
    [(SIMULATOR, ("custom_components", "nwp500", "homeassistant", "awscrt", "awsiot")), (INTEGRATION, (SIMULATOR,))],
    ids=["simulator", "integration"],
)
def test_the_two_readings_of_the_protocol_share_nothing(package: str, others: tuple[str, ...]) -> None:
    assert [found for found in all_imports(package) if any(found.is_of(other) for other in others)] == []


def test_the_integration_imports_public_names_of_the_client_only() -> None:
    reached = [
        (module_name(path), node.module.partition(".")[2] or alias.name)
        for path in modules_in(INTEGRATION)
        if not f"{module_name(path)}.".startswith(f"{CLIENT}.")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "nwp500"
        for alias in node.names
    ]
    assert reached
    assert [each for each in reached if each[1] not in {*nwp500.__all__, *PUBLIC_MODULES}] == []


def test_the_client_has_about_as_many_public_names_as_callers_use() -> None:
    assert len(nwp500.__all__) <= MAX_PUBLIC_NAMES


def test_only_one_module_knows_the_aws_runtime() -> None:
    knowing = {found.importer for found in all_imports(INTEGRATION) if found.is_of("awscrt") or found.is_of("awsiot")}
    assert knowing == {f"{CLIENT}.transport.aws"}


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("import a.b, c", ["a.b", "c"]),
        ("from a import b", ["a"]),
        ("from . import sibling", ["house.inner.sibling"]),
        ("from .sibling import something", ["house.inner.sibling"]),
        ("from .. import top, something", ["house.top", "house"]),
        ("from ..top import something", ["house.top"]),
        ("def late():\n    from ..top import something", ["house.top"]),
    ],
)
def test_imports_are_read_as_python_reads_them(tmp_path: Path, source: str, targets: list[str]) -> None:
    inner = tmp_path / "house" / "inner"
    inner.mkdir(parents=True)
    for path in (tmp_path / "house" / "top.py", inner / "sibling.py"):
        path.touch()
    module = inner / "module.py"
    module.write_text(source)
    assert [found.target for found in imports_of(module, tmp_path)] == targets
    assert {found.importer for found in imports_of(module, tmp_path)} == {"house.inner.module"}


def test_imports_of_a_package_start_from_the_package(tmp_path: Path) -> None:
    package = tmp_path / "house" / "__init__.py"
    package.parent.mkdir()
    package.write_text("from .top import something")
    (package.parent / "top.py").touch()
    assert list(imports_of(package, tmp_path)) == [Import("house", "house.top", is_relative=True)]
