"""JSON as Python values: what is sent, what arrives, and what is stored."""

type JsonValue = bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None
type JsonObject = dict[str, JsonValue]
type JsonMessage = dict[str, JsonValue]
"""A message as it came off the wire: a JSON object that is not checked yet."""
