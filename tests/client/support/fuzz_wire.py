"""What can happen to the bytes of a JSON document on their way, or be done to them by somebody who means harm."""

from collections.abc import Callable
import gzip
from random import Random

type Damage = Callable[[bytes, Random], bytes]
"""Makes of a document what arrives; the source of chance decides where and how much."""

DEPTHS = (31, 32, 33, 500, 1_100, 20_000, 60_000)
"""Around the client's limit, around that of JSON readers, and far beyond a stack."""
LENGTHS = (300, 70_000, 128 * 1024 - 500, 128 * 1024, 200_000)
"""Around the service's limit of a message, and of what is kept of a text."""
DIGITS = (17, 25, 308, 309, 310, 4_300, 4_301, 50_000)
"""Around the limits of a float, and of what Python reads as a number."""
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7")
NUMERALS = (b"1e400", b"-1e400", b"1e-400", b"0x1F", b"1_000", b"007", b"+1", b".5", b"5.", b"1e", b"-", b"-0", b"1,5")
"""Numbers, and what other languages take for numbers."""


def damaged(body: bytes, random: Random) -> bytes:
    """Return a document with one kind of damage."""
    return random.choice(DAMAGES)(body, random)


def _truncated(body: bytes, random: Random) -> bytes:
    return body[: random.randrange(len(body))]


def _interrupted(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body))
    return body[:place] + random.randbytes(3) + body[place:]


def _flipped(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body))
    return body[:place] + bytes((body[place] ^ 1 << random.randrange(8),)) + body[place + 1 :]


def _rotated(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body))
    return body[place:] + body[:place]


def _recoded(body: bytes, random: Random) -> bytes:
    text = body.decode(errors="replace")
    return text.encode(random.choice(ENCODINGS), errors="replace")


def _packed(body: bytes, _random: Random) -> bytes:
    return gzip.compress(body, compresslevel=1)


def _framed(body: bytes, random: Random) -> bytes:
    before, after = random.choice(((b"", b"\0"), (b"\0", b""), (b" \n" * 50, b"\n"), (b")]}',\n", b""), (b"", b"}")))
    return before + body + after


def _repeated(body: bytes, random: Random) -> bytes:
    return body * random.choice((2, 3))


def _with_duplicates(body: bytes, random: Random) -> bytes:
    """Let an object have a member twice: readers take the first or the last."""
    # Whatever stands in quotes before a colon is a name, or nothing that is looked for.
    names = [part.rpartition(b'"')[2] for part in body.split(b'":')[:-1]]
    if not names:
        return body + body
    duplicate = b'{"%b": %b, ' % (random.choice(names), random.choice((b"null", b"7", b'"7"', b"[]", b"{}")))
    return _put(body, b"{", duplicate, random)


def _deep(body: bytes, random: Random) -> bytes:
    depth = random.choice(DEPTHS)
    opened, closed = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    # Half of them never end.
    ends = random.random() < 0.5
    return _put(body, b":", b":" + opened * depth + b"1" + (closed * depth + b"," if ends else b""), random)


def _long(body: bytes, random: Random) -> bytes:
    character = random.choice(("a", "\u00e5", "\U0001f321", "\\u0000", "\\ud83d", "[", "&lt;"))
    return _put(body, b":", b':"' + (character * random.choice(LENGTHS)).encode()[:200_000] + b'","x":', random)


def _of_many_digits(body: bytes, random: Random) -> bytes:
    number = random.choice((b"", b"-", b"0.")) + b"9" * random.choice(DIGITS)
    return _put(body, b":", b":" + number + b',"x":', random)


def _of_odd_numerals(body: bytes, random: Random) -> bytes:
    return _put(body, b":", b":" + random.choice(NUMERALS) + b',"x":', random)


def _put(body: bytes, mark: bytes, instead: bytes, random: Random) -> bytes:
    """Replace one occurrence of a mark, any."""
    count = body.count(mark)
    if not count:
        return body + instead
    place = -1
    for _ in range(random.randint(1, count)):
        place = body.index(mark, place + 1)
    return body[:place] + instead + body[place + len(mark) :]


DAMAGES: tuple[Damage, ...] = (
    _truncated,
    _interrupted,
    _flipped,
    _rotated,
    _recoded,
    _packed,
    _framed,
    _repeated,
    _with_duplicates,
    _deep,
    _long,
    _of_many_digits,
    _of_odd_numerals,
)
