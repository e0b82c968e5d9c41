"""The text of the port rules; that the kernel obeys them is tested on real machines."""

from __future__ import annotations

import ipaddress

import pytest

from mattone.machines import firewall
from mattone.machines.interface import PortRule

SUBNET = ipaddress.IPv4Network("10.213.1.0/24")


def test_without_rules_only_answers_echo_and_ssh_from_the_workspace_come_in() -> None:
    text = firewall.ruleset((), SUBNET)
    assert "policy drop;" in text
    assert text.count(" accept") == 4
    assert "ip saddr 10.213.1.0/24 tcp dport 22 accept" in text


def test_the_old_table_is_replaced_in_the_same_transaction() -> None:
    lines = firewall.ruleset((), SUBNET).splitlines()
    assert lines[:3] == ["table inet machine {}", "delete table inet machine", "table inet machine {"]


def test_each_rule_becomes_one_line_with_its_family_source_and_ports() -> None:
    rules = (
        PortRule("tcp", 80, 80),
        PortRule("udp", 5000, 5010, "192.0.2.0/24"),
        PortRule("tcp", 443, 443, "2001:db8::/32"),
        PortRule("tcp", 25, 25, "::/0"),
    )
    text = firewall.ruleset(rules, SUBNET)
    assert "    meta nfproto ipv4 tcp dport 80 accept" in text
    assert "    meta nfproto ipv4 ip saddr 192.0.2.0/24 udp dport 5000-5010 accept" in text
    assert "    meta nfproto ipv6 ip6 saddr 2001:db8::/32 tcp dport 443 accept" in text
    assert "    meta nfproto ipv6 ip6 saddr ::/0 tcp dport 25 accept" in text


def test_the_order_of_the_rules_does_not_matter() -> None:
    one, two = PortRule("tcp", 80, 80), PortRule("tcp", 443, 443)
    assert firewall.ruleset((one, two), SUBNET) == firewall.ruleset((two, one, one), SUBNET)


@pytest.mark.parametrize(
    "rule",
    [PortRule("tcp", 1, 1, "0.0.0.0/0 accept; flush ruleset"), PortRule("tcp accept;", 1, 1), PortRule("", 1, 1)],
)
def test_a_rule_that_escaped_the_checks_cannot_write_into_the_ruleset(rule: PortRule) -> None:
    with pytest.raises((ValueError, KeyError)):
        firewall.ruleset((rule,), SUBNET)
