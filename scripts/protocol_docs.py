"""Writes the tables of docs/protocol.md from those of the client; what stands between them is written by hand.

Each is one entry of `TABLES`, and its place in the document is a pair of comments:
`<!-- table: NAME -->` and `<!-- end of table -->`.
"""

import argparse
from collections.abc import Sequence
import difflib
from pathlib import Path
import re
import sys

from scripts.command_tables import COMMAND_TABLES
from scripts.message_tables import MESSAGE_TABLES

TABLES = {**COMMAND_TABLES, **MESSAGE_TABLES}
DOCUMENT = Path(__file__).parent.parent / "docs" / "protocol.md"

_PLACE = re.compile(r"(<!-- table: (?P<name>[^>]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


class ProtocolDocsError(Exception):
    """The document and the tables do not fit each other."""


def filled(document: str) -> str:
    """Return a document with every table as it is now.

    Raises `ProtocolDocsError` when a place has no table, or a table not exactly one place.
    """
    sequences = [match["name"] for match in _PLACE.finditer(document)]
    if sorted(sequences) != sorted(TABLES):
        raise ProtocolDocsError(f"the document has places for {sorted(sequences)}, the tables are {sorted(TABLES)}")
    return _PLACE.sub(lambda match: f"{match[1]}\n{TABLES[match['name']]()}\n{match[3]}", document)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only check whether it is as it would be written."""
    parser = argparse.ArgumentParser(prog="scripts/protocol-docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the document is stale")
    options = parser.parse_args(arguments)
    present = DOCUMENT.read_text(encoding="utf-8")
    wanted = filled(present)
    if not options.check:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    difference = difflib.unified_diff(present.splitlines(), wanted.splitlines(), "present", "wanted", lineterm="")
    print("\n".join(difference))
    return int(present != wanted)


if __name__ == "__main__":
    sys.exit(main())
