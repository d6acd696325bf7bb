"""What the sources of the integration say, read from their syntax trees: words, and calls with what they are given."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from homeassistant.util.yaml import load_yaml_dict

from custom_components import navilink
from custom_components.navilink.heating import options as heating_options

FOLDER = Path(navilink.__file__).parent

MADE = {"ranges": {option.name for members in heating_options.SECTIONS.values() for option in members}}
"""The keys of the mappings that functions make, by the function's name."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a module, and the function in which it stands."""

    module: ModuleType
    function: ast.AST
    node: ast.Call

    @property
    def name(self) -> str:
        """The name of what is called, without what it belongs to."""
        return self.node.func.attr if isinstance(self.node.func, ast.Attribute) else ast.unparse(self.node.func)

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.module.__name__}:{self.node.lineno}"

    def keyword(self, name: str) -> ast.expr | None:
        """Return what is given by a name."""
        return next((each.value for each in self.node.keywords if each.arg == name), None)

    def argument(self, position: int) -> ast.expr | None:
        """Return what is given at a place."""
        return self.node.args[position] if position < len(self.node.args) else None

    def texts(self, given: ast.expr) -> set[str]:
        """Return every text that an expression can be; raises for one that cannot be read, which should be simpler."""
        match given:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=body, orelse=orelse):
                return self.texts(body) | self.texts(orelse)
            case ast.Subscript(value=mapping) | ast.Call(func=ast.Attribute(value=mapping, attr="get")):
                return self.texts(mapping)
            case ast.Attribute(attr="translation_key"):
                # That of another error, which is looked at where it is made.
                return set()
            case ast.Name(id=name) if local := list(self._assigned(name)):
                return set().union(*map(self.texts, local))
            case ast.Name() | ast.Attribute() if (found := self._of_module(given)) is not None:
                return found
        raise AssertionError(f"{self.place}: {ast.unparse(given)} cannot be read")

    def is_parameter(self, given: ast.expr) -> bool:
        """Return whether an expression is what the function itself was given, so that its callers decide."""
        parameters = self.function.args if isinstance(self.function, ast.FunctionDef | ast.AsyncFunctionDef) else None
        if parameters is None or not isinstance(given, ast.Name):
            return False
        every = (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)
        return given.id in {each.arg for each in every}

    def keys(self, given: ast.expr | None) -> set[str]:
        """Return the keys of a mapping that is written out, or put together from such."""
        match given:
            case None | ast.Constant(value=None):
                return set()
            case ast.Dict(keys=keys, values=values):
                named = [self.texts(key) if key is not None else self.keys(value) for key, value in zip(keys, values)]  # noqa: B905 - a dict has as many of either
                return set().union(*named)
            case ast.Name(id=name) if local := list(self._assigned(name)):
                return set().union(*map(self.keys, local))
            case ast.Call(func=ast.Name(id=name)) if name in MADE:
                return MADE[name]
        raise AssertionError(f"{self.place}: {ast.unparse(given)} cannot be read")

    def _assigned(self, name: str) -> Iterator[ast.expr]:
        for node in ast.walk(self.function):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    yield value
                case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                    yield value

    def _of_module(self, given: ast.expr) -> set[str] | None:
        value: object = self.module
        for part in ast.unparse(given).split("."):
            value = getattr(value, part, None)
        match value:
            case str():
                return {str(value)}
            case Mapping():
                return {str(each) for each in value.values()}
        return None


def _calls_in(module: ModuleType, node: ast.AST, function: ast.AST) -> Iterator[Call]:
    for child in ast.iter_child_nodes(node):
        inner = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Call):
            yield Call(module, function, child)
        yield from _calls_in(module, child, inner)


@cache
def calls() -> tuple[Call, ...]:
    """Return every call in the integration's own modules, those of the client left out."""
    found: list[Call] = []
    for path in sorted(FOLDER.rglob("*.py")):
        if path.is_relative_to(FOLDER / "nwp500"):
            continue
        parts = path.relative_to(FOLDER).with_suffix("").parts
        name = ".".join((navilink.__name__, *(part for part in parts if part != "__init__")))
        tree = ast.parse(path.read_text())
        found += _calls_in(import_module(name), tree, tree)
    return tuple(found)


def _docstrings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


@cache
def words() -> frozenset[str]:
    """Return every text and number in the sources, docstrings left out, and every name of an enum's member."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        tree = ast.parse(path.read_text())
        described = _docstrings(tree)
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str() | int() as value) if id(node) not in described:
                    found.add(str(value))
                case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                    found.add(name.lower())
                case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                    found.add(name)
    for action in load_yaml_dict(str(FOLDER / "services.yaml")).values():
        found |= set(_options(action))
    return frozenset(found)


def _options(tree: object) -> Iterator[str]:
    """Give the options of every selection in a tree of YAML."""
    if isinstance(tree, Mapping):
        yield from map(str, tree.get("options", ()))
        for value in tree.values():
            yield from _options(value)
