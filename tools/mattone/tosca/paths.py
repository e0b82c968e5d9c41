"""Paths as repositories write them: with forward slashes, from the root."""

from __future__ import annotations

import posixpath

PROFILE = "profile:"  # a reference that names a profile of TOSCA 2.0 begins with it


def relative_path(base: str, reference: str) -> str:
    """The repository path of a relative reference in the file `base`; may begin with `../` when it leaves."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))


def import_url(base: str, reference: str) -> str | None:
    """The URL that a reference in the file `base` means, or None when it is a path of the repository.

    A relative reference in a file that was imported by its URL is relative to that URL (RFC 3986, 5.2);
    in one of a git repository, `git+URL#REF:PATH`, to its path there. The name of a profile is as good as a URL.
    """
    if "://" in reference or reference.startswith(PROFILE):
        return reference
    if "://" not in base:
        return None
    if is_git_url(base):
        repository, _, path = base.partition("#")
        ref, _, path = path.rpartition(":")
        return f"{repository}#{ref}:{relative_path(path, reference.lstrip('/'))}"
    from urllib.parse import urljoin

    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def is_git_url(url: str) -> bool:
    """Whether a URL names a file of a git repository: `git+https://host/group/repository.git#v1.0:folder/file.yaml`."""
    return url.startswith("git+") and "#" in url
