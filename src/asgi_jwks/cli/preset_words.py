"""Presets on a command line: names, and words as options.

Names, words and meanings are read from the presets themselves, so that there is no second table. A
placeholder for each word is here, for whoever looks at a preset without an account.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import click

from asgi_jwks import providers
from asgi_jwks.cli.arguments import meanings_of, option_of
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.providers import ProviderIssuer

__all__ = [
    "PLACEHOLDERS",
    "PresetFunction",
    "Word",
    "all_words",
    "complete_preset",
    "issuers_of",
    "preset_of",
    "presets",
    "with_placeholders",
    "word_options",
    "words_of",
]

PresetFunction = Callable[..., ProviderIssuer | tuple[ProviderIssuer, ...]]

_GUID: Final = "11112222-bbbb-3333-cccc-4444dddd5555"

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "application": "my-app",
    "application_id": _GUID,
    "audience": "https://api.example.com",
    "authority": "https://idp.example.com",
    "authorization_server": "default",
    "client_id": "my-client",
    "domain": "idp.example.com",
    "issuer": "https://idp.example.com/",
    "oauth_server_url": f"https://us-south.appid.cloud.ibm.com/oauth/v4/{_GUID}",
    "policy": "B2C_1_signin",
    "project": "my-project",
    "project_id": "my-project",
    "realm": "my-realm",
    "region": "eu-west-1",
    "subdomain": "my-subdomain",
    "team": "my-team",
    "tenant": _GUID,
    "tenant_name": "my-tenant",
    "tenants": _GUID,
    "trust_domain": "example.org",
    "url": "https://idp.example.com",
    "user_pool": "eu-west-1_AbC123",
}
"""A value of the right form for each word that some preset requires."""

# Where a provider's words have a form of their own, and where one of several words is needed.
_OF_PRESET: Final[Mapping[str, Mapping[str, str]]] = {
    "allauth": {"client_id": "my-client"},
    "clerk": {"authorized_parties": "https://app.example.com"},
    "cloudflare_access": {"audience": "32eafc7626e737136660e1b9b8b8f4f0"},
    "cognito": {"client_id": "1example23456789"},
    "descope": {"audience": "my-audience"},
    "entra_external_id": {"audience": _GUID},
    "entra_id": {"audience": _GUID},
    "entra_id_tenants": {"audience": _GUID},
    "github_actions": {"repositories": "example/repository"},
    "gitlab": {"projects": "example/project"},
    "stytch": {"project_id": "project-test-1234abcd"},
    "supertokens": {"audience": "https://api.example.com"},
    "workos_session": {"audience": "https://api.example.com"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a provider's console, which a preset takes.

    Attributes:
        name: the name of the argument; the option has dashes for its underscores.
        meaning: the sentence of the preset's documentation.
        required: whether the preset needs it.
        several: whether it may be given more than once.
    """

    name: str
    meaning: str
    required: bool
    several: bool


def complete_preset(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The names of presets that begin so, for the completion of a shell."""
    return [name for name in presets() if name.startswith(incomplete)]


@cache
def presets() -> Mapping[str, PresetFunction]:
    """Every preset by its name."""
    found: dict[str, PresetFunction] = {}
    for name in providers.__all__:
        value = getattr(providers, name)
        if inspect.isfunction(value):
            found[name] = value
    return found


def preset_of(name: str) -> PresetFunction:
    """The preset of this name.

    Raises:
        UsageError: there is none.
    """
    found = presets().get(name)
    if found is None:
        raise click.UsageError(f"There is no preset {name!r}. There are {', '.join(presets())}.")
    return found


def all_words() -> frozenset[str]:
    """The names of the words of all presets."""
    return frozenset(word.name for preset in presets().values() for word in words_of(preset))


def words_of(preset: PresetFunction) -> tuple[Word, ...]:
    """The words of a preset, without the options that all issuers have."""
    meanings = meanings_of(preset)
    return tuple(
        Word(
            name=name,
            meaning=meanings.get(name, ""),
            required=parameter.default is inspect.Parameter.empty,
            several=not _is_one(parameter.annotation),
        )
        for name, parameter in inspect.signature(preset).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    )


def word_options(
    command: Callable[..., Any], *, without_preset: Mapping[str, str] = MappingProxyType({})
) -> Callable[..., Any]:
    """Give a command one option for each word of any preset.

    Args:
        command: the command.
        without_preset: the meaning of words that the command takes without a preset too.
    """
    takers: dict[str, list[str]] = {}
    meanings: dict[str, set[str]] = {}
    for name, preset in presets().items():
        for word in words_of(preset):
            takers.setdefault(word.name, []).append(name)
            meanings.setdefault(word.name, set()).add(word.meaning)
    # The last option that is added is the first of the help.
    for word_name in sorted(takers, key=lambda name: (name not in without_preset, name))[::-1]:
        names = takers[word_name]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        command = click.option(
            option_of(word_name),
            word_name,
            type=plain_text,
            multiple=True,
            metavar="TEXT",
            help=f"{without_preset[word_name]} Also for {shown}."
            if word_name in without_preset
            else f"For {shown}{_shared(meanings[word_name])}.",
        )(command)
    return command


def _shared(meanings: set[str]) -> str:
    """The meaning of a word, where all presets that take it mean the same."""
    (meaning, *others) = meanings
    return "" if others or not meaning else f": {meaning.rstrip('.')}"


def issuers_of(
    name: str, given: Mapping[str, tuple[str, ...]], **options: Any
) -> tuple[ProviderIssuer, ...]:
    """The trusted issuers of a preset.

    Args:
        name: the name of the preset.
        given: the words of the command line; those that were not given are empty.
        options: further options of a TrustedIssuer; those that are None are left out.

    Raises:
        UsageError: a word is missing, not one of this preset, or there twice.
        ConfigurationError: a word is not of the form that the preset wants.
    """
    preset = preset_of(name)
    hints = get_type_hints(preset)
    words = {word.name: word for word in words_of(preset)}
    values: dict[str, Any] = {}
    for word_name, texts in given.items():
        if not texts:
            continue
        if word_name not in words:
            raise click.UsageError(
                f"{name} has no word {option_of(word_name)}; it takes "
                f"{', '.join(map(option_of, words))}."
            )
        values[word_name] = _value(words[word_name], texts, hints[word_name])
    missing = [word for word in words.values() if word.required and word.name not in values]
    if missing:
        meanings = "; ".join(f"{option_of(word.name)}: {word.meaning}" for word in missing)
        raise click.UsageError(f"{name} needs {meanings}")
    further = {option: value for option, value in options.items() if value is not None}
    made = preset(**values, **further)
    return made if isinstance(made, tuple) else (made,)


def with_placeholders(
    name: str, given: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The words of a command line, and placeholders for those that are needed besides."""
    own = _OF_PRESET.get(name, {})
    words = {word_name: texts for word_name, texts in given.items() if texts}
    required = {word.name for word in words_of(preset_of(name)) if word.required}
    # One of several optional words is needed: whoever gave one has chosen.
    needed = required if words.keys() - required else required | own.keys()
    placeholders = {
        word_name: (own.get(word_name) or PLACEHOLDERS[word_name],)
        for word_name in sorted(needed - words.keys())
    }
    return words | placeholders


def _value(word: Word, texts: tuple[str, ...], hint: Any) -> Any:
    if word.several:
        return texts
    if len(texts) > 1:
        raise click.UsageError(f"{option_of(word.name)} is given twice.")
    (text,) = texts
    if hint is bool:
        if text not in {"true", "false"}:
            raise click.UsageError(f"{option_of(word.name)} is true or false.")
        return text == "true"
    return text


def _is_one(annotation: Any) -> bool:
    """Whether an argument of this type is one value, not several."""
    if get_origin(annotation) is Literal:
        return True
    return {annotation, *get_args(annotation)} <= {str, bool, str | None, type(None)}
