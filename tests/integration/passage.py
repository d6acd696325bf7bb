"""Which modules and functions of the client a call passes on its way to a certain function."""

from collections.abc import Callable, Iterator
import contextlib
from pathlib import Path
import sys
from types import CodeType

from custom_components.navilink import nwp500

_CLIENT = Path(nwp500.__file__).parent
_TOOL = sys.monitoring.DEBUGGER_ID
# Parts of the function that they stand in.
_INNER = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>")


class Passage:
    """Collects the functions of the client that begin to run, from `begins` until `ends` begins to run."""

    def __init__(self, begins: Callable[..., object], ends: Callable[..., object]) -> None:
        self._begins, self._ends = begins.__code__, ends.__code__
        self._passed: list[CodeType] | None = None
        self._found: list[CodeType] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the end was reached."""
        return self._found is not None

    @property
    def functions(self) -> list[str]:
        """The functions, each once, in the order in which they were first called."""
        codes = dict.fromkeys(self._found or ())
        return [f"{_module(code)}: {code.co_qualname}" for code in codes if _is_counted(code)]

    @property
    def modules(self) -> list[str]:
        """Their modules, each once."""
        return list(dict.fromkeys(name.partition(":")[0] for name in self.functions))

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Watch every function that begins to run, in whichever thread."""
        sys.monitoring.use_tool_id(_TOOL, "passage")
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.PY_START, self._started)
        sys.monitoring.set_events(_TOOL, sys.monitoring.events.PY_START)
        try:
            yield
        finally:
            sys.monitoring.set_events(_TOOL, sys.monitoring.events.NO_EVENTS)
            sys.monitoring.register_callback(_TOOL, sys.monitoring.events.PY_START, None)
            sys.monitoring.free_tool_id(_TOOL)

    def _started(self, code: CodeType, _offset: int) -> None:
        if self.is_complete:
            return
        if code is self._begins:
            self._passed = []
        if self._passed is None:
            return
        if code is self._ends:
            self._found = self._passed
        else:
            self._passed.append(code)


def _module(code: CodeType) -> str:
    return str(Path(code.co_filename).relative_to(_CLIENT).with_suffix(""))


def _is_counted(code: CodeType) -> bool:
    return Path(code.co_filename).is_relative_to(_CLIENT) and code.co_name not in _INNER
