"""The kinds of fields that request forms have, and the attributes of each: those of INFN Cloud's dashboard.

The reader, the checks, the JSON Schema, the editor and the reference all go by these tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from mattone.platform.fields import Field
from mattone.tosca import units

_STRING = frozenset({"string"})
_STRINGS = frozenset({"string", "json", "xml", "bytes"})
_TEXTS = _STRINGS | {"version", "timestamp", *units.UNITS}


@dataclass(frozen=True, slots=True)
class Tag:
    """A kind of field.

    fits    the primitive types of inputs that it can fill; empty: any
    needs   attributes that it cannot do without, `takes`: others of its own
    hidden  nobody sees it: it needs no label and no tab
    fills   whether the field is named as the input that it fills; else it fills others, or none
    keeps   it takes a secret without showing it
    """

    description: str
    fits: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    hidden: bool = False
    fills: bool = True
    keeps: bool = False


def _hidden(description: str, *needs: str, fills: bool = True, keeps: bool = False, fits: str = "string") -> Tag:
    return Tag(description, frozenset({fits}), needs, hidden=True, fills=fills, keeps=keeps)


TAGS: dict[str, Tag] = {
    "text": Tag("a line of text", _TEXTS),
    "textarea": Tag("several lines of text", _STRINGS, takes=("rows",)),
    "integer": Tag("a whole number", frozenset({"integer", "float"})),
    "float": Tag("a number", frozenset({"float"})),
    "boolean": Tag("true or false", frozenset({"boolean"})),
    "list": Tag("a list that grows", frozenset({"list"}), ("entry_type",), ("required_ports",)),
    "map": Tag("names and values, a list that grows", frozenset({"map"}), ("entry_type",), ("required_ports",)),
    "scalar-unit.size": Tag("a size, with its unit", frozenset({"scalar-unit.size"})),
    "hostname": Tag("a DNS name", _STRING),
    "email": Tag("an address of e-mail", _STRING),
    "password": Tag("a password that one types", _STRING, keeps=True),
    "select": Tag("one of `values`", needs=("values",)),
    "radio": Tag("one of `values`, all of them in sight", needs=("values",)),
    "multiselect": Tag("some of `values`", frozenset({"list", "string"}), ("values",), ("delimiter",)),
    "toggle": Tag("on or off: the first of `values`, or the second", needs=("values",)),
    "dependent_select": Tag("one of the `values` that go with the choice in `parent`", needs=("values", "parent")),
    "dependent_definition": Tag("another field for each choice in `parent`", needs=("values", "parent"), hidden=True),
    "combined": Tag("one of `values`, each of which sets several inputs", needs=("values",), fills=False),
    "ssh_pub_key_type": Tag("a public SSH key", _STRING),
    "hidden": Tag("a fixed value, the `default`", hidden=True),
    "random_password": Tag("a password that is made up", _STRING, hidden=True, keeps=True),
    "uuidgen": Tag("a new UUID", _STRING, takes=("extra_specs",), hidden=True),
    "ssh_user": _hidden("the account of the person who asks", fits="list"),
    "userinfo": _hidden("what is known of the person who asks", "attribute"),
    "ldap_user": _hidden("a new LDAP account, whose name and password fill the `inputs`", "inputs", fills=False),
    "openstack_ec2credentials": _hidden("EC2 credentials at the store of `url`", "url", fills=False),
    "swift_token": _hidden("a token for Swift", keeps=True),
    "swift_autouuid": _hidden("a name for a container in Swift"),
}
# What entries of lists and maps can be: the primitive type, or the data types, of the entries of the input.
ENTRIES: dict[str, frozenset[str]] = {
    "string": _TEXTS,
    "map": frozenset({"map"}),
    "PortSpec": frozenset({"tosca.datatypes.network.PortSpec", "tosca.datatypes.indigo.network.PortSpec"}),
    "ssh_user": frozenset({"tosca.datatypes.indigo.User"}),
}
COMMON = {
    "tag_type": Field(str, True, "the kind of field; one of those below"),
    "tab": Field(str, False, "the tab that shows it; every field that one sees has one"),
    "label": Field(str, False, "the words beside it; every field that one sees has them"),
    "default": Field(object, False, "what stands there at first, instead of the input's default"),
    "required": Field(bool, False, "whether it may not be left empty"),
    "updatable": Field(bool, False, "whether it can change while a deployment lives; the same as in `service.yaml`"),
    "printable": Field(bool, False, "whether the value is shown afterwards (true); false for a secret"),
    "placeholder": Field(str, False, "an example, shown while the field is empty"),
    "info_box": Field(str, False, "a remark below it"),
    "warning": Field(str, False, "a warning below it"),
    "group_overrides": Field(dict, False, "attributes that are other for a group: its name to a mapping of them"),
}
OWN = {
    "values": Field(object, False, "what can be chosen: a list, or a mapping from each value to its label"),
    "parent": Field(str, False, "the field, a `select`, `radio` or `dependent_select`, that it depends on"),
    "entry_type": Field(str, False, f"what its entries are: {', '.join(f'`{one}`' for one in ENTRIES)}"),
    "required_ports": Field(dict, False, "ports that are open whatever is typed: a map of PortSpec"),
    "rows": Field(int, False, "its height in lines"),
    "delimiter": Field(str, False, "what joins the choices to one text, for an input that is a string"),
    "extra_specs": Field(dict, False, "`prefix` and `suffix` of the UUID"),
    "attribute": Field(str, False, "what of the person, for example `sub`"),
    "inputs": Field(dict, False, "the inputs that take `username` and `password`"),
    "url": Field(str, False, "the URL of the object store"),
}
FORM_FIELDS = {
    "tabs": Field(dict, True, "the tabs in their order: a name to the words on it"),
    "inputs": Field(dict, True, "the fields in their order: the input's name to its attributes, as below"),
}
FIELD_FIELDS = {**COMMON, **OWN}
