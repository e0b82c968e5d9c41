"""Sections of changelogs, rendered by python-semantic-release's template environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mattone import redact
from mattone.errors import InputError, Place
from mattone.releases.model import ComponentRelease, Entry
from mattone.releases.settings import TEMPLATE
from mattone.versions import Bump, Version

if TYPE_CHECKING:
    from jinja2 import Template

_HEADING = re.compile(r"^## ", re.MULTILINE)
_CODE = re.compile(r"(`[^`]*`)")
_ORDER = ("feat", "fix", "perf", "revert")  # other types follow, and only where they break something


class Changelogs:
    """Renders sections with one template, which is the text of `release/changelog.md.j2`."""

    def __init__(self, template: str, date: str) -> None:
        """`date` is what the headings say, as in 2026-03-01. Raises InputError for a bad template."""
        self._date = date
        self._template = _compiled(template)

    def section(self, release: ComponentRelease) -> str:
        """The section of a release, from its heading to one newline after its last line. Raises InputError."""
        from jinja2 import TemplateError

        sections = [(title, lines) for title, lines in _sections(release) if lines]
        try:
            text = self._template.render(version=str(release.version), date=self._date, sections=sections)
        except TemplateError as error:
            raise _bad(error) from error
        return text.strip() + "\n"


def _compiled(text: str) -> Template:
    from jinja2 import TemplateError
    from semantic_release.changelog.context import autofit_text_width
    from semantic_release.changelog.template import environment

    made = environment(autoescape=False, template_dir=())  # type: ignore[arg-type]  # it may load nothing
    made.filters["autofit_text_width"] = autofit_text_width
    try:
        return made.from_string(text)
    except TemplateError as error:
        raise _bad(error) from error


def _bad(error: Exception) -> InputError:
    line = getattr(error, "lineno", None) or 0
    return InputError(
        f"the template of changelogs cannot be used: {redact.one_line(str(error))}", place=Place(TEMPLATE, line)
    )


def inserted(changelog: str, title: str, version: Version, section: str) -> str:
    """A changelog with a section before all others; unchanged where it has a section of that version.

    title  the heading of a changelog that does not exist yet
    """
    if section_of(changelog, version):
        return changelog  # written by hand, in the merge request that states the version
    first = _HEADING.search(changelog)
    if first is None:
        head = changelog.rstrip("\n") or f"# Changelog of {title}"
        return f"{head}\n\n{section}"
    return f"{changelog[: first.start()]}{section}\n{changelog[first.start() :]}"


def section_of(changelog: str, version: Version) -> str:
    """The section of a version in a changelog, "" when it has none."""
    found = re.search(rf"^## v?{re.escape(str(version))}(?:\s.*)?$", changelog, re.MULTILINE)
    if found is None:
        return ""
    following = _HEADING.search(changelog, found.end())
    return changelog[found.start() : following.start() if following else len(changelog)].strip() + "\n"


def _sections(release: ComponentRelease) -> Iterator[tuple[str, list[str]]]:
    from semantic_release.commit_parser.conventional.parser import LONG_TYPE_NAMES

    entries = sorted(release.entries, key=lambda entry: entry.claim.subject.lower())
    breaking = [entry for entry in entries if entry.bump is Bump.MAJOR]
    yield "Breaking changes", _unique(line for entry in breaking for line in _breaking(entry))
    for kind in _ORDER:
        lines = _unique(_line(entry, entry.claim.subject) for entry in entries if entry.claim.kind == kind)
        yield LONG_TYPE_NAMES.get(kind, "reverted").capitalize(), lines
    yield (
        "Found by comparing",
        _unique(
            f"- {reason.bump}: {_safe(reason.message)} (`{reason.rule}`)"
            for reason in release.demand.reasons
            if reason.bump > max(release.claimed, Bump.PATCH)
        ),
    )
    yield "Requires", [f"- {one.requirement} `{one.new}` (before: `{one.old}`)" for one in release.ranges]


def _breaking(entry: Entry) -> tuple[str, ...]:
    return tuple(_line(entry, text) for text in entry.claim.breaking or (entry.claim.subject,))


def _line(entry: Entry, text: str) -> str:
    scope = f"**{_safe(entry.claim.scope)}**: " if entry.claim.scope else ""
    request = f"{entry.claim.request}, " if entry.claim.request else ""
    return f"- {scope}{_safe(text)} ({request}`{entry.commit[:9]}`)"


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _safe(text: str) -> str:
    """What a commit says, on one line, without HTML that a browser would act on."""
    parts = _CODE.split(redact.one_line(text, 2000))
    return "".join(part if part.startswith("`") and len(part) > 1 else part.replace("<", "&lt;") for part in parts)
