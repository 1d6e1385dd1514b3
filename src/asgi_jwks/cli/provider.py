"""`asgi-jwks provider`: the knowledge of a preset about a provider's access tokens.

All of it is read from the preset's own values; nothing is known here of any provider.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from asgi_jwks.cli.arguments import option_of
from asgi_jwks.cli.output import Status, json_option, tell
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.preset_words import (
    Word,
    complete_preset,
    issuers_of,
    preset_of,
    presets,
    with_placeholders,
    word_options,
    words_of,
)
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers import ProviderIssuer

__all__ = ["ProviderDescription", "Providers", "TrustedTokens", "description_of", "provider"]

_SOURCES: Final = re.compile(r"^Sources?: ", re.MULTILINE)

# Where keys may be; which URL it is changes nothing of the rest.
_ANY: Final = "https://idp.example.com/jwks.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedTokens:
    """The access tokens of one issuer, as a preset knows them.

    Attributes:
        issuer: the value of iss.
        audience_claim: the claim that names the audience.
        audiences: the values of which it must have one; empty where nothing is compared.
        keys: the URL of the keys; null where they are discovered from the issuer.
        algorithms: the accepted algorithms.
        kind: how an access token is told from the issuer's other tokens, in sentences.
        scopes: the claims that grant scopes.
        roles: the claims that grant roles.
        groups: the claims that grant groups.
        permissions: the claims that grant permissions.
        client: the claims that name the client, the first that is there.
        checks: conditions of the preset's own.
        notes: what the preset cannot check, or leaves to the caller.
    """

    issuer: str
    audience_claim: str
    audiences: tuple[str, ...]
    keys: str | None
    algorithms: tuple[str, ...]
    kind: tuple[str, ...]
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    permissions: tuple[str, ...]
    client: tuple[str, ...]
    checks: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDescription:
    """A preset: its words, and the tokens that are accepted with them.

    Attributes:
        name: the name of the function in asgi_jwks.providers.
        about: the first paragraphs of its documentation.
        words: the words that it takes.
        placeholders: the words that were made up, since they were not given.
        tokens: the access tokens that it accepts; several for several tenants.
        sources: the documents that it is made from.
    """

    name: str
    about: str
    words: tuple[Word, ...]
    placeholders: dict[str, tuple[str, ...]]
    tokens: tuple[TrustedTokens, ...]
    sources: str


@dataclass(frozen=True, slots=True)
class Providers:
    """All presets, each with the first sentence of its documentation.

    Attributes:
        providers: sentences by name.
    """

    providers: dict[str, str]


@click.command()
@click.argument(
    "name", type=plain_text, required=False, metavar="[NAME]", shell_complete=complete_preset
)
@click.option(
    "--jwks-uri",
    type=plain_text,
    metavar="URL",
    help="Where the keys are, if not where it is usual.",
)
@json_option
@word_options
def provider(
    name: str | None, jwks_uri: str | None, json_wanted: bool, **words: tuple[str, ...]
) -> int:
    """Print the knowledge of a preset about a provider's access tokens.

    Without NAME, the presets are listed. Words of the provider's console may be given as options,
    such as --domain and --audience for auth0; placeholders serve for the others.
    """
    if name is None:
        names = Providers({name: _summary(preset) for name, preset in presets().items()})
        tell("provider", names, _list, json_wanted=json_wanted)
        return Status.VALID
    description = description_of(name, words, jwks_uri=jwks_uri)
    tell("provider", description, show, json_wanted=json_wanted)
    return Status.VALID


def description_of(
    name: str, words: Mapping[str, tuple[str, ...]], *, jwks_uri: str | None = None
) -> ProviderDescription:
    """The preset of this name, with these words, and placeholders for those that are missing.

    Raises:
        UsageError: there is no such preset.
        ConfigurationError: a word is not of the form that the preset wants.
    """
    preset = preset_of(name)
    filled = with_placeholders(name, words)
    placeholders = {word: texts for word, texts in filled.items() if not words.get(word)}
    try:
        issuers = issuers_of(name, filled, jwks_uri=jwks_uri)
    except ConfigurationError as error:
        if jwks_uri is not None or "jwks_uri=..." not in f"{error}":
            raise
        # Libraries that sign their own tokens publish no keys; where they are changes nothing else.
        jwks_uri = _ANY
        placeholders["jwks_uri"] = (jwks_uri,)
        issuers = issuers_of(name, filled, jwks_uri=jwks_uri)
    text = inspect.getdoc(preset) or ""
    return ProviderDescription(
        name=name,
        about=text.partition("\n\nArgs:")[0],
        words=words_of(preset),
        placeholders=placeholders,
        tokens=tuple(_tokens(issuer, jwks_uri) for issuer in issuers),
        sources=" ".join(_SOURCES.split(text)[-1].split()),
    )


def _tokens(issuer: ProviderIssuer, jwks_uri: str | None) -> TrustedTokens:
    preset, rules = issuer.preset, issuer.rules
    grants = rules.grant_claims

    def named(claims: Any) -> tuple[str, ...]:
        return tuple(map(str, claims))

    return TrustedTokens(
        issuer=rules.issuer,
        audience_claim=rules.audience_claim,
        audiences=tuple(sorted(rules.audiences or ())),
        keys=jwks_uri or preset.jwks_uri,
        algorithms=tuple(sorted(rules.algorithms)),
        kind=rules.kind.describe(),
        scopes=named(grants.scopes),
        roles=named(grants.roles),
        groups=named(grants.groups),
        permissions=named(grants.permissions),
        client=named(grants.client),
        checks=tuple(map(repr, preset.checks)),
        notes=preset.notes,
    )


def _summary(preset: object) -> str:
    return (inspect.getdoc(preset) or "").partition("\n")[0]


def _list(out: Console, listed: Providers) -> None:
    width = max(map(len, listed.providers))
    for name, summary in listed.providers.items():
        out.print(Text(f"{name:<{width}}  {summary}"), soft_wrap=True)


def show(out: Console, description: ProviderDescription) -> None:
    """Write a preset for people."""
    for paragraph in description.about.split("\n\n"):
        out.print(Text(" ".join(paragraph.split())))
        out.print()
    for word in description.words:
        mark = "needed" if word.required else "may be given"
        out.print(Text(f"{option_of(word.name)}  {mark}. {word.meaning}"))
    if description.placeholders:
        made_up = ", ".join(
            f"{option_of(name)} {' '.join(texts)}"
            for name, texts in description.placeholders.items()
        )
        out.print()
        out.print(Text(f"With placeholders: {made_up}", "yellow"))
    for tokens in description.tokens:
        out.print()
        for label, lines in _lines(tokens):
            for line in lines:
                out.print(Text(f"{label:<11} ", "bold") + Text(line), soft_wrap=True)
                label = ""
    out.print()
    out.print(Text(f"Sources: {description.sources}", "dim"))


def _lines(tokens: TrustedTokens) -> list[tuple[str, tuple[str, ...]]]:
    compared = " or ".join(tokens.audiences)
    return [
        ("iss", (tokens.issuer,)),
        (
            tokens.audience_claim,
            (compared or "NOT COMPARED: a token for another API of the issuer passes too",),
        ),
        ("keys", (tokens.keys or "discovered from the issuer",)),
        ("alg", (", ".join(tokens.algorithms),)),
        ("kind", tokens.kind),
        *(
            (name, (", ".join(claims) or "none",))
            for name, claims in (
                ("scopes", tokens.scopes),
                ("roles", tokens.roles),
                ("groups", tokens.groups),
                ("permissions", tokens.permissions),
                ("client", tokens.client),
            )
        ),
        ("checks", tokens.checks),
        ("note", tokens.notes),
    ]
