"""Role names in playbooks: found in every form, replaced, and all else left byte for byte."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.pins.playbooks import rewrite, role_names

NEW = {"web": "web_0123456789ab", "base": "base_ba9876543210"}


def names(text: str) -> list[str]:
    return [role.name for role in role_names("play.yaml", text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- hosts: all\n  roles: [web, base]\n", "- hosts: all\n  roles: [W, B]\n"),
        ("- roles:\n    - web\n    - role: base  # x\n", "- roles:\n    - W\n    - role: B  # x\n"),
        ("- roles:\n    - {name: web, tags: [web]}\n", "- roles:\n    - {name: W, tags: [web]}\n"),
        ("- roles:\n    - role: 'web'\n    - \"base\"\n", "- roles:\n    - role: W\n    - B\n"),
        ("- include_role:\n    name: web\n", "- include_role:\n    name: W\n"),
        ("- import_role: {name: web, tasks_from: web}\n", "- import_role: {name: W, tasks_from: web}\n"),
        ("- include_role: {role: web}\n", "- include_role: {role: W}\n"),
        ("- ansible.builtin.include_role:\n    name: web\n", "- ansible.builtin.include_role:\n    name: W\n"),
        ("- ansible.legacy.import_role: {name: web}\n", "- ansible.legacy.import_role: {name: W}\n"),
        ("- block:\n    - include_role: {name: web}\n  rescue:\n    - include_role: {name: base}\n"
         "  always:\n    - block:\n        - import_role: {name: web}\n",
         "- block:\n    - include_role: {name: W}\n  rescue:\n    - include_role: {name: B}\n"
         "  always:\n    - block:\n        - import_role: {name: W}\n"),
        ("- tasks: [{include_role: {name: web}}]\n  handlers: [{include_role: {name: base}}]\n",
         "- tasks: [{include_role: {name: W}}]\n  handlers: [{include_role: {name: B}}]\n"),
        ("- pre_tasks: [{include_role: {name: web}}]\n  post_tasks: [{include_role: {name: base}}]\n",
         "- pre_tasks: [{include_role: {name: W}}]\n  post_tasks: [{include_role: {name: B}}]\n"),
        ("dependencies:\n  - web\n  - role: base\n    vars: {role: web}\n",
         "dependencies:\n  - W\n  - role: B\n    vars: {role: web}\n"),
        ("galaxy_info: {role_name: web}\ndependencies: []\n", "galaxy_info: {role_name: web}\ndependencies: []\n"),
        ("- roles:\n    - role: >-\n        web\n      vars: {a: 1}\n    - base\n",
         "- roles:\n    - role: W\n      vars: {a: 1}\n    - B\n"),
        ("- roles:\n    - role: &one web\n    - role: *one\n", "- roles:\n    - role: &one W\n    - role: *one\n"),
        ("- roles:\n    - role: !!str web\n", "- roles:\n    - role: !!str W\n"),
        ("- vars: &v {role: web}\n  roles:\n    - <<: *v\n      tags: x\n",
         "- vars: &v {role: W}\n  roles:\n    - <<: *v\n      tags: x\n"),
        ("---\r\n- roles:\r\n    - web\r\n", "---\r\n- roles:\r\n    - W\r\n"),
        ("\ufeff- roles: [web]\n", "\ufeff- roles: [W]\n"),
        ("# Größe 🧱 \u2028\n- name: 🧱\n  roles: [web, base]\n", "# Größe 🧱 \u2028\n- name: 🧱\n  roles: [W, B]\n"),
        ("- debug: !unsafe '{{ x }}'\n  vars: {s: !vault 'x'}\n- include_role: {name: web}\n",
         "- debug: !unsafe '{{ x }}'\n  vars: {s: !vault 'x'}\n- include_role: {name: W}\n"),
        ("- debug: {msg: web}\n  when: web is defined\n", "- debug: {msg: web}\n  when: web is defined\n"),
        ("- ? [a, b]\n  : c\n  roles: [web]\n", "- ? [a, b]\n  : c\n  roles: [W]\n"),
        ("dependencies:\n  - {src: web, version: v1}\n", "dependencies:\n  - {src: W, version: v1}\n"),
        ("dependencies:\n  - {src: https://h/x, name: web}\n", "dependencies:\n  - {src: https://h/x, name: W}\n"),
        ("", ""),
        ("# nothing\n", "# nothing\n"),
        ("just text\n", "just text\n"),
    ],
)  # fmt: skip
def test_names_are_replaced_and_nothing_else(before: str, after: str) -> None:
    wanted = after.replace("W", NEW["web"]).replace("B", NEW["base"])
    assert rewrite("play.yaml", before, NEW.get) == wanted


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("- roles:\n    - unknown\n", "2:7", "the role 'unknown' is not in the lock"),
        ("- roles:\n    - community.docker.engine\n", "2:7", "is not in the lock"),
        ('- include_role: {name: "{{ x }}"}\n', "1:24", "must be written out"),
        ("- roles: [web\n", "2:1", "not YAML"),
        ("- roles: [web]\n---\n- roles: [web]\n", "2:1", "not YAML"),
        ("- include_role: name=web\n", "1:17", "write the included role as `name: ROLE`"),
        ("- include_role:\n  args: {name: web}\n", "1:16", "write the included role as `name: ROLE`"),
        ("- include_role: {tasks_from: x}\n", "1:17", "write the included role as `name: ROLE`"),
        ("dependencies:\n  - src: https://example.org/role\n", "2:10", "'https://example.org/role' is not in the lock"),
        ("dependencies:\n  - {src: https://example.org/role, name: x}\n", "2:43", "the role 'x' is not in the lock"),
        ("- roles: [[web]]\n", "1:11", "write the role as `role: NAME`"),
        ("- roles: [{tags: x}]\n", "1:11", "write the role as `role: NAME`"),
    ],
)
def test_what_cannot_be_locked_is_refused_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        rewrite("play.yaml", text, NEW.get)
    assert str(caught.value.place) == f"play.yaml:{place}"


def test_control_characters_and_deep_nesting_are_refused() -> None:
    for text in ("- a: \x01\n", "[" * 3000):
        with pytest.raises(InputError, match="not YAML"):
            role_names("play.yaml", text)


def test_names_come_in_the_order_of_the_text() -> None:
    assert names("- roles: [base, web]\n  tasks: [{include_role: {name: base}}]\n") == ["base", "web", "base"]


COMMENTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["web", "base"]), COMMENTS, st.sampled_from(["", "'", '"'])), max_size=6))
def test_a_rewritten_play_says_the_same_with_other_names(rows: list[tuple[str, str, str]]) -> None:
    lines = [f"    - role: {quote}{name}{quote}  # {comment}" for name, comment, quote in rows]
    text = "\n".join(["- hosts: all", "  roles:", *lines, "    []" if not rows else "", "  tags: [web]"]) + "\n"
    made = rewrite("play.yaml", text, NEW.get)
    old, new = (yaml.safe_load(part)[0] for part in (text, made))
    assert [role["role"] for role in new["roles"]] == [NEW[role["role"]] for role in old["roles"]]
    assert {**new, "roles": None} == {**old, "roles": None}
    assert [line.split("#", 1)[1:] for line in made.split("\n")] == [
        line.split("#", 1)[1:] for line in text.split("\n")
    ]
