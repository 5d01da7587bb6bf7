"""
What goes wrong while an account is being connected, with what to do then.

The messages of a client speak of an account that exists and of data that was read;
while its first key is tried there is neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.providers.base import ProviderSpec


@contextmanager
def said_of_a_first_connection(
    spec: ProviderSpec, account: str, base_url: str | None
) -> Iterator[None]:
    """
    Gives errors of a platform the next step of somebody who is connecting it.
    """
    try:
        yield
    except errors.AuthenticationFailed as error:
        if "accounts rotate" in error.hint:
            error.hint = f"Copy the whole key: {spec.key_help}."
            # There is no account yet.
            its_key = f"the credentials of account {account!r}"
            error.message = error.message.replace(its_key, "this key")
        raise
    except errors.ProviderUnavailable as error:
        error.hint = f"Nothing was saved. {_where_to_look(base_url, spec)}"
        raise
    except errors.InvalidResponse as error:
        if base_url:
            error.hint = f"Nothing was saved. {_where_to_look(base_url, spec)}"
        raise


def _where_to_look(base_url: str | None, spec: ProviderSpec) -> str:
    place = "Is this machine on the network?"
    if base_url:
        place = f"Is {safe(base_url)} the address of {spec.title}'s API?"
    return f"{place} Run the same command again later."
