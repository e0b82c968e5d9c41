"""The SSH side of a workspace: one key pair for all machines, a host key for each, and the way in.

The host makes a machine's host key before its first boot and writes it to the workspace's
known_hosts: there is no first connection that trusts whoever answers.
"""

from __future__ import annotations

import time
from pathlib import Path

from mattone import process
from mattone.errors import HostError, TransientError
from mattone.machines.layout import Layout, write_atomically

USER = "cloudadm"
_HINT = "apt-get install openssh-client"


def ensure_pair(layout: Layout) -> Path:
    """The workspace's private key (ed25519, mode 0600), made when it is missing."""
    private = layout.ssh / "id_ed25519"
    if private.exists() and private.with_suffix(".pub").exists():
        return private
    with layout.lock(".keys"):
        if not (private.exists() and private.with_suffix(".pub").exists()):
            layout.ssh.mkdir(parents=True, exist_ok=True, mode=0o700)
            _generate(private, "mattone machines")
    return private


def _generate(private: Path, comment: str) -> None:
    fresh = private.with_name(f".{private.name}.new")
    for stale in (fresh, fresh.with_name(fresh.name + ".pub")):
        stale.unlink(missing_ok=True)
    keygen = process.require("ssh-keygen", hint=_HINT)
    process.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(fresh)], timeout=60)
    fresh.with_name(fresh.name + ".pub").replace(private.with_suffix(".pub"))
    fresh.replace(private)  # last: the private key stands for the pair


def seed(layout: Layout, name: str, address: str) -> None:
    """Lay out what a machine takes over at its first boot: who may log in, its host key, its /etc/hosts."""
    folder = layout.seed(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    host_key = folder / "ssh_host_ed25519_key"
    if not (host_key.exists() and host_key.with_suffix(".pub").exists()):
        _generate(host_key, name)
    public = ensure_pair(layout).with_suffix(".pub").read_text()
    write_atomically(folder / "authorized_keys", public)
    write_atomically(
        folder / "hosts", f"127.0.0.1 localhost\n{address} {name}\n::1 ip6-localhost ip6-loopback\n", 0o644
    )
    remember(layout, address, host_key.with_suffix(".pub").read_text())


def remember(layout: Layout, address: str, public: str | None) -> None:
    """Make `public` the one known host key of an address; None forgets the address."""
    known = layout.ssh / "known_hosts"
    with layout.lock(".known_hosts"):
        lines = known.read_text().splitlines() if known.exists() else []
        kept = [line for line in lines if line.split(" ", 1)[0] != address]
        if public is not None:
            kept.append(" ".join([address, *public.split()[:2]]))
        if kept != lines:
            write_atomically(known, "".join(f"{line}\n" for line in sorted(kept)))


def ssh(layout: Layout, address: str) -> list[str]:
    """The command, up to the destination, that logs in at an address; the remote command is added as one argument."""
    return [
        process.require("ssh", hint=_HINT),
        *("-F", "none", "-i", str(layout.ssh / "id_ed25519")),
        *("-o", f"UserKnownHostsFile={_quoted(layout.ssh / 'known_hosts')}", "-o", "GlobalKnownHostsFile=none"),
        *("-o", "StrictHostKeyChecking=yes", "-o", "HostKeyAlgorithms=ssh-ed25519", "-o", "IdentitiesOnly=yes"),
        *("-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR"),
        f"{USER}@{address}",
    ]


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("%", "%%") + '"'


def wait(layout: Layout, address: str, patience: float = 90.0) -> None:
    """Return when a login at the address works.

    Raises HostError for a wrong host key, TransientError after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    program, *options = ssh(layout, address)
    while True:
        # While a machine boots, a short attempt is soon followed by one that works; ssh takes the first value.
        answer = process.run([program, "-o", "ConnectTimeout=2", *options, "true"], accept=range(256), timeout=60)
        if answer.code == 0:
            return
        if "host key verification failed" in answer.errors.lower():
            raise HostError(f"the machine at {address} shows another host key than the one it was given")
        if time.monotonic() > deadline:
            raise TransientError(
                f"SSH at {address} did not answer within {patience:.0f} s: {answer.errors.strip()}",
                hint="the host may be overloaded; the same command goes on from here",
            )
        time.sleep(0.1)
