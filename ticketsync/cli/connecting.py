"""
Connecting a platform in questions: which one, your name for it, where its key is kept,
the key. What was given on the command line is not asked.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

import typer

from ticketsync.cli import context, questions, terminal
from ticketsync.cli.context import AppContext
from ticketsync.cli.secret_options import SecretOptions
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ticketsync.providers.base import Option, ProviderSpec
    from ticketsync.workflows.accounts.connect import Connected, SecretSource

_TRIES = 3  # of a key that is typed

# Where a key can be kept on a machine without a keyring, and how safe that is.
_STORES = (
    (
        "file",
        "in a file that only you can read; whoever copies the whole folder has it",
    ),
    ("env", "in an environment variable; set it for scheduled runs, too"),
    ("command", "with a password manager: a command prints it (pass, op, bw)"),
    ("credential", "with systemd: for services that it starts, the safest on a server"),
)
_REFERENCES = {
    "env": ("Name of the variable that holds the key", "--secret-env VAR"),
    "command": ("Command that prints the key", "--secret-command CMD"),
    "credential": (
        "Name of the credential that holds the key",
        "--secret-credential NAME",
    ),
}


@dataclass(frozen=True, slots=True)
class NewConnection:
    """
    What `accounts add` was given; the rest is asked.
    """

    provider: str
    name: str
    base_url: str
    secret: SecretOptions
    options: dict[str, str] = field(default_factory=dict)
    check: bool = True
    revive: bool = False

    def with_options(self, options: Mapping[str, str]) -> NewConnection:
        return replace(self, options={**self.options, **options})


def choose_provider() -> str:
    """
    The name of the platform that a person chooses.

    Raises: NeedsTerminal if there is no terminal to ask on.
    """
    from ticketsync.core import errors
    from ticketsync.providers import registry

    if not context.is_terminal():
        raise errors.NeedsTerminal(
            "accounts add needs a provider and your name for the account.",
            hint="For example `ticketsync accounts add ticket_tailor tt`; see "
            "`ticketsync accounts providers`.",
        )
    choices = [
        (item.name, _called(item.provider.spec))
        for item in registry.list_providers()
        if item.provider is not None
    ]
    return questions.choose("Which platform", "PROVIDER", choices)


def _called(spec: ProviderSpec) -> str:
    from ticketsync.providers import registry

    if not spec.is_local:
        return spec.title
    return f"{spec.title} ({', '.join(item.title for item in registry.BY_FILE)})"


def choose_name(app_context: AppContext, spec: ProviderSpec) -> str:
    """
    A name for the new account that can be used and is free.

    Raises: NeedsTerminal if there is no terminal to ask on.
    """
    from ticketsync.accounts import naming, state
    from ticketsync.core import errors

    with app_context.database().read() as connection:
        taken = {account.name for account in state.list_accounts(connection)}

    def parse(answer: str) -> str:
        naming.refuse_bad_name(answer)
        if answer in taken:
            raise errors.UsageError(
                f"There is an account {answer!r} already.", hint="Choose another name."
            )
        return answer

    return questions.ask_until_valid(
        "Your name for this account",
        "NAME",
        parse,
        default=naming.free_name(spec.name, taken),
    )


def connect_account(app_context: AppContext, given: NewConnection) -> Connected:
    """
    Connect an account; asks for required options, for a place for its key and for the
    key, three times if the platform refuses it.

    Raises: what `workflows.accounts.connect.add` and `SecretOptions.get_source` raise.
    """
    from ticketsync.providers import registry
    from ticketsync.workflows.accounts.connect import SecretSource

    spec = registry.provider(given.provider).spec
    if context.is_terminal() and not given.revive:
        options = _with_required(app_context, spec, given.options, given.name)
        given = replace(given, options=options)
    if spec.is_local:
        return add(app_context, given, SecretSource("none", ""))
    if not _is_typed(given.secret):
        return add(app_context, given, given.secret.get_source(""))
    given = replace(given, secret=_with_storage(given.name, given.secret))
    given = replace(given, options=_with_people(app_context, given))
    if not _is_typed(given.secret):
        return add(app_context, given, given.secret.get_source(""))
    return _add_with_typed_key(app_context, spec, given)


def _is_typed(secret: SecretOptions) -> bool:
    """
    Whether a person types the key.
    """
    return not (secret.env or secret.command or secret.credential or secret.stdin)


def add(
    app_context: AppContext, given: NewConnection, source: SecretSource
) -> Connected:
    """
    Connect an account whose key comes from this source.

    Raises: what `workflows.accounts.connect.add` raises.
    """
    from ticketsync.workflows.accounts import connect

    return connect.add(
        app_context.database(),
        app_context.settings(),
        provider=given.provider,
        name=given.name,
        base_url=given.base_url or None,
        source=source,
        options=given.options,
        check=given.check,
        revive=given.revive,
    )


def _add_with_typed_key(
    app_context: AppContext, spec: ProviderSpec, given: NewConnection
) -> Connected:
    from ticketsync.core import errors

    if context.is_terminal():
        terminal.echo(f"Where the key is: {spec.key_help}", err=True)
    for tries_left in reversed(range(_TRIES)):
        source = given.secret.get_source(f"Key for {given.name!r} (hidden)")
        try:
            return add(app_context, given, source)
        except errors.AuthenticationFailed as error:
            if not tries_left:
                raise
            terminal.echo(f"{error.message} {error.hint}", err=True)
    raise AssertionError("unreachable")


def _with_required(
    app_context: AppContext, spec: ProviderSpec, options: dict[str, str], name: str
) -> dict[str, str]:
    """
    The options, with those that the platform needs and that nobody has given.

    Raises: typer.Exit where a person leaves, or starts a recipe.
    """
    found = dict(options)
    missing = [o for o in spec.options if o.is_required and not found.get(o.name)]
    if missing:
        terminal.echo("Type q to leave; nothing is saved then.", err=True)
    for option in missing:
        found[option.name] = _ask_for_option(app_context, option, name)
    return found


def _ask_for_option(app_context: AppContext, option: Option, name: str) -> str:
    from ticketsync.core import errors

    is_recipe = option.name == "recipe"

    def parse(answer: str) -> str:
        questions.leave_if_asked(answer)
        if is_recipe and answer.casefold() == "new":
            _start_recipe(app_context, name)
        cleaned = option.cleaned(answer)
        if not cleaned:
            raise errors.UsageError(f"{option.name} cannot be empty.")
        return cleaned

    more = "; or `new`, to have one written from a report" if is_recipe else ""
    question = f"{option.name}: {option.help}{more}"
    return questions.ask_until_valid(question, f"--set {option.name}=…", parse)


def _start_recipe(app_context: AppContext, name: str) -> NoReturn:
    """
    Write a recipe from the headings of a report, and leave: a person has to check it.
    """
    from pathlib import Path

    from ticketsync.core import errors
    from ticketsync.workflows import recipe_preview

    def write(answer: str) -> tuple[Path, Path]:
        questions.leave_if_asked(answer)
        report = Path(answer).expanduser()
        try:
            made = recipe_preview.write_starter(
                app_context.database(), report, app_context.settings_file().parent
            )
        except errors.BadFile as error:
            raise errors.UsageError(error.message, hint=error.hint) from None
        return report, made

    report, made = questions.ask_until_valid(
        "A report to take the headings from", "--recipe FILE", write
    )
    for line in (
        f"Written: {made}. Correct it in an editor, and then:",
        f"  ticketsync accounts recipe check {shlex.quote(str(made))} "
        f"{shlex.quote(str(report))}",
        f"  ticketsync accounts add file {shlex.quote(name)} --recipe "
        f"{shlex.quote(str(made))}",
    ):
        terminal.echo(safe(line, longest=500), err=True)
    raise typer.Exit


def _with_storage(name: str, secret: SecretOptions) -> SecretOptions:
    """
    Where the key can be stored, tried before anyone types it. On a machine without a
    keyring a person is asked.

    Raises: CredentialError where it cannot be stored and nobody can be asked.
    """
    from ticketsync.accounts import credentials
    from ticketsync.core import errors

    if not context.is_terminal():
        return secret
    try:
        credentials.check_storage(name, secret.storage)
    except errors.CredentialError as error:
        if secret.insecure:
            raise
        terminal.echo(error.message.replace(f"{name}-probe", name), err=True)
    else:
        return secret
    kind = questions.choose("Where shall the key be kept", "--secret-…", _STORES)
    if kind == "file":
        return replace(secret, insecure=True)
    reference = context.ask(*_REFERENCES[kind])
    return SecretOptions(**{kind: reference})  # type: ignore[arg-type]  # all are texts


def _with_people(app_context: AppContext, given: NewConnection) -> dict[str, str]:
    """
    The options, with whether names are kept, if neither they nor the settings say it.
    """
    settings = app_context.settings()
    is_said = settings.account(given.name).keep_people is not None
    if is_said or "people" in given.options or not context.is_terminal():
        return given.options
    days = settings.retention.days
    keeps = terminal.confirm(
        "Keep the names of buyers and guests, for the door list? They are deleted "
        f"{number_of(days, 'day')} after their show.",
        default=False,
    )
    return {**given.options, "people": "true" if keeps else "false"}
