"""A library that names its own files by URL, as most of this field do: such URLs mean files of the same revision.

Their release scripts write the tag into every URL, so that no two releases have one equal. Read through here, a URL
of the library itself loses its ref: imports find the file beside them, and a URL that differs in its ref alone is
no difference.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mattone.tosca.imports import Resolver

_HERE = "=/"  # what stands for the ref in a URL of the library itself


def at_home(resolver: Resolver, url: str) -> Resolver:
    """A resolver that takes raw-file URLs of the repository at `url` for files of its own."""
    own = _raw_urls(url)

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        match = own.match(reference)
        path = reference[match.end() :] if match is not None else ""
        # A path of the root, however deep the file that names it stands.
        found = resolver("", path) if path else resolver(base, reference)
        if found is None:
            return None
        text = found[1].decode("utf-8", "surrogateescape")
        return found[0], own.sub(rf"\g<1>{_HERE}", text).encode("utf-8", "surrogateescape")

    return resolve


def _raw_urls(url: str) -> re.Pattern[str]:
    """What raw files of a repository's URL begin with, up to the ref: GitLab's and GitHub's ways of writing them."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").removesuffix(".git")
    hosts = [f"{parts.netloc}{path}(?:/-)?/raw/"]
    if parts.netloc == "github.com":
        hosts.append(f"raw.githubusercontent.com{path}/")
    either = "|".join(re.escape(host).replace(re.escape("(?:/-)?"), "(?:/-)?") for host in hosts)
    return re.compile(rf"(https?://(?:{either}))(?:refs/(?:heads|tags)/)?[^/\s\"']+/")
