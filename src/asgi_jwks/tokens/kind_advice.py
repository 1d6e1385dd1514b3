"""Advice on the kind of a token that is not an access token.

Which mark tells it, how the client gets the right one, and how a rule is changed where the mark is
one of the provider's access tokens.
"""

from collections.abc import Callable

from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.console_advice import asking
from asgi_jwks.tokens.header_rules import ACCESS_TOKEN_TYPE
from asgi_jwks.tokens.kind_marks import MARKS, UNCERTAIN_KINDS
from asgi_jwks.tokens.kinds import SatisfiedBy
from asgi_jwks.tokens.refused_token import RefusedToken

__all__ = [
    "advice_on_kind",
    "and_ask",
    "asking_remark",
    "lacks_proof",
    "on_kind",
    "other_kind",
    "proof_of",
]


def on_kind(token: RefusedToken) -> Advice:
    """A token of another kind."""
    kind = other_kind(token)
    if kind is not None:
        return advice_on_kind(token, kind, lambda: f"by its claims the token is {kind}")
    proof = proof_of(token)
    why = "it is of another kind" if proof is None else f"it lacks {proof}"
    return Advice(
        Hint.OTHER_KIND,
        lambda: (
            f"the token is not an access token of its issuer ({why}): have the client send the "
            f"access_token{asking_remark(token)}, or state with kind=KindRule(...) how yours are "
            "told."
        ),
    )


def asking_remark(token: RefusedToken) -> str:
    """The way to a token for this API in parentheses, where it is known."""
    words = None if token.rules is None else asking(token.rules.issuer, token.audience)
    return "" if words is None else f" ({words})"


def and_ask(token: RefusedToken) -> str:
    """The end of a sentence on a token that is not for this API."""
    return f", and ask for one for this API{asking_remark(token)}"


def proof_of(token: RefusedToken) -> object:
    """The proof of the issuer's access tokens; None where there is none to be met."""
    return None if token.rules is None else token.rules.kind.proof


def lacks_proof(token: RefusedToken) -> bool:
    """Whether it does not meet the proof of its issuer.

    A function of the application is not asked.
    """
    proof = None if token.rules is None else token.rules.kind.proof
    if proof is None or token.claims is None or isinstance(proof, SatisfiedBy):
        return False
    return token.header is not None and not proof.holds(token.header, token.claims)


def other_kind(token: RefusedToken) -> str | None:
    """The other kind of token that this is by its marks, if there is one."""
    mark = _mark(token)
    return None if mark is None else mark[1]


def _mark(token: RefusedToken) -> tuple[str, str] | None:
    """The first mark of another kind, and which kind it is."""
    header, claims, rules = token.header, token.claims, token.rules
    if claims is None or rules is None or (header and header.type == ACCESS_TOKEN_TYPE):
        return None
    for name in sorted(MARKS.keys() & claims.keys() - rules.kind.without):
        kind = MARKS[name](name, claims)
        if kind is not None:
            return name, kind
    return None


def advice_on_kind(token: RefusedToken, kind: str, words: Callable[[], str]) -> Advice:
    """The advice on a token with the mark of another kind; `words` begin its sentence."""
    hint = Hint.OTHER_KIND
    if "ID token" in kind:
        hint = Hint.ID_TOKEN
    elif "refresh token" in kind:
        hint = Hint.REFRESH_TOKEN
    return Advice(
        hint,
        lambda: (
            f"{words()}: have the client send the access_token{and_ask(token)}"
            f"{_unless_known(token)}."
        ),
    )


def _unless_known(token: RefusedToken) -> str:
    # A rule with a proof knows its provider. The default one meets providers that nobody knew, and
    # of all marks a nonce, or a word that nobody knew, is most easily that of an access token.
    mark = _mark(token)
    is_known = proof_of(token) is not None or asking_remark(token) != ""
    if mark is None or is_known or not token.is_signed:
        return ""
    if token.reason is not Reason.NOT_AN_ACCESS_TOKEN:
        return ""
    name, kind = mark
    if name != "nonce" and kind not in UNCERTAIN_KINDS:
        return ""
    return (
        f"; if your provider's access tokens have {name}, write "
        f'kind=KindRule(without=frozenset({{"{name}"}}))'
    )
