"""The issuers that a command line trusts: by preset, by options, or by environment.

The options are the variables of `environment` and the words of presets; their texts become values
there, so that a command line and a deployment mean the same by them.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

from asgi_jwks.cli.arguments import option_of
from asgi_jwks.cli.option_meanings import form_of, meaning_of
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.preset_words import (
    all_words,
    complete_preset,
    issuers_of,
    preset_of,
    word_options,
    words_of,
)
from asgi_jwks.environment import VARIABLES, settings_from_env
from asgi_jwks.environment.options import (
    OF_CERTIFICATES,
    OF_DPOP,
    OF_ISSUER,
    OF_KEYS,
    OF_MIDDLEWARE,
)
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.trusted_issuer import IssuerOptions, PresetOptions, TrustedIssuer

__all__ = ["Given", "Trusted", "sections_of", "trusted_by", "trusting_options"]

Command = Callable[..., Any]

Given = Mapping[str, tuple[str, ...]]
"""The texts of the options that were given, by the names of their arguments."""

_PREFIX: Final = "ASGI_JWKS_"
_WITHOUT_PRESET: Final = {
    "issuer": "The issuer, to the last character as tokens have it in iss.",
    "audience": "This API, as tokens have it in aud.",
}
_OF_PRESETS: Final = "Words of presets"
# These stand where the preset's own will, while the other options are read.
_STAND_IN: Final = "stand-in"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The trusted issuers, and the options of the middleware that are about none of them."""

    issuers: tuple[TrustedIssuer, ...]
    middleware: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Further:
    """Options of an issuer that no text can say."""

    keys: KeySource | None
    assumed: Mapping[str, Any]

    def beside(self, of_issuer: Mapping[str, Any]) -> dict[str, Any]:
        """The options of an issuer together with these; its own about proofs hold."""
        options = dict(of_issuer)
        if not options.get("gateway_proves_binding"):
            options = {**self.assumed, **options}
        if self.keys is not None:
            options["keys"] = self.keys
        return options


class _Stated(click.Option):
    """An option whose meaning is read where it is stated, when somebody asks for help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The form and the meaning."""
        variable = f"{_PREFIX}{(self.name or '').upper()}"
        self.help = meaning_of(self.name or "") or f"As {variable}."
        return super().get_help_record(ctx)


def trusting_options(options: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command the options that say whom it trusts, as `--provider` and `given`.

    Args:
        options: those of `environment` that it takes besides the words of presets.
    """
    of_presets = all_words()
    names = [name for name in options if name not in of_presets]

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            command = click.option(
                option_of(name),
                name,
                cls=_Stated,
                type=plain_text,
                multiple=True,
                metavar=form_of(name),
            )(command)
        return click.option(
            "--provider",
            type=plain_text,
            metavar="NAME",
            shell_complete=complete_preset,
            help="A preset, such as auth0, with its words; `asgi-jwks provider` lists them.",
        )(word_options(command, without_preset=_WITHOUT_PRESET))

    return decorated


def sections_of(options: Iterable[str]) -> dict[str, list[str]]:
    """The sections of a help for the options that `trusting_options` gives; see GroupedHelp."""
    words = all_words()
    taken = {*options} - (words - {*_WITHOUT_PRESET}) | {"provider"}
    sections = {
        "Whom to trust": ["provider", *OF_ISSUER],
        "Tokens that are bound to their sender": [*OF_DPOP, *OF_CERTIFICATES],
        "The keys": [*OF_KEYS],
        "The middleware": [*OF_MIDDLEWARE],
        _OF_PRESETS: sorted(words - {*_WITHOUT_PRESET}),
    }
    return {
        title: [n for n in names if n in taken or title == _OF_PRESETS]
        for title, names in sections.items()
    }


def trusted_by(
    provider: str | None,
    given: Given,
    *,
    environ: Mapping[str, str] | None = None,
    keys: KeySource | None = None,
    assumed: Mapping[str, Any] | None = None,
) -> Trusted:
    """The issuers that are meant.

    Args:
        provider: the name of a preset; None for an issuer by options or the environment.
        given: the options that were given.
        environ: the variables; those of the process unless given.
        keys: where keys are from, instead of the issuer's own endpoint.
        assumed: options about proofs of possession, for issuers whose texts state none.

    Raises:
        UsageError: there is no such preset, or a word is missing.
        ConfigurationError: an option is wrong, or nobody is trusted.
    """
    texts = {name: " ".join(values) for name, values in given.items() if values}
    further = _Further(keys, {} if assumed is None else assumed)
    if provider is not None:
        return _of_preset(provider, given, texts, further)
    variables = dict(os.environ if environ is None else environ)
    variables |= {f"{_PREFIX}{name.upper()}": text for name, text in texts.items()}
    return _split(_settings(variables, texts), further)


def _of_preset(provider: str, given: Given, texts: Mapping[str, str], further: _Further) -> Trusted:
    taken = {word.name for word in words_of(preset_of(provider))}
    known = {variable.lower() for variable in VARIABLES} - {"issuer", "audience"}
    # Of words that it does not take, the preset says so.
    others = {name: text for name, text in texts.items() if name in known - taken}
    words = {name: values for name, values in given.items() if name not in others}
    variables = {f"{_PREFIX}{name.upper()}": text for name, text in others.items()}
    variables[f"{_PREFIX}ISSUER"] = f"https://{_STAND_IN}.example/"
    if "insecure_no_audience" not in others:
        variables[f"{_PREFIX}AUDIENCE"] = _STAND_IN
    settings = _settings(variables, others)
    if "keys" in settings:
        raise ConfigurationError(
            "The life of a key set is an option of an issuer without a preset: give --issuer and "
            "--audience instead of --provider."
        )
    of_issuer = {name: settings[name] for name in PresetOptions.__annotations__ if name in settings}
    middleware = {
        name: value for name, value in settings.items() if name not in IssuerOptions.__annotations__
    }
    return Trusted(issuers_of(provider, words, **further.beside(of_issuer)), middleware)


def _settings(variables: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        settings: Any = settings_from_env(_PREFIX, environ=variables)
    except ConfigurationError as error:
        # A mistake is told by the name by which it was made.
        message = f"{error}"
        if " is not set. Set " in message:
            message += " On the command line: --issuer and --audience, or --provider."
        for name in texts:
            message = message.replace(f"{_PREFIX}{name.upper()}:", f"{option_of(name)}:")
        raise ConfigurationError(message) from None
    return dict(settings)


def _split(settings: dict[str, Any], further: _Further) -> Trusted:
    names = IssuerOptions.__annotations__
    of_issuer: Any = {name: value for name, value in settings.items() if name in names}
    middleware = {name: value for name, value in settings.items() if name not in names}
    return Trusted((TrustedIssuer(**further.beside(of_issuer)),), middleware)
