"""Work that runs beside its caller: begun in one place only, and never ended unseen."""

import ast
import asyncio
import logging
from pathlib import Path

import pytest

from nwp500 import NavienError
from nwp500.common.background import Background, UnexpectedErrors, all_of, begun, watched
from nwp500.exceptions import MqttSubscribeError
from tests.repository.test_imports import CLIENT, INTEGRATION, module_name, modules_in

# What makes a task, whatever it is called on.
BEGINNERS = {
    "Task",
    "TaskGroup",
    "create_task",
    "ensure_future",
    "eager_task_factory",
    "async_create_task",
    "async_create_background_task",
    "async_create_task_internal",
    "create_eager_task",
    "async_run_job",
    "async_run_hass_job",
}


def called(node: ast.AST) -> str:
    """Return the name that is called, without what it is called on."""
    if not isinstance(node, ast.Call):
        return ""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def unseen_beginnings(source: str) -> list[int]:
    """Return the lines that make a task without having it watched, or begin one and drop it."""
    tree = ast.parse(source)
    seen = {id(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) == "watched"}
    dropped = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and called(node.value) == "begun"]
    made = [node for node in ast.walk(tree) if called(node) in BEGINNERS and id(node) not in seen]
    return sorted({node.lineno for node in (*dropped, *made) if isinstance(node, ast.Expr | ast.Call)})


@pytest.mark.parametrize("path", modules_in(INTEGRATION), ids=module_name)
def test_tasks_are_begun_where_their_end_is_seen(path: Path) -> None:
    if module_name(path) != f"{CLIENT}.common.background":
        assert unseen_beginnings(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("asyncio.create_task(work())", False),
        ("task = asyncio.Task(work())", False),
        ("hass.async_create_task(work())", False),
        ("future = asyncio.ensure_future(work())", False),
        ("begun('name', work())", False),
        ("task = begun('name', work())", True),
        ("task = watched(hass.async_create_task(work()))", True),
        ("tasks: set[asyncio.Task[None]] = set()", True),
    ],
)
def test_what_counts_as_seen(source: str, is_seen: bool) -> None:
    assert (unseen_beginnings(source) == []) is is_seen


class UnforeseenError(Exception):
    """No error of the client."""


async def failing(error: Exception) -> None:
    await asyncio.sleep(0)
    raise error


async def waiting() -> None:
    await asyncio.get_running_loop().create_future()


async def turns() -> None:
    """Let what is at work come to its end."""
    for _ in range(5):
        await asyncio.sleep(0)


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


async def test_an_error_that_nobody_foresaw_is_logged_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    background, failures = Background(), list[str]()
    for _ in range(3):
        background.start("The work", failing(UnforeseenError("odd")), on_failure=lambda: failures.append("failed"))
        await turns()
    assert lines(caplog, logging.ERROR) == ["The work failed unexpectedly"]
    assert "raise error\ntests.client.common.test_background.UnforeseenError: odd" in caplog.text
    assert failures == ["failed"] * 3
    assert not background.tasks


async def test_an_error_of_the_client_needs_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()
    for text in ("refused", "refused", "no room"):
        background.start("Listening", failing(MqttSubscribeError(text)))
        await turns()
    assert lines(caplog, logging.WARNING) == ["Listening failed: refused", "Listening failed: no room"]
    assert "Traceback" not in caplog.text


async def test_work_that_is_canceled_has_not_failed(caplog: pytest.LogCaptureFixture) -> None:
    background, failures = Background(), list[str]()
    background.start("The work", waiting(), on_failure=lambda: failures.append(""))
    assert len(background.tasks) == 1
    background.cancel()
    await turns()
    assert (failures, caplog.records, background.tasks) == ([], [], frozenset())


async def test_work_begins_at_once() -> None:
    begun_in_order: list[int] = []

    async def note(number: int) -> None:
        begun_in_order.append(number)
        await asyncio.sleep(0)

    first, second = begun("first", note(1)), begun("second", note(2))
    assert begun_in_order == [1, 2]
    await asyncio.gather(first, second)


async def test_all_of_waits_for_all_and_hides_no_error_behind_another() -> None:
    ended: list[str] = []

    async def slow() -> None:
        await turns()
        ended.append("slow")

    with pytest.raises(UnforeseenError):
        await all_of("Several", failing(NavienError("known")), failing(UnforeseenError("odd")), slow())
    assert ended == ["slow"]
    with pytest.raises(NavienError, match="known"):
        await all_of("Several", slow(), failing(NavienError("known")))


async def test_a_task_of_another_program_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    task = watched(asyncio.create_task(failing(UnforeseenError("odd")), name="navilink listing"))
    with pytest.raises(UnforeseenError):
        await task
    await turns()
    assert lines(caplog, logging.ERROR) == ["navilink listing failed unexpectedly"]


def test_the_same_error_at_another_place_is_another_error(caplog: pytest.LogCaptureFixture) -> None:
    errors = UnexpectedErrors()
    for _ in range(2):
        for text in ("first", "second"):
            try:
                int(text)
            except ValueError as error:
                errors.log("It", error)
        try:
            int("first")
        except ValueError as error:
            errors.log("It", error)
    assert len(lines(caplog, logging.ERROR)) == 2
