"""Port rules: an nftables table inside the network of a machine, which the machine itself cannot change."""

from __future__ import annotations

import ipaddress

from mattone import process
from mattone.errors import HostError
from mattone.machines.interface import PortRule

TABLE = "inet machine"


def ruleset(rules: tuple[PortRule, ...], subnet: ipaddress.IPv4Network) -> str:
    """The text for `nft -f`, which replaces the table in one step (nft(8)).

    Nothing comes in but answers, ICMP echo, SSH from the workspace's own network, and what the
    rules name.
    """
    accepts = [f"    {_match(rule)} accept" for rule in sorted(set(rules), key=_order)]
    lines = [
        f"table {TABLE} {{}}",
        f"delete table {TABLE}",
        f"table {TABLE} {{",
        "  chain input {",
        "    type filter hook input priority filter; policy drop;",
        '    iifname "lo" accept',
        "    ct state established,related accept",
        "    icmp type echo-request accept",
        f"    ip saddr {subnet} tcp dport 22 accept",
        *accepts,
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _order(rule: PortRule) -> tuple[str, int, int, str]:
    return (rule.protocol, rule.first, rule.last, rule.source)


def _match(rule: PortRule) -> str:
    network = ipaddress.ip_network(rule.source)  # also keeps anything but a network out of the text
    family = "ip" if network.version == 4 else "ip6"
    ports = str(int(rule.first)) if rule.first == rule.last else f"{int(rule.first)}-{int(rule.last)}"
    protocol = {"tcp": "tcp", "udp": "udp"}[rule.protocol]
    source = "" if network.prefixlen == 0 and family == "ip" else f"{family} saddr {network} "
    return f"meta nfproto {'ipv4' if family == 'ip' else 'ipv6'} {source}{protocol} dport {ports}"


def apply(pid: int, rules: tuple[PortRule, ...], subnet: ipaddress.IPv4Network) -> None:
    """Set the rules in the network of the machine with that first process. Raises HostError."""
    nft = process.require("nft", hint="apt-get install nftables")
    command = ["nsenter", "--target", str(pid), "--net", "--", nft, "--file", "-"]
    try:
        process.run(command, stdin=ruleset(rules, subnet), timeout=30)
    except process.CommandFailed as error:
        raise HostError(
            f"the port rules of a machine cannot be set: {error.message}",
            hint="the kernel needs nf_tables and conntrack",
        ) from error
