"""Digests of images from a real registry, and from servers that only claim to be one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mattone import digests, http
from mattone.errors import RemoteError
from mattone.pins.registry import Registries
from mattone.pins.spelling import Image, image
from tests.pins.registries import Registry
from tests.web import Page, Web, serving

HEX = "sha256:" + "a" * 64


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("nginx", Image("docker.io", "library/nginx", "latest", "")),
        ("nginx:1.27", Image("docker.io", "library/nginx", "1.27", "")),
        ("bitnami/redis", Image("docker.io", "bitnami/redis", "latest", "")),
        ("index.docker.io/a/b:1", Image("docker.io", "a/b", "1", "")),
        ("ghcr.io/a/b/c:v1", Image("ghcr.io", "a/b/c", "v1", "")),
        ("localhost:5000/x:1", Image("localhost:5000", "x", "1", "")),
        ("host:5000/x", Image("host:5000", "x", "latest", "")),
        (f"nginx@{HEX}", Image("docker.io", "library/nginx", "", HEX)),
        (f"h.org/x:1@{HEX}", Image("h.org", "x", "1", HEX)),
        ("", None), ("a b", None), ("Nginx", None), ("http://x/y", None), ("x:", None), ("../x", None),
        ("a" * 600, None), ("one://imageslist/ubuntu", None), ("{{ x }}", None),
    ],
)  # fmt: skip
def test_image_references(written: str, expected: Image | None) -> None:
    assert image(written) == expected


def test_a_tag_becomes_the_digest_that_the_registry_has(images: Registry) -> None:
    digest = images.push("group/app", "1.0", "one")
    assert Registries().digest(images.host, "group/app", "1.0") == digest
    moved = images.push("group/app", "1.0", "two")
    assert moved != digest
    assert Registries().digest(images.host, "group/app", "1.0") == moved


def test_a_tag_or_image_that_a_registry_has_not(images: Registry) -> None:
    images.push("group/app", "1.0", "one")
    for path, tag in (("group/app", "9"), ("group/none", "1.0")):
        with pytest.raises(http.StatusError, match="HTTP 404"):
            Registries().digest(images.host, path, tag)


MANIFEST = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})


def host(web: Web) -> str:
    return f"127.0.0.1:{web.port}"


def test_a_registry_that_wants_a_token_gets_one(web: Web) -> None:
    challenge = f'Bearer realm="{web.url}/token",service="registry",scope="repository:a:pull"'
    token = "-".join(("of", "a", "test"))

    def manifest(handler: object) -> None:
        from tests.web import Handler

        assert isinstance(handler, Handler)
        known = handler.headers.get("Authorization") == f"Bearer {token}"
        handler.say(
            Page(MANIFEST.encode()) if known else Page(b"", status=401, headers={"WWW-Authenticate": challenge})
        )

    web.pages |= {"/v2/a/manifests/1": manifest, "/token": json.dumps({"token": token})}
    assert Registries().digest(host(web), "a", "1") == digests.of_bytes(MANIFEST.encode())
    assert web.asked[1] == "/token?service=registry&scope=repository%3Aa%3Apull"


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        ('Bearer realm="http://example.org/token"', "without encryption"),
        ('Bearer realm="file:///etc/passwd"', "without encryption"),
        ("Bearer nonsense", "without encryption"),
        ('Basic realm="x"', "HTTP 401"),
    ],
)
def test_challenges_that_are_not_followed(web: Web, challenge: str, message: str) -> None:
    web.pages["/v2/a/manifests/1"] = Page(b"", status=401, headers={"WWW-Authenticate": challenge})
    with pytest.raises(RemoteError, match=message):
        Registries().digest(host(web), "a", "1")


@pytest.mark.parametrize("answer", ["no json", "[]", '{"token": 7}', '{"token": "a\\nb"}'])
def test_tokens_that_are_none(web: Web, answer: str) -> None:
    realm = f'Bearer realm="{web.url}/token"'
    web.pages |= {"/v2/a/manifests/1": Page(b"", status=401, headers={"WWW-Authenticate": realm}), "/token": answer}
    with pytest.raises(RemoteError, match="gives no token"):
        Registries().digest(host(web), "a", "1")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"schemaVersion": 1}', b"\xff"])
def test_what_is_no_manifest(web: Web, body: bytes) -> None:
    web.pages["/v2/a/manifests/1"] = Page(body)
    with pytest.raises(RemoteError, match="is no manifest"):
        Registries().digest(host(web), "a", "1")


def test_a_registry_whose_digest_does_not_fit(web: Web) -> None:
    web.pages["/v2/a/manifests/1"] = Page(MANIFEST.encode(), headers={"Docker-Content-Digest": HEX})
    with pytest.raises(RemoteError, match="that it calls sha256:aaaa"):
        Registries().digest(host(web), "a", "1")
