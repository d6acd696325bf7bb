"""The texts in every language: the same keys and placeholders as in English, and none left in English by accident."""

from collections.abc import Iterator, Mapping
import json
import re
import string

import pytest

from tests.repository.documents import ROOT

FOLDER = ROOT / "custom_components" / "navilink" / "translations"
LANGUAGES = ("de", "es", "fr", "ko", "nl", "pt", "zh-Hans")

type Texts = Mapping[str, str | Texts]

SAME_IN: Mapping[str, frozenset[str]] = {
    "Accounts": frozenset({"nl"}),
    "April": frozenset({"de", "nl"}),
    "August": frozenset({"de"}),
    "Boost": frozenset({"de", "fr", "nl"}),
    "Boosts": frozenset({"de", "fr", "nl"}),
    "Compressor": frozenset({"nl", "pt"}),
    "December": frozenset({"nl"}),
    "Eco": frozenset({"de", "es", "nl"}),
    "Element": frozenset({"nl"}),
    "Email": frozenset({"pt"}),
    "High demand": frozenset({"nl"}),
    "Mode": frozenset({"fr"}),
    "Modes": frozenset({"fr"}),
    "Name": frozenset({"de"}),
    "Navien NaviLink": frozenset(LANGUAGES),
    "November": frozenset({"de", "nl"}),
    "Options": frozenset({"fr"}),
    "Recirculation": frozenset({"fr"}),
    "September": frozenset({"de", "nl"}),
    "Standby": frozenset({"de"}),
    "Subcode": frozenset({"nl"}),
    "Weekend": frozenset({"nl"}),
    "cycles": frozenset({"fr"}),
    "min": frozenset({"de", "es", "fr", "nl", "pt"}),
    "mode": frozenset({"fr"}),
    "occurrences": frozenset({"fr"}),
    "starts": frozenset({"nl"}),
}
"""Texts that are the same in English, by the languages in which they are."""


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language by their keys, joined with dots."""
    content: Texts = json.loads((FOLDER / f"{language}.json").read_text())
    return dict(_flat(content, ""))


def _flat(content: Texts, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, str):
            yield f"{prefix}{name}", value
        else:
            yield from _flat(value, f"{prefix}{name}.")


def placeholders(text: str) -> list[str]:
    """Return the names that are put into a text."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def marks(text: str) -> list[str]:
    """Return what a text quotes as it stands: code, and the paragraphs that it has."""
    return [*re.findall(r"`[^`]*`", text), *re.findall(r"\n\n", text)]


ENGLISH = texts("en")


def test_every_language_is_there() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_those_of_english_in_their_order(language: str) -> None:
    assert list(texts(language)) == list(ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_put_into_a_text_and_quoted_in_it_is_the_same(language: str) -> None:
    differing = {
        key: text
        for key, text in texts(language).items()
        if placeholders(text) != placeholders(ENGLISH[key]) or marks(text) != marks(ENGLISH[key])
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    assert [key for key, text in texts(language).items() if not text or text != text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_english_only_where_the_words_are_the_same(language: str) -> None:
    same = {text for key, text in texts(language).items() if text == ENGLISH[key] and re.search("[a-z]", text)}
    allowed = {text for text, languages in SAME_IN.items() if language in languages}
    assert same == allowed


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_or_label_has_no_period_where_english_has_none(language: str) -> None:
    ends = {key: text for key, text in texts(language).items() if not ENGLISH[key].endswith((".", "。"))}
    assert {key: text for key, text in ends.items() if text.endswith((".", "。"))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_a_device_differ_from_each_other(language: str) -> None:
    """Two entities of a platform with one name could be distinguished by a number only."""
    for platform in {key.split(".")[1] for key in ENGLISH if key.startswith("entity.")}:
        names = [
            text
            for key, text in texts(language).items()
            if key.startswith(f"entity.{platform}.") and key.count(".") == 3 and key.endswith(".name")
        ]
        assert len(names) == len(set(names)), platform


def test_placeholders_and_marks_are_found() -> None:
    assert placeholders("{a} and {b}: {a}") == ["a", "a", "b"]
    assert marks("see `file`\n\nand") == ["`file`", "\n\n"]
