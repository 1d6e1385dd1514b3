"""Keys that are not trusted, whatever their issuer publishes: the list, and its effect."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import LONGEST_LIST, DistrustedKeys, DistrustList, KeyName
from asgi_jwks.testing import SigningKey

ONE, TWO = SigningKey.generate("ES256", kid="one"), SigningKey.generate("ES256", kid="two")
NAMELESS = {name: member for name, member in TWO.public_jwk().items() if name != "kid"}
KEYS = JWKSet.parse({"keys": [ONE.public_jwk(), TWO.public_jwk()]})
THUMBPRINT = KEYS.keys[0].thumbprint


def kid(name: str) -> KeyName:
    return KeyName.of(kid=name, thumbprint=None)


# Names.


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "Give the kid or the thumbprint"),
        ({"kid": "one", "thumbprint": THUMBPRINT}, "and not both"),
        ({"kid": 7}, "kid must be a string"),
        ({"kid": ["one"]}, "kid must be a string"),
        ({"kid": "x" * 2049}, "at most 2048 characters"),
        ({"thumbprint": 7}, "RFC 7638"),
        ({"thumbprint": "one"}, "43 characters"),
        ({"thumbprint": f"{THUMBPRINT}="}, "43 characters"),
    ],
    ids=["nothing", "both", "a number", "a list", "long", "no text", "short", "padded"],
)
def test_a_key_is_named_by_its_id_or_by_its_thumbprint(
    arguments: dict[str, object], why: str
) -> None:
    """F17, A11."""
    with pytest.raises(ConfigurationError, match=why):
        KeyName.of(kid=arguments.get("kid"), thumbprint=arguments.get("thumbprint"))


def test_an_empty_key_id_is_a_name() -> None:
    assert KeyName.of(kid="", thumbprint=None) == ("kid", "")


# The list.


def test_the_last_word_counts_though_the_clock_was_set_back() -> None:
    """F17, F18."""
    said = DistrustList().with_verdict(kid("one"), is_distrusted=True, now=1000.0)
    assert said.holds(kid("one"))
    assert not said.holds(kid("two"))
    taken_back = said.with_verdict(kid("one"), is_distrusted=False, now=1.0)
    assert not taken_back.holds(kid("one"))
    assert not said.merged(taken_back).holds(kid("one"))
    assert not taken_back.merged(said).holds(kid("one"))


def test_of_two_words_of_one_moment_distrust_counts() -> None:
    """F17."""
    yes = DistrustList().with_verdict(kid("one"), is_distrusted=True, now=1000.0)
    no = DistrustList().with_verdict(kid("one"), is_distrusted=False, now=1000.0)
    assert yes.merged(no).holds(kid("one"))
    assert no.merged(yes).holds(kid("one"))


def test_a_list_that_learns_nothing_is_the_same_list() -> None:
    said = DistrustList().with_verdict(kid("one"), is_distrusted=True, now=1000.0)
    assert said.merged(DistrustList()) is said
    assert said.merged(said) is said


names = st.builds(KeyName, st.sampled_from(["kid", "thumbprint"]), st.text(max_size=3))
words = st.lists(st.tuples(names, st.booleans(), st.floats(0, 1e9)), max_size=20)


def said(words: list[tuple[KeyName, bool, float]]) -> DistrustList:
    distrusted = DistrustList()
    for name, is_distrusted, now in words:
        distrusted = distrusted.with_verdict(name, is_distrusted=is_distrusted, now=now)
    return distrusted


@given(words)
def test_a_list_survives_json(words: list[tuple[KeyName, bool, float]]) -> None:
    """F17."""
    distrusted = said(words)
    assert DistrustList.from_json(json.loads(json.dumps(distrusted.as_json()))) == distrusted


@given(words, words, words)
def test_lists_merge_to_the_same_in_any_order(
    one: list[tuple[KeyName, bool, float]],
    two: list[tuple[KeyName, bool, float]],
    three: list[tuple[KeyName, bool, float]],
) -> None:
    """F17: whichever worker reads the file first."""
    a, b, c = said(one), said(two), said(three)
    assert a.merged(b).verdicts == b.merged(a).verdicts
    assert a.merged(b).merged(c).verdicts == a.merged(b.merged(c)).verdicts


@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        "kid",
        [7],
        [[]],
        [["kid", "one", 1.0]],
        [["jku", "one", 1.0, True]],
        [["kid", 7, 1.0, True]],
        [["kid", "one", 1, True]],
        [["kid", "one", 1.0, 1]],
        pytest.param([["kid", str(n), 1.0, True] for n in range(1025)], id="1,025 entries"),
    ],
)
def test_what_is_not_such_a_list_is_not_read(entries: object) -> None:
    """F23."""
    assert DistrustList.from_json(entries) is None


def test_a_list_has_an_end() -> None:
    """H4: and the words that took distrust back make room."""
    distrusted = DistrustList()
    for number in range(LONGEST_LIST):
        name = kid(str(number))
        distrusted = distrusted.with_verdict(name, is_distrusted=True, now=float(number))
    with pytest.raises(ConfigurationError, match="128 keys are distrusted already"):
        distrusted.with_verdict(kid("one more"), is_distrusted=True, now=1000.0)
    for number in range(2 * LONGEST_LIST):
        name = kid(str(number))
        distrusted = distrusted.with_verdict(name, is_distrusted=False, now=1000.0 + number)
    assert len(distrusted.verdicts) == LONGEST_LIST
    assert kid("0") not in distrusted.verdicts


# The effect.


def distrusting(*, kid: str | None = None, thumbprint: str | None = None) -> DistrustedKeys:
    distrusted = DistrustedKeys(lambda: None)
    name = KeyName.of(kid=kid, thumbprint=thumbprint)
    assert distrusted.say(name, is_distrusted=True, now=1.0)
    return distrusted


def test_a_set_without_distrusted_keys_is_the_very_same() -> None:
    """F11: tokens that were verified with it stay verified."""
    assert DistrustedKeys(lambda: None).trusted(KEYS) is KEYS
    assert distrusting(kid="three").trusted(KEYS) is KEYS


@pytest.mark.parametrize(
    "distrusted",
    [distrusting(kid="one"), distrusting(thumbprint=THUMBPRINT)],
    ids=["by its id", "by its material"],
)
def test_a_distrusted_key_is_gone_from_the_set(distrusted: DistrustedKeys) -> None:
    """F17."""
    trusted = distrusted.trusted(KEYS)
    assert trusted.key_ids == ("two",)
    assert trusted.find("one", "ES256") is None
    assert trusted.find(None, "ES256") is trusted.keys[0]
    assert distrusted.trusted(KEYS) is trusted
    assert distrusted.withholds("one")
    assert not distrusted.withholds("two")
    assert not distrusted.withholds(None)


def test_later_material_under_a_distrusted_id_is_distrusted_too() -> None:
    """F17."""
    distrusted = distrusting(kid="one")
    later = JWKSet.parse({"keys": [SigningKey.generate("ES256", kid="one").public_jwk()]})
    assert distrusted.trusted(later).keys == ()


def test_a_thumbprint_says_nothing_of_other_material_under_the_same_id() -> None:
    """F17."""
    distrusted = distrusting(thumbprint=THUMBPRINT)
    both = JWKSet.parse(
        {"keys": [ONE.public_jwk(), SigningKey.generate("ES256", kid="one").public_jwk()]}
    )
    assert distrusted.trusted(both).find("one", "ES256") is both.keys[1]
    assert not distrusted.withholds("one")


def test_a_key_without_an_id_is_distrusted_by_its_thumbprint() -> None:
    """F17."""
    keys = JWKSet.parse({"keys": [NAMELESS]})
    assert distrusting(kid="two").trusted(keys) is keys
    assert distrusting(thumbprint=keys.keys[0].thumbprint).trusted(keys).keys == ()


def test_a_change_is_told_and_a_repetition_is_not() -> None:
    """F17."""
    changes: list[None] = []
    distrusted = DistrustedKeys(lambda: changes.append(None))
    assert not distrusted.say(kid("one"), is_distrusted=False, now=1.0)
    assert distrusted.say(kid("one"), is_distrusted=True, now=1.0)
    assert not distrusted.say(kid("one"), is_distrusted=True, now=1.0)
    distrusted.merge(None)
    distrusted.merge(DistrustList())
    assert len(changes) == 1
    distrusted.merge(DistrustList().with_verdict(kid("two"), is_distrusted=True, now=1.0))
    assert len(changes) == 2
    assert distrusted.list.names("kid") == ("one", "two")
    assert distrusted.list.names("thumbprint") == ()
    assert distrusted.say(kid("one"), is_distrusted=False, now=2.0)
    assert distrusted.list.names("kid") == ("two",)


def test_before_a_set_was_looked_at_only_named_ids_are_withheld() -> None:
    assert not distrusting(thumbprint=THUMBPRINT).withholds("one")
