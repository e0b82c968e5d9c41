"""What holds on a machine after one account left the list."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture
def login(host):
    """Runs a command over SSH as an account, with the key of the machines."""
    known = host.ansible.get_variables()

    def run(account: str, *command: str) -> subprocess.CompletedProcess[str]:
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        words = ["ssh", "-i", known["ansible_private_key_file"], *(word for o in options for word in ("-o", o))]
        words += [f"{account}@{known['ansible_host']}", *command]
        return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)

    return run


def test_an_account_logs_in_and_becomes_root_when_it_may(login):
    assert login("ada", "sudo", "-n", "id", "-un").stdout == "root\n"


def test_an_account_without_sudo_logs_in_and_stays_what_it_is(login):
    assert login("grace", "id", "-un").stdout == "grace\n"
    assert login("grace", "sudo", "-n", "true").returncode == 1


def test_an_account_off_the_list_is_closed_even_with_a_key_of_its_own(host, login):
    assert login("leaver", "true").returncode == 255
    assert host.user("leaver").shell == "/usr/sbin/nologin"
    assert host.file("/home/leaver").is_directory


def test_sudo_rights_are_those_of_the_list(host):
    with host.sudo():
        text = host.file("/etc/sudoers.d/50-os-users").content_string
    assert "ada ALL" in text
    assert "leaver" not in text


def test_accounts_have_no_password(host):
    with host.sudo():
        assert host.user("ada").password == "*"  # noqa: S105 # no password is what this is


def test_an_account_of_the_system_is_refused_and_stays_untouched(host):
    with host.sudo():
        assert "root exists" in host.file("/root/refusal").content_string
        assert not host.file("/etc/ssh/os_users.d/root").exists


def test_the_account_of_the_platform_still_gets_in(login):
    assert login("cloudadm", "sudo", "-n", "true").returncode == 0
