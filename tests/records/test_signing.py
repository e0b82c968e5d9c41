"""Keys and envelopes: real ed25519, checked without the library that signs."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mattone.errors import InputError, Place
from mattone.records.signing import BadSignature, SigningKey, payload_of, read_key, signer_of, workspace_key, write_key

HERE = Place("here", 1)


def test_what_was_sealed_is_read_and_its_signer_known() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    envelope = key.seal(b'{"a":1}')
    assert payload_of(envelope) == b'{"a":1}'
    assert signer_of(envelope, [other.public, key.public], HERE) == key.public
    with pytest.raises(BadSignature, match="not trusted"):
        signer_of(envelope, [other.public], HERE)


@pytest.mark.parametrize("envelope", [b"", b"{}", b"[]", b"7", b'{"payload":"","payloadType":"x"}', b"\xff"])
def test_what_is_no_envelope_is_refused(envelope: bytes) -> None:
    with pytest.raises(BadSignature):
        signer_of(envelope, [SigningKey.generate().public], HERE)


def test_somebody_without_mattone_can_check_a_record() -> None:
    """DSSE's pre-authentication encoding written out by hand, and plain ed25519 (RFC 8032) over it."""
    key = SigningKey.generate()
    envelope = json.loads(key.seal(b"payload"))
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, 7, b"payload")
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed + b" ")


def test_a_key_is_kept_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    path, key = workspace_key(tmp_path), SigningKey.generate()
    assert read_key(path) is None
    write_key(path, key)
    found = read_key(path)
    assert found is not None
    assert found.public == key.public
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="already"):
        write_key(path, SigningKey.generate())
    path.chmod(0o644)
    with pytest.raises(InputError, match="others may read"):
        read_key(path)


def test_what_is_no_key_is_refused_without_showing_it() -> None:
    text = base64.b64encode(SigningKey.generate().pem)
    with pytest.raises(InputError) as caught:
        SigningKey.parse(text, "env:KEY")
    assert "env:KEY" in caught.value.message
    assert text.decode()[:16] not in f"{caught.value.message}{caught.value.hint}"


def test_a_key_is_never_shown() -> None:
    key = SigningKey.generate()
    assert repr(key) == "SigningKey()"
    assert base64.b64encode(key.public).decode() not in f"{key!r}{key}"
