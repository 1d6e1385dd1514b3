"""Attacks on DPoP (RFC 9449): stolen bound tokens, and proofs for something else.

They are for applications that take DPoP proofs; any other refuses them all for want of a token.
"""

from collections.abc import Callable
from typing import Any

from asgi_jwks.testing.attacks.attack import Attack, Attempt, Target, by_request
from asgi_jwks.testing.compact import encode, segment
from asgi_jwks.testing.forgery import hmac_signer, split, unsigned, with_changed_payload
from asgi_jwks.testing.proofs import ProofKey

__all__ = ["ATTACKS", "good_proof"]

# Proofs are short; a forger's may be anything.
_TOO_LONG = 5000


def _with_proofs(target: Target, *proofs: str | bytes, token: str | None = None) -> Attempt:
    """A request with a bound token, and these proofs beside it."""
    token = _bound(target) if token is None else token
    fields = [(b"authorization", b"DPoP " + token.encode())]
    fields += [(b"dpop", p if isinstance(p, bytes) else p.encode()) for p in proofs]
    return Attempt(tuple(fields))


def _bound(target: Target) -> str:
    return target.token(cnf=target.proof_key.confirmation)


def good_proof(target: Target, nonce: str | None = None) -> Attempt:
    """A request that an application takes: a bound token and a proof for it."""
    token = _bound(target)
    return _with_proofs(target, _proof(target, token, nonce=nonce), token=token)


def _proof(target: Target, token: str, **changes: Any) -> str:
    return target.proof_key.proof(target.method, target.url, token, **changes)


def _by_proof(
    name: str,
    summary: str,
    requirements: str,
    reason: str,
    proof: Callable[[Target, str], str | bytes],
) -> Attack:
    """An attack by a bent proof beside a good bound token."""

    def build(target: Target) -> Attempt:
        token = _bound(target)
        return _with_proofs(target, proof(target, token), token=token)

    return by_request(name, summary, requirements, reason, build)


def _by_claims(name: str, summary: str, requirements: str, reason: str, **claims: object) -> Attack:
    """An attack by a proof that the right key signed, good but for these claims."""
    return _by_proof(
        name, summary, requirements, reason, lambda target, token: _proof(target, token, **claims)
    )


def _by_header(
    name: str, summary: str, requirements: str, reason: str, **headers: object
) -> Attack:
    return _by_claims(name, summary, requirements, reason, headers=headers)


def _by_htu(
    name: str, summary: str, reason: str, htu: Callable[[str], str], requirements: str = "I7"
) -> Attack:
    """An attack by a proof for another URL."""
    return _by_proof(
        name,
        summary,
        requirements,
        reason,
        lambda target, token: _proof(target, token, htu=htu(target.url)),
    )


def _at(minutes: float) -> Callable[[Target, str], str]:
    return lambda target, token: _proof(
        target, token, iat=int(target.issuer.clock() + 60 * minutes)
    )


def _signed_anew(
    target: Target, token: str, sign: Callable[[bytes], bytes], **header: object
) -> str:
    parts = split(_proof(target, token))
    return encode({**parts.header_members, **header}, parts.payload, sign=sign)


def _doubled(target: Target, token: str, *, in_header: bool) -> str:
    header, payload, _ = split(_proof(target, token))
    if in_header:
        header = header[:-1] + b',"alg":"ES256"}'
    else:
        payload = payload[:-1] + b',"htm":"x"}'
    return encode(header, payload, sign=target.proof_key.signing_key.signature)


def _at_another_port(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.partition(':')[0]}:8443{slash}{path}"


def _with_private_key(target: Target, token: str) -> str:
    return _proof(target, token, headers={"jwk": {**target.proof_key.jwk, "d": "AAAA"}})


def _of_a_thief(target: Target, token: str) -> str:
    return ProofKey(clock=target.issuer.clock).proof(target.method, target.url, token)


def _thiefs_signature(target: Target, token: str) -> str:
    thief = ProofKey()
    return _signed_anew(target, token, thief.signing_key.signature)


def _with_two_tokens(target: Target) -> Attempt:
    attempt = good_proof(target)
    return Attempt((*attempt.headers, (b"authorization", b"Bearer " + _bound(target).encode())))


def _as_bearer(target: Target) -> Attempt:
    token = _bound(target)
    headers = ((b"authorization", b"Bearer " + token.encode()),)
    return Attempt((*headers, (b"dpop", _proof(target, token).encode())))


def _by_websocket(target: Target) -> Attempt:
    token = _bound(target)
    wss = target.url.replace("http", "ws", 1)
    proof = target.proof_key.proof("GET", wss, token)
    return Attempt(_with_proofs(target, proof, token=token).headers, websocket=True)


_MISSING = tuple(
    _by_claims(
        f"proof_without_{name}",
        f"a proof without {name}",
        numbers,
        "proof_claim",
        without=(name,),
    )
    for name, numbers in (
        ("jti", "I11"),
        ("htm", "I4"),
        ("htu", "I7"),
        ("iat", "I9"),
        ("ath", "I5"),
    )
)

ATTACKS = (
    # The scheme and the number of proofs.
    by_request(
        "bound_token_as_bearer",
        "a bound token as a Bearer token, its proof beside it",
        "I10 G12",
        "sender_constrained",
        _as_bearer,
    ),
    by_request(
        "bound_token_without_a_proof",
        "a stolen bound token, and no proof",
        "I2",
        "missing_proof",
        lambda target: _with_proofs(target),
    ),
    by_request(
        "unbound_token_as_dpop",
        "a token that is bound to nothing, with a thief's proof",
        "I10",
        "not_bound",
        lambda target: _with_proofs(
            target, _of_a_thief(target, token := target.token()), token=token
        ),
    ),
    by_request(
        "two_proofs",
        "the same proof twice",
        "I2",
        "repeated_proof",
        lambda target: _with_proofs(target, *2 * [_proof(target, _bound(target))]),
    ),
    _by_proof(
        "two_proofs_in_one_field",
        "two proofs joined by a comma",
        "I2",
        "repeated_proof",
        lambda target, token: f"{_proof(target, token)}, {_proof(target, token)}",
    ),
    by_request(
        "two_schemes",
        "a second Authorization field beside a good proof",
        "A3 I1",
        "repeated_credentials",
        _with_two_tokens,
    ),
    by_request(
        "bound_token_at_a_websocket",
        "a WebSocket's URL with the scheme wss in the proof",
        "I16 I7",
        "proof_claim",
        _by_websocket,
    ),
    # The key.
    _by_proof(
        "proof_of_a_thief",
        "a stolen token with a thief's proof",
        "I6",
        "wrong_proof_key",
        _of_a_thief,
    ),
    _by_proof(
        "proof_signed_by_a_thief",
        "the owner's key in the header, a thief's signature",
        "I3",
        "proof_signature",
        _thiefs_signature,
    ),
    _by_proof(
        "proof_of_another_request_with_changed_claims",
        "a captured proof with another htm",
        "I3 I4",
        "proof_signature",
        lambda target, token: with_changed_payload(_proof(target, token), htm="DELETE"),
    ),
    _by_proof(
        "proof_with_a_private_key",
        "the private key in the header",
        "I3",
        "unusable_proof_key",
        _with_private_key,
    ),
    _by_header(
        "proof_with_a_symmetric_key",
        "a shared secret as the key",
        "I3",
        "unusable_proof_key",
        jwk={"kty": "oct", "k": segment(b"k" * 32)},
    ),
    _by_claims("proof_without_a_key", "no key", "I3", "unusable_proof_key", without=("jwk",)),
    _by_header("proof_with_a_null_key", "a key that is null", "I3", "unusable_proof_key", jwk=None),
    _by_header(
        "proof_with_a_key_url",
        "a URL of a key instead of a key",
        "I3 D6",
        "unusable_proof_key",
        jwk=None,
        jku="https://evil.example/keys",
    ),
    _by_header(
        "proof_with_a_point_of_small_order",
        "an Ed25519 key for which anybody can sign",
        "I3 E8",
        "unusable_proof_key",
        alg="EdDSA",
        jwk={"kty": "OKP", "crv": "Ed25519", "x": segment(b"\x01" + bytes(31))},
    ),
    # The header.
    _by_proof(
        "proof_unsigned",
        "alg none",
        "I3 D3",
        "proof_algorithm",
        lambda target, token: _signed_anew(target, token, unsigned, alg="none"),
    ),
    _by_proof(
        "proof_by_hmac_with_the_public_key",
        "HS256 with the public key as the secret",
        "I3 D4",
        "proof_algorithm",
        lambda target, token: _signed_anew(
            target,
            token,
            hmac_signer(target.proof_key.signing_key.public_pem()),
            alg="HS256",
        ),
    ),
    _by_header("proof_alg_in_small_letters", "alg es256", "I3 D3", "proof_algorithm", alg="es256"),
    _by_header(
        "proof_alg_of_another_key",
        "alg RS256 with an EC key",
        "I3",
        "unusable_proof_key",
        alg="RS256",
    ),
    _by_header("proof_typ_jwt", "typ JWT", "I3 D9", "proof_header", typ="JWT"),
    _by_claims("proof_without_typ", "no typ", "I3 D9", "proof_header", without=("typ",)),
    _by_header("proof_typ_of_an_access_token", "typ at+jwt", "I3 D9", "proof_header", typ="at+jwt"),
    _by_header("proof_crit", "a critical extension", "I3 D5", "proof_header", crit=["exp"]),
    _by_header("proof_b64", "an unencoded payload", "I3 D5", "proof_header", b64=False),
    # The form.
    _by_proof("proof_empty", "an empty field", "I2 I3", "malformed_proof", lambda _t, _token: ""),
    _by_proof(
        "proof_of_five_parts",
        "an encrypted JWT",
        "I3 D8",
        "malformed_proof",
        lambda target, token: f"{_proof(target, token)}.AA.AA",
    ),
    _by_proof(
        "proof_too_long",
        "more than 4 KiB",
        "I3",
        "malformed_proof",
        lambda target, token: _proof(target, token, jti="j" * _TOO_LONG),
    ),
    _by_proof(
        "proof_with_padding",
        "base64url with padding",
        "I3 D1",
        "malformed_proof",
        lambda target, token: f"{_proof(target, token)}==",
    ),
    _by_proof(
        "proof_with_two_members_of_one_name",
        "alg twice in the header",
        "I3 D2",
        "malformed_proof",
        lambda target, token: _doubled(target, token, in_header=True),
    ),
    _by_proof(
        "proof_with_two_claims_of_one_name",
        "htm twice in the payload",
        "I3 D2",
        "malformed_proof",
        lambda target, token: _doubled(target, token, in_header=False),
    ),
    _by_proof(
        "token_as_its_own_proof",
        "the access token in the DPoP field",
        "I3 D9",
        "proof_header",
        lambda _target, token: token,
    ),
    # The request.
    *_MISSING,
    _by_claims(
        "proof_for_another_method", "htm of another method", "I4", "proof_method", htm="TRACE"
    ),
    _by_proof(
        "proof_for_the_method_in_small_letters",
        "htm in small letters",
        "I4",
        "proof_method",
        lambda target, token: _proof(target, token, htm=target.method.lower()),
    ),
    _by_htu("proof_for_another_path", "htu of another path", "proof_url", lambda url: f"{url}/x"),
    _by_htu(
        "proof_for_another_host",
        "htu of another host",
        "proof_url",
        lambda _url: "https://evil.example/",
        "I7 I8",
    ),
    _by_htu(
        "proof_for_http",
        "htu with the scheme http",
        "proof_url",
        lambda url: url.replace("https", "http", 1),
    ),
    _by_htu("proof_for_another_port", "htu with another port", "proof_url", _at_another_port),
    _by_htu(
        "proof_for_a_slash_more", "htu with a slash at its end", "proof_url", lambda url: f"{url}//"
    ),
    _by_htu(
        "proof_for_a_url_with_userinfo",
        "htu with a user name that looks like the host",
        "proof_claim",
        lambda url: url.replace("://", "://api.example.com@", 1),
    ),
    _by_htu(
        "proof_for_a_path_alone", "htu without scheme and host", "proof_claim", lambda _url: "/"
    ),
    _by_claims(
        "proof_for_a_list_of_urls", "htu a list", "I7", "proof_claim", htu=["https://a.example/"]
    ),
    _by_proof(
        "proof_for_another_token",
        "ath of another token of the same client",
        "I5",
        "proof_token_hash",
        lambda target, token: _proof(target, token + "x"),
    ),
    _by_proof(
        "proof_of_an_hour_ago", "a captured proof of an hour ago", "I9", "proof_time", _at(-60)
    ),
    _by_proof("proof_made_in_advance", "a proof for later", "I9", "proof_time", _at(10)),
    _by_claims("proof_time_as_text", "iat as text", "I9 G1", "proof_claim", iat="1700000000"),
    _by_claims("proof_time_true", "iat true", "I9 G1", "proof_claim", iat=True),
    _by_claims("proof_jti_empty", "an empty jti", "I11", "proof_claim", jti=""),
    _by_claims("proof_jti_a_list", "jti a list", "I11", "proof_claim", jti=["a"]),
    # The token.
    by_request(
        "bound_token_with_a_changed_binding",
        "a stolen token that a thief has bound to a key of their own",
        "G11 I6",
        "bad_signature",
        lambda target: _with_proofs(
            target,
            (thief := ProofKey(clock=target.issuer.clock)).proof(
                target.method,
                target.url,
                token := with_changed_payload(_bound(target), cnf=thief.confirmation),
            ),
            token=token,
        ),
    ),
    by_request(
        "bound_to_something_unknown",
        "a token whose cnf nobody understands",
        "J5",
        "sender_constrained",
        lambda target: _with_proofs(
            target,
            _proof(target, token := target.token(cnf={"kid": "mine"})),
            token=token,
        ),
    ),
    by_request(
        "bound_to_two_keys",
        "a certificate that the client does not have beside the right key",
        "J5 J1",
        "sender_constrained",
        lambda target: _with_proofs(
            target,
            _proof(
                target,
                token := target.token(
                    cnf={**target.proof_key.confirmation, "x5t#S256": segment(bytes(32))}
                ),
            ),
            token=token,
        ),
    ),
    by_request(
        "bound_to_a_key_by_half",
        "a jkt that is a part of the thumbprint",
        "I6 J5",
        "invalid_claim",
        lambda target: _with_proofs(
            target,
            _proof(target, token := target.token(cnf={"jkt": target.proof_key.thumbprint[:8]})),
            token=token,
        ),
    ),
)
"""Each is one request of a thief, or of a client that wants more."""
