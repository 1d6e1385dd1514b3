"""Answers of a key endpoint that is hostile, broken or odd, and what each of them must come to.

The verdict on an answer is stated where the answer is made, by the RFCs and the requirements; it is
not asked of the code.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from random import Random
from typing import Literal

from tests.support.scripted_network import HANG_UP, Part, Script

__all__ = ["Answer", "any_answer", "well"]

LARGEST = 512 * 1024
TIMEOUT = 5.0

Verdict = Literal["good", "same", "bad"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and its meaning.

    Attributes:
        name: of the trick.
        script: the octets, and when they come; None where nobody listens.
        verdict: "good" brings the set that is published, "same" confirms the one before, "bad" is
            a failure.
        takes: seconds until the last octet that matters.
        advised: seconds of freshness that it advises, if it does.
        wait: seconds of pause that it asks for, if it does and may.
        asks_again: whether the client asks a second time at once: never, if nothing has failed
            before ("once"), or always and without a condition ("plainly").
    """

    name: str
    script: Script | None
    verdict: Verdict
    takes: float = 0.0
    advised: float | None = None
    wait: float | None = None
    asks_again: Literal["", "once", "plainly"] = ""


Fields = Sequence[tuple[str, str]]


def message(
    body: bytes,
    *,
    status: str = "200 OK",
    fields: Fields = (),
    framing: Literal["length", "chunked", "close", "none"] = "length",
    version: str = "1.1",
) -> bytes:
    head = [f"HTTP/{version} {status}", *(f"{name}: {value}" for name, value in fields)]
    if framing == "length":
        head.append(f"content-length: {len(body)}")
    elif framing == "chunked":
        head.append("transfer-encoding: chunked")
        middle = len(body) // 2
        pieces = (body[:middle], body[middle:], b"")
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces if p or p is pieces[-1])
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def at_once(octets: bytes) -> Script:
    return (Part(octets), HANG_UP)


def trickled(octets: bytes, *, pieces: int, every: float) -> Script:
    size = max(1, -(-len(octets) // pieces))
    return [
        *(Part(octets[at : at + size], every) for at in range(0, len(octets), size)),
        HANG_UP,
    ]


def endless(head: bytes, piece: bytes, *, every: float) -> Script:
    # Each use of it begins anew.
    class Endless:
        def __iter__(self) -> "chain[Part]":
            return chain([Part(head)], repeat(Part(piece, every)))

    return Endless()


FRESHNESS: Mapping[str, float | None] = {
    "": None,
    "max-age=90": 90.0,
    "max-age=0": 0.0,
    "max-age=99999999999": 2.0**31,
    "no-store": 0.0,
    "no-cache": 0.0,
    'no-cache="set-cookie"': 0.0,
    "MAX-AGE=120, public": 120.0,
    "max-age=500, max-age=70": 70.0,
    "max-age=-1": 0.0,
    "max-age=1e9": 0.0,
    "s-maxage=10": None,
    "max-age": None,
}
AGES: Mapping[str, float] = {"": 0.0, "30": 30.0, "99999": 99999.0, "-5": 0.0, "soon": 0.0}

# RFC 9110, section 10.2.3: seconds, or a date counted from that of the answer; at most 300 s.
NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
PAUSES: Mapping[str, float | None] = {
    "0": 0.0,
    "7": 7.0,
    "120": 120.0,
    "86400": 300.0,
    "9" * 400: 300.0,
    "-1": None,
    "1.5": None,
    "soon": None,
    "Sun, 06 Nov 1994 08:50:37 GMT": 60.0,
    "Sun, 06 Nov 1994 08:40:00 GMT": 0.0,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0.0,
    "Fri, 31 Dec 9999 23:59:59 GMT": 300.0,
    "Fri, 31 Dec 9999 23:59:59 -2359": 300.0,
    # Years of two digits are of this century (section 5.6.7); an absurd pause is a bounded one.
    "Mon, 01 Jan 0001 00:00:00 +2359": 300.0,
    "Fri, 99 Foo 99999 99:99:99 GMT": None,
    "Sun, 06 Nov 1994 08:50:37 +9999": None,
}


def good_answer(chance: Random, document: bytes, etag: str | None) -> Answer:
    """The set that is published, in some way that HTTP allows."""
    control, age = chance.choice(sorted(FRESHNESS)), chance.choice(sorted(AGES))
    kind = chance.choice(["application/json", "application/jwk-set+json", "text/html", ""])
    fields = [
        (name, value)
        for name, value in (
            ("content-type", kind),
            ("cache-control", control),
            ("age", age),
            ("etag", etag or ""),
        )
        if value
    ]
    encoding = chance.choice(["", "identity", "IDENTITY"])
    if encoding:
        fields.append(("content-encoding", encoding))
    advised = FRESHNESS[control]
    if advised is not None:
        advised = max(0.0, advised - AGES[age])
    way = chance.choice(["plain", "chunked", "HTTP/1.0", "slow", "hints"])
    octets = message(
        document,
        fields=fields,
        framing={"chunked": "chunked", "HTTP/1.0": "close"}.get(way, "length"),  # type: ignore[arg-type]
        version="1.0" if way == "HTTP/1.0" else "1.1",
    )
    script, takes = at_once(octets), 0.0
    if way == "slow":
        takes = 4.0
        script = trickled(octets, pieces=8, every=0.5)
    elif way == "hints":
        script = at_once(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 20 + octets)
    return Answer(f"good, {way}", script, "good", takes, advised)


def contradictory_answer(chance: Random, etag: str) -> Answer:
    """A 304 that names another representation than the request did (RFC 9111, section 4.3.4).

    It confirms nothing: whoever believes it asks for the other one from then on, unseen.
    """
    others = ('"another"', 'W/"another"', f'{etag[:-1]}x"', f"{etag}, {etag}", "no tag")
    shown = chance.choice(others)
    fields = [("etag", shown), ("cache-control", "max-age=600")]
    octets = message(b"", status="304 Not Modified", fields=fields, framing="none")
    return Answer(f"304 with {shown}", at_once(octets), "bad", asks_again="plainly")


def same_answer(chance: Random, etag: str) -> Answer:
    """A 304 to a request that named this tag."""
    weak = etag if etag.startswith("W/") else f"W/{etag}"
    shown = chance.choice([None, etag, weak])
    control = chance.choice(sorted(FRESHNESS))
    fields = [("etag", shown)] if shown else []
    fields += [("cache-control", control)] if control else []
    octets = message(b"", status="304 Not Modified", fields=fields, framing="none")
    return Answer(f"304 with {shown}", at_once(octets), "same", 0.0, FRESHNESS[control])


def bad_bodies(document: bytes) -> Mapping[str, bytes]:
    """Bodies of a 200 that are not a key set."""
    text = document.decode()
    return {
        "nothing": b"",
        "a page": b"<!doctype html><title>Just a moment</title>",
        "half": document[: len(document) // 2],
        "a BOM": b"\xef\xbb\xbf" + document,
        "UTF-16": text.encode("utf-16"),
        "UTF-32": text.encode("utf-32-be"),
        "Latin-1": text.replace('"keys"', '"k\xe9ys"').encode("latin-1"),
        "gzip by its bytes": b"\x1f\x8b\x08\x00" + document,
        "trailing text": document + b"//",
        "two documents": document + document,
        "NaN": b'{"keys": NaN}',
        "a list": b"[" + document + b"]",
        "no keys": b'{"keys": []}',
        "null keys": b'{"keys": null}',
        "keys twice": b'{"keys": [], ' + document[1:],
        "deep": b"[" * 100_000,
        "secrets": json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "one"}]}).encode(),
        "too large": document + b" " * LARGEST,
    }


def bad_answer(chance: Random, document: bytes, etag: str | None) -> Answer:
    """Whatever must not replace a good set."""
    tag = [("etag", chance.choice(['"bad"', etag or '"bad"']))]
    whole = message(document, fields=tag)
    cut = chance.randrange(1, len(whole))
    everything = [
        Answer("nobody listens", None, "bad", asks_again="once"),
        Answer("hangs up at once", (HANG_UP,), "bad", asks_again="once"),
        Answer("hangs up in the middle", (Part(whole[:cut]), HANG_UP), "bad", asks_again="once"),
        Answer("silence", (), "bad", TIMEOUT),
        Answer("silence in the middle", (Part(whole[:cut]),), "bad", TIMEOUT),
        Answer("slow fields", trickled(whole, pieces=len(whole), every=1.0), "bad", TIMEOUT),
        Answer(
            "endless fields",
            endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", every=0.01),
            "bad",
            TIMEOUT,
        ),
        Answer(
            "endless hints",
            endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every=0.01),
            "bad",
            TIMEOUT,
        ),
        Answer(
            "endless chunks",
            endless(
                message(b"", framing="none", fields=[("transfer-encoding", "chunked")]),
                b"1\r\n \r\n",
                every=0.01,
            ),
            "bad",
            TIMEOUT,
        ),
        Answer(
            "chunks that are no chunks",
            at_once(message(document, framing="none", fields=[("transfer-encoding", "chunked")])),
            "bad",
            asks_again="once",
        ),
        Answer(
            "shorter than its length",
            at_once(message(document, framing="none", fields=[("content-length", "99999")])),
            "bad",
            asks_again="once",
        ),
        Answer(
            "two lengths",
            at_once(
                message(document, fields=[("content-length", str(len(document) + 1))]),
            ),
            "bad",
            asks_again="once",
        ),
        Answer("no HTTP", at_once(b"SSH-2.0-OpenSSH_9.9\r\n"), "bad", asks_again="once"),
        Answer(
            "HTTP/1.0, and half of it",
            at_once(message(document[:-9], framing="close", version="1.0")),
            "bad",
        ),
        *(
            Answer(
                f"compressed: {encoding}",
                at_once(message(document, fields=[("content-encoding", encoding)])),
                "bad",
            )
            for encoding in ("gzip", "br", "identity, gzip", "x")
        ),
        *(
            Answer(f"status {status}", at_once(message(document, status=status, fields=tag)), "bad")
            for status in (
                "201 Created",
                "203 Non-Authoritative",
                "206 Partial Content",
                "226 IM Used",
                "400 Bad Request",
                "404 Not Found",
                "500 Oops",
                "299 x",
                "600 x",
                "999 x",
            )
        ),
        Answer("status 204", at_once(message(b"", status="204 No Content", framing="none")), "bad"),
        *(
            Answer(
                f"redirect {status} to {to}",
                at_once(message(document, status=f"{status} x", fields=[("location", to)])),
                "bad",
            )
            for status, to in ((301, "/keys"), (302, ""), (307, "//evil.example"))
        ),
        # httpx builds the next request, although it is not to follow, and fails.
        Answer(
            "redirect 308 to data:,",
            at_once(message(document, status="308 x", fields=[("location", "data:,")])),
            "bad",
            asks_again="once",
        ),
        *(
            Answer(f"a body: {name}", at_once(message(body, fields=tag)), "bad")
            for name, body in bad_bodies(document).items()
        ),
    ]
    return chance.choice(everything)


def patient_answer(chance: Random) -> Answer:
    """429 or 503, with the pause that it asks for."""
    status, after = chance.choice([429, 503]), chance.choice(sorted(PAUSES))
    has_date = chance.random() < 0.7
    fields = [("retry-after", after), *([("date", NOW)] if has_date else [])]
    wait = PAUSES[after] if has_date or "," not in after else None
    return Answer(
        f"{status}, after {after[:40]}",
        at_once(message(b"", status=f"{status} x", fields=fields)),
        "bad",
        wait=wait,
        asks_again="once" if wait is None and status == 503 else "",
    )


def any_answer(chance: Random, document: bytes, etag: str | None, asked_for: str | None) -> Answer:
    """An answer to a request with `If-None-Match: asked_for`, where `document` is published."""
    kind = chance.random()
    if asked_for is not None and kind < 0.1:
        return contradictory_answer(chance, asked_for)
    if asked_for is not None and asked_for == etag and kind < 0.3:
        return same_answer(chance, asked_for)
    if asked_for is None and kind < 0.05:
        unasked = message(b"", status="304 Not Modified", framing="none")
        return Answer("304 that was not asked for", at_once(unasked), "bad")
    if kind < 0.4:
        return patient_answer(chance)
    return (bad_answer if kind < 0.7 else good_answer)(chance, document, etag)


def well(document: bytes) -> Answer:
    """A plain good answer."""
    return Answer("well", at_once(message(document)), "good")
