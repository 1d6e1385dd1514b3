"""The kind rule of an issuer, which tells its access tokens (RFC 8725, section 3.12).

The same issuer signs ID tokens, refresh tokens and logout tokens with the same keys, and often for
the same audience, so nothing but their kind tells them apart. The default rule, for issuers without
a preset, is here too, and the wrapping of a caller's own. It does not know signatures, times and
audiences, nor which provider has which rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isclass, iscoroutine, iscoroutinefunction
from typing import Any, Final

from asgi_jwks._options import takes
from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.tokens.header_rules import ACCESS_TOKEN_TYPE, JOSEHeader
from asgi_jwks.tokens.kind_example import KindExample, example_of
from asgi_jwks.tokens.kind_marks import MARKS
from asgi_jwks.tokens.proofs import Proof

__all__ = ["DEFAULT_HEADER_TYPES", "DEFAULT_KIND_RULE", "KindRule", "SatisfiedBy", "kind_rule"]

#: The header types of access tokens (RFC 7519, section 5.1; RFC 9068, section 2.1): none, JWT and
#: at+jwt, in the form in which they are compared.
DEFAULT_HEADER_TYPES: Final[frozenset[str | None]] = frozenset({None, "jwt", ACCESS_TOKEN_TYPE})


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """The proof of one issuer's access tokens, and the marks of its other kinds.

    A header `typ` of at+jwt spares a token the marks (RFC 9068, section 2.1), not the proof.

    Args:
        proof: what every access token of the issuer has: a value of `asgi_jwks.tokens.proofs`. None
            takes for an access token whatever has no mark of another kind.
        without: the names of the marks that this issuer's access tokens have too, such as
            frozenset({"at_hash"}) for Dex: these do not refuse.
        header_types: the accepted values of the header's `typ`, in lower case and without
            `application/`; None stands for a header without one.

    Raises:
        ConfigurationError: a name is not that of a mark, or an argument is of the wrong type.
    """

    proof: Proof | None = None
    without: frozenset[str] = frozenset()
    header_types: frozenset[str | None] = DEFAULT_HEADER_TYPES
    _marks: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.proof is not None and (
            isclass(self.proof) or not callable(getattr(self.proof, "holds", None))
        ):
            raise ConfigurationError(
                'proof must be a proof such as HasClaim("client_id"); got '
                f"{self.proof!r}. A function of your own is given as kind=function."
            )
        without = _strings("without", self.without)
        unknown = sorted(without - MARKS.keys())
        if unknown:
            raise ConfigurationError(
                f"without has {', '.join(map(repr, unknown))}, which is not the name of a mark; "
                f"there are {', '.join(MARKS)}."
            )
        types: frozenset[str | None] = _strings("header_types", self.header_types, None)
        for spelled in types:
            if spelled is not None and spelled != spelled.lower().removeprefix("application/"):
                raise ConfigurationError(
                    "header_types are compared in lower case and without application/. Write "
                    f"{spelled.lower().removeprefix('application/')!r} for {spelled!r}."
                )
        if not types:
            raise ConfigurationError(
                'header_types must not be empty. Write for example frozenset({None, "jwt"}).'
            )
        object.__setattr__(self, "without", without)
        object.__setattr__(self, "header_types", types)
        object.__setattr__(self, "_marks", frozenset(MARKS) - without)

    def check_header(self, header: JOSEHeader) -> None:
        """Refuse a header whose `typ` is not one of an access token here.

        Raises:
            InvalidToken: wrong_type.
        """
        if header.type not in self.header_types:
            raise InvalidToken(Reason.WRONG_TYPE, "the header's typ is that of another kind")

    def check(self, header: JOSEHeader, claims: Mapping[str, Any]) -> None:
        """Refuse a token that is not an access token of this issuer.

        On the hot path.

        Raises:
            InvalidToken: wrong_type or not_an_access_token; the detail names the claim.
        """
        self.check_header(header)
        # Ordinary tokens have none of these claims, or only the one that their provider writes.
        if not self._marks.isdisjoint(claims) and header.type != ACCESS_TOKEN_TYPE:
            self._check_marks(claims)
        proof = self.proof
        if proof is not None and not proof.holds(header, claims):
            raise InvalidToken(
                Reason.NOT_AN_ACCESS_TOKEN,
                lambda: (
                    f"an access token of this issuer has {proof}; send the access token, not "
                    "the ID token or the refresh token"
                ),
            )

    def _check_marks(self, claims: Mapping[str, Any]) -> None:
        for name in sorted(self._marks.intersection(claims)):
            kind = MARKS[name](name, claims)
            if kind is not None:
                raise InvalidToken(
                    Reason.NOT_AN_ACCESS_TOKEN,
                    f"its claim {name} is that of {kind}; send the access token",
                )

    def example(self) -> KindExample:
        """The members that make a token one of this kind, for tests of applications."""
        return example_of(self.proof, self.header_types)

    def describe(self) -> tuple[str, ...]:
        """The rule in sentences."""
        types = sorted("none" if kind is None else kind for kind in self.header_types)
        sentences = [f"The header's typ is one of: {', '.join(types)}."]
        if self.proof is None:
            sentences.append("No claim has to prove that a token is an access token.")
        else:
            sentences.append(f"An access token has {self.proof}.")
        marks = [name for name in MARKS if name in self._marks]
        if marks:
            sentences.append(
                "Unless the header's typ is at+jwt, these claims refuse a token where they are "
                f"those of another kind: {', '.join(marks)}."
            )
        if self.without:
            sentences.append(
                f"These say nothing about the kind here: {', '.join(sorted(self.without))}."
            )
        return tuple(sentences)


@dataclass(frozen=True, slots=True)
class SatisfiedBy:
    """A proof that a function of the application's own decides, by True alone.

    Args:
        function: gets the JOSEHeader and the claims, and returns True or False.
    """

    function: Callable[[JOSEHeader, Mapping[str, Any]], bool]

    def __post_init__(self) -> None:
        function: object = self.function
        if iscoroutinefunction(function):
            raise ConfigurationError(
                "kind must be a plain function: the kind of a token is decided without waiting. "
                "Write what has to wait as one of the checks."
            )
        if isclass(function) or not callable(function):
            raise ConfigurationError(
                "kind must be a KindRule, or a function of the header and the claims that returns "
                f"True for an access token; got {function!r}. Write for example "
                'kind=KindRule(proof=HasClaim("client_id")).'
            )
        if not takes(function, 2):
            raise ConfigurationError(
                f"kind is called as `kind(header, claims)`, and {function!r} takes other arguments."
            )

    def holds(self, header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether the function returns True.

        Raises:
            TypeError: it returns anything else than True or False: the application's own error.
        """
        verdict: object = self.function(header, claims)
        if verdict is True:
            return True
        if verdict is False:
            return False
        if iscoroutine(verdict):
            verdict.close()
        raise TypeError(
            f"{self._name()}, given as kind, must return True or False; it returned a "
            f"{type(verdict).__name__}"
        )

    def __str__(self) -> str:
        return f"the agreement of {self._name()}"

    def _name(self) -> str:
        return getattr(self.function, "__qualname__", None) or repr(self.function)


def kind_rule(value: KindRule | Callable[[JOSEHeader, Mapping[str, Any]], bool]) -> KindRule:
    """The rule that is meant by the option `kind`.

    A function replaces the marks, since it is the application's own rule: it gets the JOSEHeader
    and the claims, and returns True for an access token. The header types stay those of the
    default.

    Raises:
        ConfigurationError: it is neither a KindRule nor a function.
    """
    if isinstance(value, KindRule):
        return value
    return KindRule(proof=SatisfiedBy(value), without=frozenset(MARKS))


def _strings(option: str, values: object, *others: None) -> frozenset[Any]:
    names = tuple(values) if isinstance(values, set | frozenset | tuple | list) else (0,)
    if not all(isinstance(name, str) or name in others for name in names):
        raise ConfigurationError(
            f'{option} must be a frozenset of strings, for example frozenset({{"jwt"}}); got '
            f"{values!r}."
        )
    return frozenset(names)


#: For issuers without a preset: the marks of other kinds that are known in the field.
DEFAULT_KIND_RULE: Final = KindRule()
