"""The commit and the tags of a release as objects of git: nothing leads to them yet, so nothing has happened.

They are made with an index and, for the tags, a repository of their own in a temporary folder; the
work tree, the index and the refs of the clone play no part.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mattone.errors import HostError
from mattone.git import MATTONE, ZERO, RefChange, Repository, Signature
from mattone.process import CommandFailed
from mattone.releases.lineage import TAGS
from mattone.releases.model import Plan

TRAILER = "Release"

_TAG_NAMES = re.compile(rf"^{TRAILER}: (\S+)$", re.MULTILINE)
_TAG = "%(objectname) %(refname) %(if)%(contents:signature)%(then)yes%(else)no%(end)"
_SUBJECT = "chore(release): "


@dataclass(frozen=True, slots=True)
class Made:
    """A release that is ready to land: its commit on `base`, and its tag objects by name."""

    base: str
    commit: str
    tags: Mapping[str, str]

    def changes(self, branch: str) -> tuple[RefChange, ...]:
        """The one transaction that makes it happen. The branch comes first: its commit names the tags.

        So whoever finds the commit without its tags, since git itself was killed, can make them.
        """
        tags = (RefChange(TAGS + name, tag, ZERO) for name, tag in self.tags.items())
        moved = () if self.base == self.commit else (RefChange(branch, self.commit, self.base),)
        return (*moved, *tags)


def make(repository: Repository, plan: Plan, files: Mapping[str, bytes], sections: Mapping[str, str]) -> Made:
    """Commit and tag objects of a plan.

    files     what the commit changes, by path; without any, the tags are on the plan's own commit
    sections  the changelog of each release, by tag; the message of the tag
    Raises HostError when signing is configured and does not work.
    """
    messages = {release.tag: f"{release.component} {release.version}\n" for release in plan.releases}
    messages = {tag: f"{text}\n{sections[tag]}" if sections.get(tag) else text for tag, text in messages.items()}
    with _signing():
        commit = _commit(repository, plan, files) if files else plan.commit
        return Made(plan.commit, commit, make_tags(repository, commit, messages))


def message(plan: Plan) -> str:
    """The message of the commit: every release in a line, every tag in a trailer."""
    lines = [
        f"{release.component}: {release.last.version if release.last else 'new'} -> {release.version}"
        for release in plan.releases
    ]
    trailers = [f"{TRAILER}: {release.tag}" for release in plan.releases]
    return "\n".join([plan.subject, "", *lines, "", *trailers]) + "\n"


def tags_of(text: str) -> tuple[str, ...]:
    """The tags that the message of a release's commit names; none for another commit."""
    return tuple(_TAG_NAMES.findall(text)) if text.startswith(_SUBJECT) else ()


def _commit(repository: Repository, plan: Plan, files: Mapping[str, bytes]) -> str:
    tree = repository.write_tree(files, onto=plan.commit)
    sign = _setting(repository, "commit.gpgsign", "--type=bool") == "true"
    return repository.write_commit(tree, [plan.commit], message(plan), identity(repository), sign=sign)


def make_tags(repository: Repository, commit: str, messages: Mapping[str, str]) -> dict[str, str]:
    """Annotated tag objects by name, signed when git is told to or knows a key. No ref of the clone moves.

    git makes them itself, in a repository that is thrown away and keeps its objects in this one: so
    OpenPGP, SSH and X.509 keys work as they do for `git tag`.
    """
    wanted = _setting(repository, "tag.gpgsign", "--type=bool")
    sign = wanted == "true" or (wanted != "false" and bool(_setting(repository, "user.signingkey")))
    who = identity(repository)
    with tempfile.TemporaryDirectory(prefix="mattone-tags-") as folder:
        scratch = Repository.init_bare(Path(folder))
        env = {
            **_settings(repository),
            "GIT_OBJECT_DIRECTORY": _objects(repository),
            "GIT_COMMITTER_NAME": who.name,
            "GIT_COMMITTER_EMAIL": who.email,
        }
        how = ("--sign",) if sign else ("--annotate", "--no-sign")
        for name, text in messages.items():
            scratch.run("tag", *how, "--cleanup=verbatim", "--file=-", name, commit, stdin=text, env=env)
        lines = scratch.run("for-each-ref", f"--format={_TAG}", TAGS, env=env).output.splitlines()
    made = {ref: (tag, signed) for tag, ref, signed in (line.split(" ") for line in lines)}
    if sign and any(signed == "no" for _, signed in made.values()):
        raise _unsigned("the key of user.signingkey gave no signature")  # git 2.39 says so and goes on
    return {name: made[TAGS + name][0] for name in messages}


def identity(repository: Repository) -> Signature:
    """Who releases: as git's own settings say, else mattone."""
    name, email = _setting(repository, "user.name"), _setting(repository, "user.email")
    return Signature(name, email) if name and email else MATTONE


def _setting(repository: Repository, key: str, *options: str) -> str:
    return repository.run("config", *options, "--get", key, accept=(0, 1)).output.strip()


def _settings(repository: Repository) -> dict[str, str]:
    """The settings that concern signing, for another repository, as environment variables."""
    listed = repository.run("config", "--null", "--get-regexp", r"^(gpg|user)\.", accept=(0, 1)).output
    rows = [entry.partition("\n") for entry in listed.split("\0") if entry]
    found = {"GIT_CONFIG_COUNT": str(len(rows))}
    for number, (key, _, value) in enumerate(rows):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _objects(repository: Repository) -> str:
    return repository.run("rev-parse", "--path-format=absolute", "--git-path", "objects").output.strip()


@contextmanager
def _signing() -> Iterator[None]:
    """Turns git's failure to sign into a message that says what to do."""
    try:
        yield
    except CommandFailed as error:
        said = error.result.errors.strip()
        if "sign" not in said and "gpg" not in said:
            raise
        raise _unsigned(said.splitlines()[-1]) from error


def _unsigned(why: str) -> HostError:
    hint = "see `git config --get-regexp '^(gpg|user|tag)'`; nothing was released"
    return HostError(f"git could not sign the release: {why}", hint=hint)
