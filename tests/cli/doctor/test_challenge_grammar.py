"""The grammar of challenges, as RFC 9110, sections 11.2 to 11.6 and RFC 6750, section 3 have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.asgi.challenge import Challenges
from asgi_jwks.cli.doctor.challenge_grammar import Challenge, ChallengeError, challenges
from asgi_jwks.errors import InsufficientScope, InvalidToken, MissingToken, Reason


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Bearer", [("bearer", {})]),
        ('Bearer realm="api"', [("bearer", {"realm": "api"})]),
        ("Bearer realm=api", [("bearer", {"realm": "api"})]),
        ('bearer REALM = "a"', [("bearer", {"realm": "a"})]),
        ('Bearer realm="a", error="b"', [("bearer", {"realm": "a", "error": "b"})]),
        ('Bearer realm="a",error="b"', [("bearer", {"realm": "a", "error": "b"})]),
        (r'Bearer realm="a \"b\" \\"', [("bearer", {"realm": 'a "b" \\'})]),
        ('Bearer realm=""', [("bearer", {"realm": ""})]),
        (
            'Basic realm="x", Bearer scope="a b", DPoP algs="ES256 PS256"',
            [
                ("basic", {"realm": "x"}),
                ("bearer", {"scope": "a b"}),
                ("dpop", {"algs": "ES256 PS256"}),
            ],
        ),
        ("Negotiate", [("negotiate", {})]),
        ("Negotiate, Bearer realm=a", [("negotiate", {}), ("bearer", {"realm": "a"})]),
        ("Negotiate abc==, Bearer", [("negotiate", {}), ("bearer", {})]),
        ("Bearer abc123", [("bearer", {})]),
        (', , Bearer realm="a" , ', [("bearer", {"realm": "a"})]),
        (",", []),
        ("", []),
    ],
)
def test_challenges_are_read(field: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    """O5: challenge grammar."""
    assert [(one.scheme, one.parameters) for one in challenges(field)] == expected


@pytest.mark.parametrize(
    "field",
    [
        'Bearer realm="api',
        'Bearer realm="a" error="b"',
        'Bearer realm="a"; error="b"',
        "Bearer realm=a b",
        'Bearer: realm="a"',
        'realm="a"',
        "Bearer \x00",
        'Bearer realm="a\x00"',
        "(Bearer)",
        "Bearer a b c",
        "Bearer " + "a" * 9000,
    ],
)
def test_anything_else_is_said_to_be_wrong(field: str) -> None:
    """O5: with the place where it is."""
    with pytest.raises(ChallengeError, match=r"character"):
        challenges(field)


def test_parameters_that_are_repeated_are_told() -> None:
    (challenge,) = challenges('Bearer realm="a", Realm="b", realm="c"')
    assert challenge == Challenge("bearer", {"realm": "c"}, ("realm", "realm"))


def test_the_challenges_of_this_package_are_of_the_grammar() -> None:
    """B4: of our own answers, by a reader that is not their writer."""
    ours = Challenges(realm="api", resource_metadata="https://api.example/.well-known/x")
    errors = [MissingToken(), InsufficientScope("a", "b"), *map(InvalidToken, Reason)]
    for error in errors:
        fields = dict(ours.refusal(error).headers)
        (challenge,) = challenges(fields[b"www-authenticate"].decode())
        assert challenge.scheme == "bearer"
        assert challenge.parameters["realm"] == "api"
        assert challenge.repeated == ()


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(field: str) -> None:
    """A8: no text is an error of another kind."""
    try:
        read = challenges(field)
    except ChallengeError:
        return
    assert all(one.scheme == one.scheme.lower() for one in read)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True),
            st.dictionaries(
                st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
                st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12),
                min_size=1,
                max_size=3,
            ),
        ),
        max_size=3,
    )
)
def test_whatever_is_written_is_read_again(written: list[tuple[str, dict[str, str]]]) -> None:
    """O5: an oracle that writes."""

    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    field = ", ".join(
        f"{scheme} " + ", ".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in written
    )
    read = [(one.scheme, one.parameters) for one in challenges(field)]
    assert read == [(scheme.lower(), parameters) for scheme, parameters in written]
