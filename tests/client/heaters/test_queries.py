"""Questions to heaters and their typed answers, over connections in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
import json

import pytest

from nwp500 import DeviceFeature, NavienMqttClient, NotConnectedError, queries
from nwp500.exceptions import InvalidParameterError, MqttConnectionError, RequestTimeoutError, UnsupportedCommandError
from nwp500.models import FirmwareDownload, ReservationSchedule
from tests.client.support.answering_heater import (
    CLIENT_ID,
    DEVICE,
    AnsweringHeater,
    AnsweringLink,
    answered_by,
    content_of,
    recorded,
)
from tests.client.support.stage import MAC
from tests.client.support.virtual_time import VirtualTimeLoop

OTHER = replace(DEVICE, mac_address="0478630a1b2d")
CLIENT_KEYED = f"cmd/52/{CLIENT_ID}/res"
FIVE_SEGMENTS = f"cmd/52/10001/0/{CLIENT_ID}/res/#"
NOTHING = {"swCode": 0, "otaMode": 0, "swVersion": 0, "status": 0}
WAITING = {"swCode": 1, "otaMode": 1, "swVersion": 184877056, "status": 1}

type Story = Callable[[NavienMqttClient, AnsweringHeater, list[AnsweringLink]], Awaitable[None]]


def run(story: Story, *others: AnsweringHeater) -> None:
    """Play a story in virtual time with a client that is connected to a heater, and maybe to others."""

    async def played() -> None:
        heater = AnsweringHeater()
        heater.schedule = content_of("reservations_json")
        heater.recirculation = content_of("recirculation_schedule_json")
        client, transports = await answered_by(heater, *others)
        await story(client, heater, transports)
        await client.disconnect()

    asyncio.run(played(), loop_factory=VirtualTimeLoop)


@pytest.mark.parametrize("forms", [("list", "hex"), ("hex", "list"), ("list",), ("hex",)])
def test_schedules_are_taken_in_whichever_form_comes_first(forms: tuple[str, ...]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.forms = forms
        schedule = await client.queries.request_reservations(DEVICE)
        assert [entry.slot for entry in schedule.entries] == [(124, 6, 30), (130, 8, 0), (254, 22, 15)]
        recirculation = await client.queries.request_recirculation_schedule(DEVICE)
        assert [entry.parameter for entry in recirculation.entries] == [-1, -1]
        assert heater.suffixes() == ["st/rsv/rd", "st/recirc-rsv/rd"]

    run(story)


def test_energy() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        days = await client.queries.request_energy_daily(DEVICE, 2026, [9])
        assert len(days.periods[0].amounts) == 30
        months = await client.queries.request_energy_monthly(DEVICE, [2025, 2026, 2025])
        assert [period.year for period in months.periods] == [2025, 2026]
        asked = [{name: request["request"].get(name) for name in ("year", "month")} for request in heater.asked]
        assert asked == [{"year": 2026, "month": [9]}, {"year": [2025, 2026], "month": None}]

    run(story)


def test_energy_by_hours_is_not_answered_and_nobody_minds() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        assert await client.queries.request_energy_hourly(DEVICE, 2026, 9, [11, 12]) is None
        assert heater.asked[0]["request"]["day"] == [11, 12]
        assert client.is_connected

    run(story)


@pytest.mark.parametrize(
    ("year", "months"), [(1999, [9]), (2100, [9]), (True, [9]), (2026, []), (2026, [0]), (2026, [13]), (2026, "9")]
)
def test_what_is_out_of_range_is_not_asked(year: int, months: list[int]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        with pytest.raises(InvalidParameterError):
            await client.queries.request_energy_daily(DEVICE, year, months)
        assert heater.asked == []

    run(story)


def test_diagnostics_are_heard_on_five_segments_on_every_connection() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        for _ in range(2):
            counters = await client.queries.request_diagnostics(DEVICE)
            assert counters.system.days_since_installation == 367
        assert transports[0].filters.count(FIVE_SEGMENTS) == 1
        transports[0].cut()
        await asyncio.sleep(10)
        assert transports[1].filters.count(FIVE_SEGMENTS) == 1
        await client.queries.request_diagnostics(DEVICE)
        assert heater.suffixes() == ["st/td/rd"] * 3

    run(story)


def test_two_heaters_of_a_home_share_a_topic_but_not_their_counters() -> None:
    other = AnsweringHeater(OTHER)

    async def story(client: NavienMqttClient, _: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        other.silent.add("st/td/rd")
        mine, theirs = await asyncio.gather(
            client.queries.request_diagnostics(DEVICE),
            client.queries.request_diagnostics(OTHER),
            return_exceptions=True,
        )
        assert not isinstance(mine, BaseException)
        assert isinstance(theirs, RequestTimeoutError)
        assert transports[0].filters.count(FIVE_SEGMENTS) == 1

    run(story, other)


def test_firmware_that_is_downloaded_can_be_installed_and_no_other() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        assert await client.queries.request_firmware_download(DEVICE) == ()
        with pytest.raises(InvalidParameterError, match="that the heater has downloaded"):
            await client.queries.install_firmware(DEVICE, FirmwareDownload(WAITING))
        assert "ctrl/commit-ota" not in heater.suffixes()

    run(story)


def test_the_firmware_that_is_installed_is_the_one_downloaded() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        heater.silent.add("st/dl-sw-info")
        installing = asyncio.ensure_future(client.queries.install_firmware(DEVICE, FirmwareDownload(WAITING)))
        await asyncio.sleep(1)
        transports[0].deliver(
            f"cmd/52/navilink-{MAC}/res/dl-sw-info",
            {
                "sessionID": heater.asked[0]["sessionID"],
                "response": {"macAddress": MAC, "downloadSwInfo": [NOTHING, WAITING]},
            },
        )
        with pytest.raises(RequestTimeoutError):
            await installing
        assert heater.suffixes() == ["st/dl-sw-info", "ctrl/commit-ota"]
        assert heater.asked[1]["request"]["commitOta"] == {"swCode": 1, "swVersion": 184877056}

    run(story)


def test_any_query_of_the_table_can_be_asked() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        reply = await client.queries.request(DEVICE, queries.ENERGY_MONTHLY, content={"year": [2026]})
        assert reply["sessionID"] == heater.asked[0]["sessionID"]
        assert isinstance(reply["response"], dict)
        with pytest.raises(InvalidParameterError, match="a request with year"):
            await client.queries.request(DEVICE, queries.ENERGY_MONTHLY)
        with pytest.raises(InvalidParameterError, match="a request with no members"):
            await client.queries.request(DEVICE, queries.STATUS, content={"year": 2026})

    run(story)


def test_a_heater_that_lacks_recirculation_is_not_asked_for_its_schedule() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature({"recircReservationUse": 1}))
        with pytest.raises(UnsupportedCommandError):
            await client.queries.request_recirculation_schedule(DEVICE)
        assert heater.asked == []
        # An energy query has no gate.
        await client.queries.request_energy_daily(DEVICE, 2026, [9])

    run(story)


@pytest.mark.parametrize("names", [{}, {"macAddress": "04:78:63:0A:1B:2C"}])
def test_a_reply_without_a_mac_or_with_one_written_otherwise_is_taken(names: dict[str, str]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(OTHER)
        heater.reply_names = names
        assert (await client.queries.request_reservations(DEVICE)).is_on

    run(story, AnsweringHeater(OTHER))


@pytest.mark.parametrize("known", [True, False])
def test_a_reply_that_names_another_heater_is_not_taken(known: bool) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        if known:
            client.add_device(OTHER)
        heater.reply_names = {"macAddress": OTHER.mac_address}
        with pytest.raises(RequestTimeoutError):
            await client.queries.request_reservations(DEVICE)

    run(story, AnsweringHeater(OTHER))


def test_a_reply_that_makes_no_sense_is_not_the_end() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        heater.forms = ("hex",)
        asking = asyncio.ensure_future(client.queries.request_reservations(DEVICE))
        await asyncio.sleep(1)
        for response in ({"reservation": "zz7c061e0478"}, {"reservation": 5}, {}):
            transports[0].deliver(
                f"{CLIENT_KEYED}/rsv/rd",
                {"sessionID": heater.asked[0]["sessionID"], "response": {"macAddress": MAC, **response}},
            )
        assert await asking == ReservationSchedule.from_message(recorded("reservations_hex")["payload"])

    run(story)


def test_the_reply_of_another_session_is_not_taken() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        asking = asyncio.ensure_future(client.queries.request_reservations(DEVICE))
        await asyncio.sleep(1)
        transports[0].deliver(f"{CLIENT_KEYED}/rsv/rd", recorded("reservations_empty")["payload"])
        assert (await asking).entries
        assert len(heater.asked) == 1

    run(story)


def test_a_reply_that_comes_at_once_is_heard() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.reply_seconds = 0.01
        first, second = await asyncio.gather(
            client.queries.request_reservations(DEVICE), client.queries.request_diagnostics(DEVICE)
        )
        assert first.is_on
        assert second.system.days_since_installation == 367

    run(story)


def test_without_a_connection_nothing_is_asked_or_kept() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        transports[0].cut()
        await asyncio.sleep(0.01)
        for question in (client.queries.request_reservations(DEVICE), client.queries.request_diagnostics(DEVICE)):
            with pytest.raises(NotConnectedError):
                await question
        await asyncio.sleep(10)
        assert heater.asked == []
        # The topic of the replies is heard from now on all the same.
        assert FIVE_SEGMENTS in transports[1].filters

    run(story)


def test_no_question_outlives_the_connection() -> None:
    async def story(client: NavienMqttClient, _: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        asking = asyncio.ensure_future(client.queries.request_reservations(DEVICE))
        await asyncio.sleep(1)
        transports[0].cut()
        with pytest.raises(MqttConnectionError):
            await asking

    run(story)


def test_questions_never_enter_the_queue() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        asking = asyncio.ensure_future(client.queries.request_reservations(DEVICE))
        await asyncio.sleep(1)
        assert (client.queued_commands, client.pending_commands) == ((), ())
        await asking
        assert json.dumps(heater.asked[0]).count(MAC) == 2

    run(story)
