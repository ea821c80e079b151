"""Ed25519 keys: made, read from PEM files, and used to sign and to check.

This file may touch key files and nothing else; what is signed is not its business. A key
file is never overwritten. Private keys are PKCS #8, public keys SubjectPublicKeyInfo, both
PEM, so that other tools (openssl) read them, too. The library is imported when a key is
used, so no other command waits for it.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.new_file import write_new
from adapters.units import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64
PUBLIC_SUFFIX: Final = ".pub"
_DER_HEAD: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo."""
_MOST_BYTES: Final = 1 << 16
"""No key file is longer."""


def make_key(path: Path) -> bytes:
    """Makes a key pair: the private key in `path` (mode 0600), the public one beside it.

    Returns the public key. Raises `BadInput`, and changes nothing, where either file exists.
    """
    _need_library()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    write_new(path, private, 0o600)
    try:
        write_new(public_file(path), public)
    except BadInput:
        path.unlink()
        raise
    return key.public_key().public_bytes_raw()


def public_file(path: Path) -> Path:
    """Where the public key lies that belongs to the private one in `path`."""
    return path.with_name(path.name + PUBLIC_SUFFIX)


def read_private_key(path: Path) -> "Ed25519PrivateKey":
    """The private key in a PEM file. Raises `BadInput`."""
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise BadInput(f"{path}: the key is encrypted, one without a password is needed") from None
    except Exception:
        raise BadInput(f"{path}: is no private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path}: is a private key of another kind, Ed25519 is needed")
    return key


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of the public key in a PEM file. Raises `BadInput`."""
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _read(path)
    try:
        key = load_pem_public_key(data)
    except Exception:
        raise BadInput(f"{path}: is no public key in PEM form") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path}: is a public key of another kind, Ed25519 is needed")
    return key.public_bytes_raw()


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether the owner of a key signed a message."""
    _need_library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """A public key for people: SHA-256 of its DER form, in hex."""
    return hashlib.sha256(_DER_HEAD + public_key).hexdigest()


def _need_library() -> None:
    """Raises `BadInput` where `cryptography` is not installed."""
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
    except ImportError:
        raise BadInput(
            "keys and signatures need the Python package cryptography, which is not installed"
        ) from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
