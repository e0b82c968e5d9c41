"""Signatures on records: DSSE envelopes with ed25519, by securesystemslib.

Sources: Dead Simple Signing Envelope 1.0 (https://github.com/secure-systems-lab/dsse), RFC 8032.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.errors import InputError, Place
from mattone.files import write_atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class BadSignature(InputError):
    """An envelope whose signature does not hold, or that nobody signed who counts."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; its repr never shows it."""

    _private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> SigningKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, pem: bytes, where: str) -> SigningKey:
        """Read a PKCS#8 PEM without passphrase. Raises InputError naming `where` it came from, never its content."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            hint = "`mattone keys new` makes one; `openssl genpkey -algorithm ed25519` does too"
            raise InputError(f"{where} holds no ed25519 private key in PEM without passphrase", hint=hint)
        return cls(private)

    @property
    def pem(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._private.public_key().public_bytes_raw()

    def seal(self, payload: bytes) -> bytes:
        """A DSSE envelope of the payload, as JSON on one line without its newline."""
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import CryptoSigner

        envelope = Envelope(payload, PAYLOAD_TYPE, {})
        envelope.sign(CryptoSigner(self._private))
        return json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":")).encode()

    def __repr__(self) -> str:
        return "SigningKey()"


def key_id(public: bytes) -> str:
    """The key id that an envelope names: securesystemslib's, a digest of the public key."""
    return str(_key(public).keyid)


def _key(public: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer import SSlibKey

    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public))


def signer_of(envelope: bytes, publics: list[bytes], place: Place) -> bytes:
    """The one of the public keys whose signature on the envelope holds.

    Raises BadSignature when none of them signed it, or the content is not what was signed.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    try:
        parsed = Envelope.from_dict(json.loads(envelope))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadSignature("this is no signed envelope", place=place) from error
    if not parsed.signatures:
        raise BadSignature("nobody signed it", place=place)
    known = {key.keyid: (key, public) for public in publics for key in [_key(public)]}
    named = [keyid for keyid in parsed.signatures if keyid in known]
    if not named:
        names = ", ".join(sorted(str(keyid)[:16] for keyid in parsed.signatures))
        raise BadSignature(f"signed by a key that is not trusted: {names}", place=place)
    try:
        accepted = parsed.verify([known[keyid][0] for keyid in named], 1)
    except VerificationError as error:
        raise BadSignature("the signature does not fit the content: one of them was changed", place=place) from error
    return known[next(iter(accepted))][1]


def payload_of(envelope: bytes) -> bytes:
    """What an envelope holds, its signature unchecked. Raises ValueError, KeyError or TypeError."""
    import base64

    value = json.loads(envelope)
    if value["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"an envelope of {value['payloadType']!r}")
    return base64.b64decode(value["payload"], validate=True)


def workspace_key(folder: Path) -> Path:
    """Where a workspace keeps its own key."""
    return folder / "keys" / "records.pem"


def write_key(path: Path, key: SigningKey) -> None:
    """Write a private key for its owner alone. Raises InputError rather than replace one."""
    if path.exists():
        raise InputError("there is a key already", place=Place(str(path)), hint="move it away to make a new one")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, key.pem, 0o600)


def read_key(path: Path) -> SigningKey | None:
    """The key of a file, or None when there is none. Raises InputError when others may read it, or it is no key."""
    try:
        if path.stat().st_mode & 0o077:
            raise InputError("others may read this key", place=Place(str(path)), hint=f"run `chmod 600 {path}`")
        return SigningKey.parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        return None
