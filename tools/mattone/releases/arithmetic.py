"""Which version comes next. `docs/explanation/versions.md` says why these rules and no others.

Semantic Versioning 2.0.0. On 0.x the first number that is not 0 is the one that breaks, as npm's
ranges read it (`^0.3` holds 0.3.9 and not 0.4.0): a breaking change moves the minor version, all
else the patch. 1.0.0 is a promise that a person makes, by stating it in the manifest.
"""

from __future__ import annotations

from collections.abc import Collection

from mattone.versions import Bump, Version


def scaled(bump: Bump, version: Version) -> Bump:
    """The part of a version that a bump moves."""
    if version.major > 0 or bump is Bump.NONE:
        return bump
    return Bump.MINOR if bump is Bump.MAJOR else Bump.PATCH


def next_version(
    last: Version | None, bump: Bump, stated: Version, taken: Collection[Version] = (), label: str = ""
) -> Version | None:
    """The version of the next release, or None when there is nothing to release.

    last    the newest release that is no pre-release; None: there was none, and the manifest's version is the first
    bump    the larger of what commits claim and what the changes demand since then
    stated  the manifest's version; a higher one than the computed is what a person decided
    taken   versions that have a tag already, on this branch or another
    label   a pre-release of the version, as in `rc`: the next free number of `rc.1`, `rc.2`, ...
    """
    decided = Version(*stated.core)
    if last is not None and bump is Bump.NONE and decided <= last:
        return None
    moved = scaled(bump, last or decided)
    full = decided if last is None else max(last.bumped(moved), decided)
    while full in taken:
        full = full.bumped(moved or Bump.PATCH)
    return _labelled(full, label, taken) if label else full


def _labelled(full: Version, label: str, taken: Collection[Version]) -> Version:
    numbers = [
        int(version.pre[1])
        for version in taken
        if version.core == full.core and len(version.pre) == 2 and version.pre[0] == label and version.pre[1].isdigit()
    ]
    return Version(*full.core, (label, str(max(numbers, default=0) + 1)))


def step(earlier: Version, later: Version) -> Bump:
    """The bump that a version number itself claims over an earlier one, on the scale of changes.

    Inverse of `scaled`: from 0.3.1 to 0.4.0 anything may have broken, from 0.3.1 to 0.3.2 nothing.
    """
    if later.core == earlier.core:
        return Bump.NONE
    if later.major != earlier.major:
        return Bump.MAJOR
    if later.minor != earlier.minor:
        return Bump.MAJOR if earlier.major == 0 else Bump.MINOR
    return Bump.MINOR if earlier.major == 0 else Bump.PATCH
