"""`[engine]` of `mattone.toml` when its kind is `indigo-orchestrator`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from mattone.platform.fields import Field

KIND = "indigo-orchestrator"

FIELDS = {
    "url": Field(str, True, "where it answers: `https://paas.example.org/orchestrator`; `http` for this host alone"),
    "group": Field(str, True, "the group that deployments belong to, as the token names it"),
    "token": Field(str, False, "a secret reference, as in `env:IAM_TOKEN`, to a token that something else renews"),
    "oidc_agent": Field(str, False, "the account of a running oidc-agent, which `oidc-token` is asked for tokens of"),
    "token_url": Field(str, False, "an OpenID Connect token endpoint, which tokens are asked of"),
    "client_id": Field(str, False, "the client that asks `token_url`"),
    "client_secret": Field(str, False, "a secret reference to the client's secret"),
    "refresh_token": Field(str, False, "a secret reference to a refresh token (the client asks for itself)"),
    "scope": Field(str, False, "scopes to ask `token_url` for (`openid profile offline_access`)"),
    "files_folder": Field(str, False, "a folder of this host that `files_url` serves, for playbooks, roles and types"),
    "files_url": Field(str, False, "where the orchestrator's side reads what lies in `files_folder`"),
    "timeout": Field(int, False, "minutes until it gives an operation up, and mattone too (its own bound, an hour)"),
    "provider_timeout": Field(int, False, "minutes until it tries the next provider (its own bound)"),
    "max_providers": Field(int, False, "how many providers it may try (its own bound)"),
    "keep_last_attempt": Field(bool, False, "whether the machines of the last failed try stay (false)"),
    "force_deletion": Field(bool, False, "whether it forgets what a provider does not delete (false)"),
    "reset_deletion_after": Field(int, False, "minutes after which a deletion that hangs is reset (never)"),
}  # fmt: skip
_SOURCES = ("token", "oidc_agent", "token_url")
_FOR_ENDPOINT = ("client_id", "client_secret", "refresh_token", "scope")
_MINUTES = ("timeout", "provider_timeout", "max_providers", "reset_deletion_after")


@dataclass(frozen=True, slots=True)
class OrchestratorSettings:
    """What `FIELDS` describes; texts are empty and numbers 0 where the file says nothing.

    `token`, `client_secret` and `refresh_token` are references to secrets, never values.
    """

    url: str
    group: str
    token: str = ""
    oidc_agent: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    scope: str = "openid profile offline_access"
    files_folder: str = ""
    files_url: str = ""
    timeout: int = 0
    provider_timeout: int = 0
    max_providers: int = 0
    keep_last_attempt: bool = False
    force_deletion: bool = False
    reset_deletion_after: int = 0


def problem(table: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """What is wrong with a table whose fields are all of their kinds: key, message, hint; None when nothing is."""
    return _unsafe(table) or _tokens(table) or _bounds(table)


def _unsafe(table: Mapping[str, Any]) -> tuple[str, str, str] | None:
    for name in ("url", "token_url", "files_url"):
        if name in table and not _is_safe(table[name]):
            return (
                name,
                f"engine.{name} must be an https:// URL",
                "http:// is allowed for 127.0.0.1 and localhost alone",
            )
    return None


def _tokens(table: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Whether there is one source of tokens, with all that it needs and nothing else."""
    sources = [name for name in _SOURCES if name in table]
    if len(sources) != 1:
        said = f"it has {' and '.join(sources)}" if sources else "it has none"
        return "engine", f"engine needs one source of tokens: {said}", f"set one of: {', '.join(_SOURCES)}"
    if "token_url" not in table:
        alone = next((name for name in _FOR_ENDPOINT if name in table), "")
        hint = FIELDS["token_url"].hint("token_url")
        return (alone, f"engine.{alone} is for engine.token_url, which is not set", hint) if alone else None
    needed = ("client_id",) if "refresh_token" in table else ("client_id", "client_secret")
    missing = next((name for name in needed if name not in table), "")
    return ("token_url", f"engine.token_url needs engine.{missing}", FIELDS[missing].hint(missing)) if missing else None


def _bounds(table: Mapping[str, Any]) -> tuple[str, str, str] | None:
    for name, other in (("files_folder", "files_url"), ("files_url", "files_folder")):
        if name in table and other not in table:
            return name, f"engine.{name} needs engine.{other}", FIELDS[other].hint(other)
    if not PurePath(table.get("files_folder", "/")).is_absolute():
        return "files_folder", "engine.files_folder must be an absolute path", "for example /srv/www/mattone"
    for name in _MINUTES:
        if table.get(name, 1) < 1:
            return name, f"engine.{name} must be 1 or more", "leave it out for the orchestrator's own bound"
    if "timeout" in table and table.get("provider_timeout", 0) > table["timeout"]:
        return "provider_timeout", "engine.provider_timeout is longer than engine.timeout", "both are minutes"
    return None


def _is_safe(url: str) -> bool:
    """Whether a token may be sent there: encrypted, or to this host, and no user or password in the URL."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        here = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        _ = parts.port
    except ValueError:
        return False
    allowed = parts.scheme == "https" or (parts.scheme == "http" and here)
    return allowed and bool(parts.hostname) and "@" not in parts.netloc and not parts.query and not parts.fragment
