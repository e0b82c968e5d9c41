"""`mattone request`: ask for a deployment, for a change of one, or for its removal."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

EXAMPLES = (
    "mattone request                                             asks for everything",
    "mattone request jupyterlab school/notebooks --set num_cpus=2 --secret token=env:NOTEBOOK_TOKEN --yes",
    "mattone request - school/notebooks --set mem_size='4 GB'    change what is there",
    "mattone request - school/notebooks --delete                 ask for its removal",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("service", nargs="?", help="a service of the catalogue; `-` keeps the one it has")
    parser.add_argument("deployment", nargs="?", metavar="GROUP/NAME")
    parser.add_argument("--set", action="append", default=[], metavar="INPUT=VALUE", help="an input, as YAML")
    parser.add_argument("--unset", action="append", default=[], metavar="INPUT", help="back to the default")
    parser.add_argument("--secret", action="append", default=[], metavar="INPUT=REF", help="a secret, as env:NAME")
    parser.add_argument("--version", default="", metavar="RANGE", help="range of service versions (compatible ones)")
    parser.add_argument("--provider", default="", help="where to run it (the group's preferred one)")
    parser.add_argument("--description", default="", help="what it is for")
    parser.add_argument("--title", default="", help="title of the merge request")
    parser.add_argument("--author", default="", help="your account at the forge (git's user.name)")
    parser.add_argument("--delete", action="store_true", help="ask for its removal")
    parser.add_argument("--yes", action="store_true", help="ask no questions")
    common(parser)


def run(
    service: str | None,
    deployment: str | None,
    set: Sequence[str],
    unset: Sequence[str],
    secret: Sequence[str],
    version: str,
    provider: str,
    description: str,
    title: str,
    author: str,
    delete: bool,
    yes: bool,
    repo: Path,
    output: str,
) -> int:
    """Compose the file, check it, lock it, show it, and open the merge request."""
    from mattone import terminal
    from mattone.commands import _questions as questions
    from mattone.reconcile.request import Draft, compose, open_merge_request, start

    desk = start(repo, author)
    ask = not yes
    name = deployment or questions.deployment(ask)
    draft = Draft(
        deployment=name,
        service="" if service in (None, "-") else service,
        version=version,
        provider=provider,
        description=description,
        values={**_pairs(set, "--set", as_yaml=True), **_secrets(secret)},
        unset=tuple(unset),
        delete=delete,
    )
    if ask and not delete:
        draft = questions.complete(desk, draft, any_given=bool(set or secret or unset))
    proposal = compose(desk, draft, title)
    if ask and not questions.confirm(proposal):
        terminal.say("nothing was sent")
        return EXIT_DONE
    request = open_merge_request(desk, proposal)
    if output == "json":
        terminal.say_json({"merge_request": request.iid, "branch": request.source_branch, "head": request.head})
    else:
        terminal.say(f"opened !{request.iid}: {request.title}")
        terminal.say(
            f"next: `mattone pipeline {request.iid}` checks and plans it, `mattone mr show {request.iid}` shows it"
        )
    return EXIT_DONE


def _pairs(words: Sequence[str], option: str, *, as_yaml: bool) -> dict[str, object]:
    import yaml

    found: dict[str, object] = {}
    for word in words:
        name, separator, text = word.partition("=")
        if not (name and separator):
            raise InputError(f"{option} {word!r} has no `=`", hint=f"write {option} INPUT=VALUE")
        try:
            found[name] = yaml.safe_load(text) if as_yaml else text
        except yaml.YAMLError as error:
            raise InputError(f"{option} {name}: the value is no YAML: {text!r}", hint="put texts in quotes") from error
    return found


def _secrets(words: Sequence[str]) -> dict[str, object]:
    return {name: {"secret": reference} for name, reference in _pairs(words, "--secret", as_yaml=False).items()}
