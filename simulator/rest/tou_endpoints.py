"""Time-of-use plans over REST, the only way to read one (protocol.md 2.7)."""

from ..common.reading import BadRequestError, Json, JsonObject, number, part, parts, text
from ..heater.heater import Heater
from ..heater.schedules import INTERVAL_MEMBERS, PERIOD_RANGES, SLOTS, Period, TouPlan
from .api import RestApi, RestError, not_found
from .openei import convert

_NO_MANUFACTURE_ID = "000000000000000"
_REGISTER_PATHS = ("wifi", "bt")
_OPENEI_VERSION = range(7, 8)


def plan(api: RestApi, query: JsonObject) -> Json:
    """Give the plan of a heater. What the cloud reports without a plan is not known: no seasons and no zip code."""
    heater = _caller(api, query)
    _check_controller(heater, query, not_found())
    stored = heater.schedules.tou
    return {
        "registerPath": stored.register_path,
        "sourceType": stored.source_type,
        "touInfo": {
            "controllerId": heater.identity.serial_number,
            "manufactureId": _manufacture_id(heater),
            **_described(stored),
            **({"zipCode": stored.zip_code} if stored.zip_code else {}),
        },
    }


def store_plan(api: RestApi, body: JsonObject) -> Json:
    """Replace the plan of a heater, which gets it at once and goes by it."""
    heater = _caller(api, body)
    part(body, "sourceData")
    text(body, "zipCode")
    plan = _read_plan(body)
    heater.take_tou(plan, is_on=True)
    return {"sourceType": plan.source_type, "touInfo": {**_described(plan), "zipCode": plan.zip_code}}


def delete_plan(api: RestApi, query: JsonObject) -> Json:
    """Delete the plan of a heater, which then goes by none; one that was set over Bluetooth goes by its controller."""
    heater = _caller(api, query) if text(query, "registerPath") == "wifi" else _by_controller(api, query)
    stored = heater.schedules.tou
    if not stored.periods or text(query, "registerPath") != stored.register_path:
        raise not_found()
    heater.take_tou(TouPlan(), is_on=False)
    return None


def manufacture_id(api: RestApi, query: JsonObject) -> Json:
    """Give the number that a plan is kept under."""
    heater = api.heater(query)
    _check_controller(heater, query, RestError(500, "INTERNAL_SERVER_ERROR"))
    return {"manufactureId": _manufacture_id(heater)}


def convert_plans(_api: RestApi, body: JsonObject) -> Json:
    """Turn OpenEI plans into plans for a heater; nothing is stored."""
    text(body, "userType")
    number(body, "sourceVersion", _OPENEI_VERSION)
    if text(body, "sourceType") != "openei":
        raise BadRequestError("sourceType is not openei")
    return {
        "touInfo": [
            _described(TouPlan(periods=convert(source), name=text(source, "name"), utility=text(source, "utility")))
            for source in parts(body, "sourceData")
        ]
    }


def _caller(api: RestApi, members: JsonObject) -> Heater:
    text(members, "userType")
    return api.heater(members)


def _by_controller(api: RestApi, query: JsonObject) -> Heater:
    text(query, "userType")
    wanted = text(query, "controllerId")
    for heater in api.heaters.values():
        if heater.identity.serial_number == wanted:
            return heater
    raise not_found()


def _check_controller(heater: Heater, query: JsonObject, error: RestError) -> None:
    if text(query, "controllerId") != heater.identity.serial_number:
        raise error


def _manufacture_id(heater: Heater) -> str:
    """There is a number once there is a plan."""
    return f"0000E{heater.identity.number:010}" if heater.schedules.tou.periods else _NO_MANUFACTURE_ID


def _described(plan: TouPlan) -> JsonObject:
    return {"utility": plan.utility, "name": plan.name, "schedule": _seasons(plan)}


def _seasons(plan: TouPlan) -> Json:
    """Group the periods by season, as REST has them."""
    intervals: dict[int, list[Json]] = {}
    for season, *values in plan.periods:
        intervals.setdefault(season, []).append(dict(zip(INTERVAL_MEMBERS, values, strict=True)))
    nicknames = {season: {"nickname": nickname} for season, nickname in plan.nicknames.items()}
    return [{"season": season, **nicknames.get(season, {}), "interval": rows} for season, rows in intervals.items()]


def _read_plan(body: JsonObject) -> TouPlan:
    """Read the plan of a PUT strictly."""
    info = part(body, "touInfo")
    zip_code = info.get("zipCode")
    seasons = parts(info, "schedule")
    periods = tuple(period for season in seasons for period in _read_season(season))
    if text(body, "registerPath") not in _REGISTER_PATHS or not isinstance(zip_code, str | int) or not periods:
        raise BadRequestError("no registerPath, zipCode or schedule that makes sense")
    return TouPlan(
        periods=periods[:SLOTS],
        name=text(info, "name"),
        utility=text(info, "utility"),
        zip_code=str(zip_code),
        register_path=text(body, "registerPath"),
        source_type=text(body, "sourceType"),
        nicknames={
            number(season, "season", PERIOD_RANGES["season"]): text(season, "nickname")
            for season in seasons
            if "nickname" in season
        },
    )


def _read_season(members: JsonObject) -> list[Period]:
    season = number(members, "season", PERIOD_RANGES["season"])
    return [
        Period(season, *(number(interval, name, PERIOD_RANGES[name]) for name in INTERVAL_MEMBERS))
        for interval in parts(members, "interval")
    ]
