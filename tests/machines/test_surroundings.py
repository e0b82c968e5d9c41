"""What an image takes over from its host: package sources, certificate authorities, package index."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.errors import HostError
from mattone.machines import surroundings

DEBIAN = """\
Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib vendor
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://vendor.example/apt
Suites: bookworm-vendor
Components: main

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: bookworm
Components: main
"""
UBUNTU = """\
# one-line form
deb [arch=amd64 signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://mirror.example/ubuntu noble main
deb http://mirror.example/ubuntu noble-security main universe # security
deb-src http://mirror.example/ubuntu noble main
deb [signed-by=/etc/apt/keyrings/docker.gpg] https://vendor.example/ubuntu noble stable main
deb cdrom:[Ubuntu]/ noble main
deb https://vendor.example/ubuntu noble stable
deb http://mirror.example/ubuntu noble-proposed main
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The part of a Debian host's file system that is read."""
    (tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian"\n')
    (tmp_path / "etc/apt/sources.list.d/debian.sources").write_text(DEBIAN)
    return tmp_path


def test_only_the_distributions_own_sources_are_taken(host: Path) -> None:
    (host / "etc/apt/sources.list.d/vendor.list").write_text("deb https://vendor.example/apt bookworm main\n")
    sources = surroundings.read(host, {}).sources
    assert (
        "URIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main contrib\n" in sources
    )
    assert "Suites: bookworm-security" in sources
    assert "vendor" not in sources
    assert "off" not in sources
    assert sources.count("Types: deb\n") == 2
    assert sources.count("Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg") == 2


def test_the_one_line_form_is_read_too_and_foreign_keys_are_left_out() -> None:
    found = surroundings.stanzas_of_list(UBUNTU, "ubuntu", "noble")
    assert [stanza.splitlines()[1:4] for stanza in found] == [
        ["URIs: http://mirror.example/ubuntu", "Suites: noble", "Components: main"],
        ["URIs: http://mirror.example/ubuntu", "Suites: noble-security", "Components: main universe"],
    ]


def test_a_mirror_list_of_the_host_is_replaced_by_its_first_mirror(host: Path) -> None:
    (host / "etc/apt/mirrors").mkdir()
    (host / "etc/apt/mirrors/debian.list").write_text("# cloud\nhttps://mirror.example/cloud\nhttps://other.example\n")
    text = "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n"
    (host / "etc/apt/sources.list.d/debian.sources").write_text(text)
    assert "URIs: https://mirror.example/cloud\n" in surroundings.read(host, {}).sources


def test_a_host_of_another_kind_or_without_sources_is_refused_with_what_to_do(host: Path) -> None:
    (host / "etc/apt/sources.list.d/debian.sources").write_text("")
    with pytest.raises(HostError) as caught:
        surroundings.read(host, {})
    assert "debian.sources" in caught.value.hint
    (host / "etc/os-release").write_text('ID="fedora"\n')
    with pytest.raises(HostError, match="fedora"):
        surroundings.read(host, {})
    (host / "etc/os-release").unlink()
    with pytest.raises(HostError, match="unknown"):
        surroundings.read(host, {})


def test_extra_authorities_are_passed_on_and_told_to_the_programs_that_have_their_own(host: Path) -> None:
    assert surroundings.read(host, {}).pip == ""
    assert "PIP_CERT" not in surroundings.read(host, {}).environment
    (host / "usr/local/share/ca-certificates").mkdir(parents=True)
    (host / "usr/local/share/ca-certificates/site.crt").write_text("PEM")
    found = surroundings.read(host, {})
    assert found.certificates == (("site.crt", "PEM"),)
    assert "PIP_CERT=/etc/ssl/certs/ca-certificates.crt\n" in found.environment
    assert found.pip == "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n"


def test_the_package_index_of_the_host_is_passed_on_but_not_what_a_machine_cannot_reach(host: Path) -> None:
    (host / "etc/pip.conf").write_text(
        "[global]\nindex-url = https://user:word@index.example/simple\n"
        "extra-index-url =\n    file:///opt/simple\n    http://localhost:3141/x\n    https://more.example/simple\n"
        "find-links = /opt/wheels\nconstraint = /etc/constraints.txt\n"
    )
    text = surroundings.read(host, {"PIP_TRUSTED_HOST": "index.example"}).pip
    assert text == (
        "[global]\nindex-url = https://user:word@index.example/simple\n"
        "extra-index-url = https://more.example/simple\ntrusted-host = index.example\n"
    )


def test_the_environment_wins_over_files_and_a_damaged_file_is_left_to_pip(host: Path) -> None:
    (host / "etc/pip.conf").write_text("[global]\nindex-url = https://file.example/simple\n")
    home = host / "home"
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("not an ini file")
    variables = {"HOME": str(home), "PIP_INDEX_URL": "https://env.example/simple"}
    assert surroundings.read(host, variables).pip == "[global]\nindex-url = https://env.example/simple\n"
