"""The questions of `mattone request`: one an input, checked at once, with its default."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mattone import terminal
from mattone.errors import InputError, MattoneError

if TYPE_CHECKING:
    from mattone.platform.forms import FormField
    from mattone.reconcile.request import Desk, Draft, Proposal
    from mattone.tosca.template import ServiceTemplate


def deployment(ask: bool) -> str:
    """The deployment's name. Raises InputError when nobody can be asked."""
    if not ask:
        raise InputError("which deployment?", hint="give GROUP/NAME, for example school/notebooks")
    while True:
        name = _answer("deployment, as <group>/<name>")
        try:
            from mattone.platform.deployments import split_id

            split_id(name)
        except MattoneError as error:
            terminal.complain(error)
            continue
        return name


def complete(desk: Desk, draft: Draft, *, any_given: bool) -> Draft:
    """Ask for the service and for each input that was not given; all of them when none was."""
    if not draft.service and desk.present(draft.deployment) is None:
        terminal.say(f"services: {', '.join(desk.services())}")
        draft = replace(draft, service=_answer("service", desk.services()[0] if desk.services() else ""))
    from mattone.reconcile.request import template_for

    template = template_for(desk, draft)
    present = desk.present(draft.deployment)
    known: dict[str, Any] = dict(present.inputs) if present else {}
    service = draft.service or (present.service if present else "")
    fields = _fields(desk, service, draft.deployment.partition("/")[0])
    values = dict(draft.values)
    for name, declared in template.inputs.items():
        needed = declared.required and not declared.has_default and name not in known
        if name in values or (any_given and not needed):
            continue
        answer = _input(template, name, known.get(name), fields.get(name))
        if answer is not None:
            values[name] = answer
    return replace(draft, values=values)


def _fields(desk: Desk, service: str, group: str) -> Mapping[str, FormField]:
    """The request form as a group sees it on the default branch, by input; nothing when the service has none."""
    from mattone.platform.forms import load_form

    form, _ = load_form(desk.tree, service)
    return {name: one.seen_by(group) for name, one in form.fields.items()} if form is not None else {}


def _input(template: ServiceTemplate, name: str, present: Any, field: FormField | None = None) -> Any:
    """The answer as a plain value, asked for until the template accepts it; None for "leave it"."""
    declared = template.inputs[name]
    terminal.say(f"\n{name} ({declared.schema.type}): {declared.description or 'no description'}")
    for line in _told(field) if field is not None else ():
        terminal.say(f"  {line}")
    default = present if present is not None else declared.default if declared.has_default else None
    shown = _shown(default)
    while True:
        text = _answer(name, shown)
        if text == shown and (shown or not declared.required or declared.has_default):
            return None
        if _accepted(template, name, text):
            return _value(text)


def _told(field: FormField) -> Iterator[str]:
    """What a form says of a field: its label and notes, a warning, and what can be chosen."""
    from mattone.redact import one_line

    for attribute, before in (("label", ""), ("info_box", ""), ("warning", "warning: "), ("placeholder", "such as ")):
        if field.body.get(attribute):
            yield before + one_line(str(field.body[attribute]), 400)
    labels = field.body.get("values")
    named = labels if isinstance(labels, dict) and field.tag != "dependent_select" else {}
    # A choice that depends on another answer is shown once, whichever answers offer it.
    choices = dict.fromkeys(_shown(value) for value, _ in field.choices())
    known = {_shown(value): str(label) for value, label in named.items()}
    if choices:
        yield "choices: " + ", ".join(
            one_line(f"{one} ({known[one]})" if known.get(one, one) != one else one, 80) for one in choices
        )


def _accepted(template: ServiceTemplate, name: str, text: str) -> bool:
    """Whether the template takes the answer; what is wrong is said."""
    import yaml

    from mattone.reconcile.request import problems

    try:
        found = problems(template, name, _value(text))
    except yaml.YAMLError:
        terminal.say("that is no YAML; put texts with special characters in quotes")
        return False
    for one in found:
        terminal.say(f"  {one.message}. {one.hint}")
    return not found


def _value(text: str) -> Any:
    """An answer as a value: a reference to a secret, or YAML."""
    import yaml

    return {"secret": text} if text.startswith(("env:", "vault:")) else yaml.safe_load(text)


def _shown(value: Any) -> str:
    """A default on one line, as one would type it."""
    import yaml

    if value is None:
        return ""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()


def confirm(proposal: Proposal) -> bool:
    """Show the files and ask whether to send them."""
    for path, data in proposal.files.items():
        terminal.say(f"\n{path}{':' if data is not None else ': removed'}")
        if data is not None and not path.endswith(".lock.yaml"):
            terminal.say(data.decode().rstrip("\n"))
    return _answer("\nopen the merge request?", "yes").lower() in {"y", "yes"}


def _answer(question: str, default: str = "") -> str:
    if not sys.stdin.isatty() and sys.stdin.closed:
        raise InputError(f"{question}: nobody can be asked here", hint="give the values as options, and --yes")
    try:
        text = input(f"{question}{f' [{default}]' if default else ''}: ").strip()
    except EOFError:
        raise InputError(f"{question}: no answer", hint="give the values as options, and --yes") from None
    return text or default
