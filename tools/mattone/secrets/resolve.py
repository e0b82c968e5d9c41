"""Secret references inside input values, and their replacement by values in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mattone import redact
from mattone.errors import InputError
from mattone.secrets.interface import Secret, SecretReference, SecretStore


@dataclass(frozen=True, slots=True)
class Resolved:
    """Inputs with their secret values, and what a record may say of them: path to reference and version."""

    inputs: Mapping[str, Any]
    secrets: Mapping[str, Mapping[str, str]]

    def __repr__(self) -> str:
        return f"Resolved(secrets={sorted(self.secrets)})"


def reference_in(value: object) -> SecretReference | None:
    """The reference that a value is, `{secret: "<scheme>:<path>"}`, or None for any other value."""
    if not isinstance(value, Mapping) or set(value) != {"secret"} or not isinstance(value["secret"], str):
        return None
    scheme, separator, path = value["secret"].partition(":")
    if not (scheme and separator and path):
        raise InputError(
            f"{redact.one_line(value['secret'], 80)!r} is not a secret reference",
            hint='write secret: "env:NAME" or secret: "vault:path#field"',
        )
    return SecretReference(scheme, path)


def references(inputs: Mapping[str, Any]) -> dict[str, SecretReference]:
    """Every reference in the inputs, by its path written with dots."""
    return dict(_walk(inputs, ()))


def resolve(inputs: Mapping[str, Any], stores: Sequence[SecretStore]) -> Resolved:
    """Replace every reference by its value, and hide the values from all output from now on.

    Raises InputError for an unknown scheme or a secret without value, RemoteError from a store.
    """
    by_scheme = {store.scheme: store for store in stores}
    found = list(_walk(inputs, ()))  # not by path: two may be written alike
    values: dict[SecretReference, Secret] = {}
    for path, reference in found:
        store = by_scheme.get(reference.scheme)
        if store is None:
            raise InputError(
                f"input {path}: no secret store for {reference.scheme!r}",
                hint=f"configured: {', '.join(sorted(by_scheme))}",
            )
        if reference not in values:
            values[reference] = store.read(reference.path)
    redact.register(secret.value for secret in values.values())
    described = {path: {"reference": str(ref), "version": values[ref].version} for path, ref in found}
    return Resolved(_replace(inputs, values), described)


def _walk(value: Any, at: tuple[str, ...]) -> Iterator[tuple[str, SecretReference]]:
    try:
        reference = reference_in(value)
    except InputError as error:
        raise InputError(f"input {'.'.join(at)}: {error.message}", hint=error.hint) from None
    if reference is not None:
        yield ".".join(at), reference
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, (*at, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, (*at, str(index)))


def _replace(value: Any, values: Mapping[SecretReference, Secret]) -> Any:
    """By reference and not by path: a key may hold the dot that separates a path's parts."""
    reference = reference_in(value)
    if reference is not None:
        return values[reference].value
    if isinstance(value, Mapping):
        return {key: _replace(item, values) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(item, values) for item in value]
    return value
