"""Signed checkpoints: what they say of a journal, and what a forger can't do."""

import hashlib
import json
import os
import re
import shutil
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import blake3
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters import checkpoint, format_document, signing
from adapters.checkpoint import Checkpoint, Held
from adapters.node import Node
from adapters.units import BadInput, parse_time
from engine import records
from journal import BlockDraft, JournalError, LmdbJournal, block, framing
from journal.block import read_block
from tests.conftest import ROOT
from tests.small_day import START_NS, day

pytestmark = pytest.mark.once

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILE = Path("point.json")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal folder of a small day in blocks of 50 commands. Tests must not write into it."""
    path = tmp_path_factory.mktemp("checkpoint") / "day"
    with Node.open(path, create=True, commit_records=50) as node:
        for command, time_ns in day(1, 300):
            node.submit(command, time_ns)
        node.commit()
    return path / "journal"


@pytest.fixture
def copied(kept: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(kept, tmp_path / "journal"))


def values_of(folder: Path) -> list[bytes]:
    """The stored blocks as LMDB has them."""
    journal = LmdbJournal.open(folder)
    try:
        return [value for _, value, _ in journal._fetch(1)]
    finally:
        journal.close()


def taken_of(folder: Path, sequence: int | None = None) -> Checkpoint:
    journal = LmdbJournal.open(folder)
    try:
        return checkpoint.take(journal, KEY, sequence)
    finally:
        journal.close()


def differences_of(folder: Path, held: Held) -> list[str]:
    """What is found, without the path of the journal."""
    journal = LmdbJournal.open(folder)
    try:
        found = checkpoint.differences(journal, held, FILE)
        return [text.removeprefix(f"{journal.name}: ") for text in found]
    finally:
        journal.close()


# ---------------------------------------------------------------- what a checkpoint says


def test_checkpoint_states_size_end_chain_and_content_of_the_stored_blocks(kept: Path) -> None:
    values = values_of(kept)
    last = read_block(values[-1], int.from_bytes(values[-1][24:32], "little"), "", None).header
    taken = taken_of(kept)
    assert taken.held == Held(
        len(values),
        sum(map(len, values)),
        last.last_sequence,
        last.last_time_ns,
        last.block_hash,
        blake3.blake3(b"".join(values)).digest(),
    )
    assert signing.is_signed(taken.message, taken.signature, taken.public_key)
    assert differences_of(kept, taken.held) == []


def test_checkpoint_of_an_earlier_block_holds_while_the_journal_goes_on(kept: Path) -> None:
    values = values_of(kept)
    taken = taken_of(kept, 100)
    assert taken.held.blocks == 2 and taken.held.sequence == 100
    assert taken.held.content_hash == blake3.blake3(values[0] + values[1]).digest()
    assert differences_of(kept, taken.held) == []


@pytest.mark.parametrize(
    ("sequence", "sentence"),
    [
        (120, "sequence 120 is within a block; the nearest to end one: 100 and 150"),
        (1, "sequence 1 is within a block; the nearest to end one: 50"),
        (0, "there is nothing to sign up to sequence 0"),
        (9_999, "sequence 9999 is not in it, it has 1-"),
    ],
)
def test_checkpoint_elsewhere_than_at_the_end_of_a_block_is_refused(
    kept: Path, sequence: int, sentence: str
) -> None:
    with pytest.raises((BadInput, JournalError), match=re.escape(sentence)):
        taken_of(kept, sequence)


def test_checkpoint_of_an_empty_journal_is_refused(tmp_path: Path) -> None:
    LmdbJournal.open(tmp_path, writable=True, create=True).close()
    with pytest.raises(BadInput, match="there is nothing to sign up to sequence 0"):
        taken_of(tmp_path)


def test_blocks_of_format_1_are_measured_as_they_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = as_format_1(format_document.example_block())
    journal = LmdbJournal.open(tmp_path, writable=True, create=True)
    monkeypatch.setattr(journal, "blocks", lambda *_: [read_block(value, 1, "", None)])
    held = checkpoint.measure(journal, 2)
    journal.close()
    assert (held.size_bytes, held.content_hash) == (len(value), blake3.blake3(value).digest())


def as_format_1(value: bytes) -> bytes:
    """The same block with the header of the first format."""
    header = value[:8] + struct.pack("<II", 1, 176) + value[16:80] + value[88:152]
    return header + blake3.blake3(header).digest() + value[184:]


# ---------------------------------------------------------------- what it finds


def rebuilt(source: Path, target: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """A whole journal made anew of changed commands, every hash by the shipped code.

    Commands are numbered again, so that one may be left out or moved, and executed, so that the
    events are those of the commands.
    """
    old = LmdbJournal.open(source)
    commands = [
        bytes(b.commands[8 * start : 8 * start + (head >> 32)])
        for b in old.blocks()
        for start in framing.record_starts(b.commands).tolist()
        for head in [int(framing.words_of(b.commands)[start])]
    ]
    old.close()
    with Node.open(target, create=True, commit_records=50) as node:
        for command in change(commands):
            record, _ = records.decode(command)
            assert isinstance(record, records.Command)
            node.submit(record, record.time_ns)
        node.commit()


def other_deposit(commands: list[bytes]) -> list[bytes]:
    """One deposit of the opening is a hundred times as large."""
    at = next(i for i, c in enumerate(commands) if c[0] == records.BalanceOperation.TYPE)
    record, _ = records.decode(commands[at])
    fields = {n: getattr(record, n) for n in records.fields_of(type(record))}
    fields["amount_minor"] *= 100
    return [*commands[:at], records.encode(type(record)(**fields)), *commands[at + 1 :]]


FORGED = {
    "a changed deposit": (other_deposit, ("chain hash",)),
    "a dropped command": (
        lambda c: [*c[:60], *c[61:]],
        ("ends with sequence 330, the checkpoint point.json has 331: commands are missing",),
    ),
    "a dropped command, and another at the end": (
        lambda c: [*c[:60], *c[61:], records.encode(records.Clock(), 1, START_NS * 2)],
        ("bytes", "chain hash"),
    ),
    "two commands in the other order": (
        lambda c: [*c[:60], c[61], c[60], *c[62:]],
        ("chain hash",),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_consistent_other_history_passes_verify_and_fails_the_checkpoint(
    kept: Path, tmp_path: Path, name: str
) -> None:
    change, sentences = FORGED[name]
    held = taken_of(kept).held
    rebuilt(kept, tmp_path / "forged", change)
    journal = LmdbJournal.open(tmp_path / "forged" / "journal")
    assert journal.verify().findings == [], "by itself the forged journal is a good one"
    journal.close()
    found = differences_of(tmp_path / "forged" / "journal", held)
    assert found, name
    for sentence in sentences:
        assert any(sentence in text for text in found), (sentence, found)


def test_journal_made_anew_without_a_change_agrees(kept: Path, tmp_path: Path) -> None:
    """So the differences above are those of the change."""
    rebuilt(kept, tmp_path / "same", lambda commands: commands)
    assert differences_of(tmp_path / "same" / "journal", taken_of(kept).held) == []


def test_body_forged_under_the_same_header_is_found_by_the_content_hash(
    kept: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a collision of the fast checksum would allow: the chain stays as it is."""
    held = taken_of(kept).held
    file = copied / "data.mdb"
    data = bytearray(file.read_bytes())
    original = values_of(kept)[3]
    start = data.find(original)
    while start >= 0:
        data[start + 300] ^= 4
        start = data.find(original, start)
    file.write_bytes(data)
    assert "do not match their checksum" in differences_of(copied, held)[0]
    true_checksum = original[136:152]

    def collide(body: bytes) -> bytes:
        true = block_checksum(body)
        return true_checksum if len(body) == len(original) - 184 and true not in known else true

    block_checksum = block.xxhash.xxh3_128_digest
    known = {value[136:152] for value in values_of(kept)}
    monkeypatch.setattr(block.xxhash, "xxh3_128_digest", collide)
    (found,) = differences_of(copied, held)
    assert re.fullmatch(
        r"up to sequence 331: content hash [0-9a-f]{16}, the checkpoint point\.json has"
        r" [0-9a-f]{16}: records were changed under the same block headers",
        found,
    )


def test_same_records_in_other_blocks_do_not_agree(kept: Path, tmp_path: Path) -> None:
    """A checkpoint is about the journal as it was stored."""
    held = taken_of(kept).held
    old = LmdbJournal.open(kept)
    new = LmdbJournal.open(tmp_path, writable=True, create=True)
    whole = list(old.blocks())
    draft = BlockDraft()
    for each in whole:
        h = each.header
        draft.add(each.commands, h.first_sequence, h.last_sequence, h.first_time_ns)
        draft.keys += framing.keys_of(each.commands)
    new.append(draft, b"".join(b.events for b in whole), h.last_time_ns, h.hook_identity)
    new.close()
    old.close()
    found = differences_of(tmp_path, held)
    assert found[0] == "up to sequence 331: 1 blocks, the checkpoint point.json has 7"
    assert "chain hash" in found[-1]
    (found_at_100,) = differences_of(tmp_path, taken_of(kept, 100).held)
    assert found_at_100.startswith("sequence 100: no block ends here")


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("blocks", "7 blocks, the checkpoint point.json has 8"),
        ("size_bytes", "bytes, the checkpoint point.json has"),
        ("time_ns", "time 2014-"),
        ("chain_hash", "a record was changed, dropped or moved"),
        ("content_hash", "records were changed under the same block headers"),
    ],
)
def test_every_figure_is_compared(kept: Path, field: str, sentence: str) -> None:
    held = taken_of(kept).held
    value = getattr(held, field)
    other = value + 1 if isinstance(value, int) else value[1:] + value[:1]
    (found,) = differences_of(kept, held._replace(**{field: other}))
    assert found.startswith("up to sequence 331: ")
    assert sentence in found


# ---------------------------------------------------------------- the file


def test_checkpoint_when_read_back_is_the_one_that_was_written(kept: Path, tmp_path: Path) -> None:
    taken = taken_of(kept)
    checkpoint.write(tmp_path / "point.json", taken)
    assert checkpoint.read(tmp_path / "point.json") == taken
    assert os.listdir(tmp_path) == ["point.json"], "nothing is left beside it"
    before = (tmp_path / "point.json").read_bytes()
    with pytest.raises(BadInput, match="exists already and is not overwritten"):
        checkpoint.write(tmp_path / "point.json", taken_of(kept, 50))
    assert (tmp_path / "point.json").read_bytes() == before
    with pytest.raises(BadInput, match=r"none/point\.json: can't be written: No such file"):
        checkpoint.write(tmp_path / "none" / "point.json", taken)


def test_any_changed_field_breaks_the_signature(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "point.json"
    checkpoint.write(file, taken_of(kept))
    content = json.loads(file.read_text())
    assert checkpoint.signature_findings(file, checkpoint.read(file), None, None) == []
    changes = {
        "blocks": content["blocks"] + 1,
        "bytes": content["bytes"] - 1,
        "sequence": content["sequence"] - 1,
        "time": content["time"].replace("2014", "2015"),
        **{
            name: ("1" if content[name][0] == "0" else "0") + content[name][1:]
            for name in ("chain_hash", "content_hash", "public_key", "signature")
        },
    }
    assert changes.keys() == content.keys() - {"format"}
    for name, value in changes.items():
        file.write_text(json.dumps(content | {name: value}))
        found = checkpoint.signature_findings(file, checkpoint.read(file), None, None)
        assert found == [
            f"{file}: the signature does not match: the file was changed after it was signed"
        ], name


UNREADABLE = {
    "nothing": b"",
    "no json": b"block_hash",
    "a list": b"[]",
    "not utf-8": b'{"format": "\xff"}',
    "deep": b"[" * 60_000,
}
WRONG: dict[str, object] = {
    "format": 2,
    "blocks": 0,
    "bytes": -1,
    "sequence": 2**63,
    "time": "2014-05-05T00:00:00.100Z0",
    "chain_hash": "00",
    "content_hash": "Z" * 64,
    "public_key": "AA" * 32,
    "signature": 7,
    "more": 1,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_file_that_is_no_checkpoint_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "point.json").write_bytes(UNREADABLE[name])
    with pytest.raises(BadInput, match=r"point\.json: is no checkpoint"):
        checkpoint.read(tmp_path / "point.json")


@pytest.mark.parametrize("name", WRONG)
def test_field_that_can_not_be_is_refused(kept: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "point.json"
    checkpoint.write(file, taken_of(kept))
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {name: WRONG[name]}))
    with pytest.raises(BadInput, match=r"point\.json: is (no checkpoint|a checkpoint of format 2)"):
        checkpoint.read(file)
    file.write_text(json.dumps({k: v for k, v in content.items() if k != name}))
    if name in content:
        with pytest.raises(BadInput, match="is no checkpoint"):
            checkpoint.read(file)


def test_example_of_the_format_document_is_what_the_tables_say() -> None:
    section = (ROOT / "FORMAT.md").read_text().partition("## Checkpoints")[2].partition("\n## ")[0]
    shown = json.loads(section.partition("```json")[2].partition("```")[0])
    value = format_document.example_block()
    header = read_block(value, 1, "", None).header
    assert list(shown) == re.findall(r"^\| `(\w+)` \| (?:integer|text|\d+ hex)", section, re.M)
    assert shown["format"] == shown["blocks"] == 1
    assert shown["bytes"] == len(value) and shown["sequence"] == 2
    assert parse_time(shown["time"]) == header.last_time_ns
    assert shown["chain_hash"] == header.block_hash.hex()
    assert shown["content_hash"] == blake3.blake3(value).hexdigest()
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (.+?) \|$", section, re.M)
    contents: dict[str, bytes] = {
        "the text `lockstep checkpoint`, then zeros": b"lockstep checkpoint".ljust(24, b"\0"),
        "format, 1": struct.pack("<Q", 1),
        "`time`, nanoseconds since 1970-01-01 UTC": struct.pack("<Q", parse_time(shown["time"])),
        **{f"`{n}`": struct.pack("<Q", shown[n]) for n in ("blocks", "bytes", "sequence")},
        **{f"`{n}`": bytes.fromhex(shown[n]) for n in shown if n.endswith(("hash", "key"))},
    }
    message = b""
    for offset, size, content in rows:
        assert int(offset) == len(message)
        assert len(contents[content]) == int(size)
        message += contents[content]
    assert len(message) == 160
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(shown["public_key"]))
    assert key == KEY.public_key()
    key.verify(bytes.fromhex(shown["signature"]), message)


# ---------------------------------------------------------------- keys


def test_key_pair_is_two_pem_files_of_which_one_is_secret(tmp_path: Path) -> None:
    public_key = signing.make_key(tmp_path / "office")
    assert stat.S_IMODE((tmp_path / "office").stat().st_mode) == 0o600
    assert (tmp_path / "office").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    key = signing.read_private_key(tmp_path / "office")
    assert key.public_key().public_bytes_raw() == public_key
    assert signing.read_public_key(tmp_path / "office.pub") == public_key
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert der.endswith(public_key)
    assert signing.fingerprint(public_key) == hashlib.sha256(der).hexdigest()
    assert signing.make_key(tmp_path / "other") != public_key


@pytest.mark.parametrize("there", ["office", "office.pub"])
def test_key_is_never_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("precious")
    with pytest.raises(BadInput, match=rf"{there}: exists already and is not overwritten"):
        signing.make_key(tmp_path / "office")
    assert os.listdir(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "precious"


def test_key_file_that_can_not_be_used_says_why(tmp_path: Path) -> None:
    file = tmp_path / "key"
    pem, pkcs8 = Encoding.PEM, PrivateFormat.PKCS8
    curve = generate_private_key(SECP256R1())
    table = [
        (signing.read_private_key, b"", "is no private key in PEM form"),
        (signing.read_private_key, public_pem(KEY), "is no private key in PEM form"),
        (
            signing.read_private_key,
            KEY.private_bytes(pem, pkcs8, BestAvailableEncryption(b"word")),
            "the key is encrypted, one without a password is needed",
        ),
        (
            signing.read_private_key,
            curve.private_bytes(pem, pkcs8, NoEncryption()),
            "is a private key of another kind, Ed25519 is needed",
        ),
        (signing.read_public_key, b"-----BEGIN PUBLIC KEY-----", "is no public key in PEM form"),
        (
            signing.read_public_key,
            KEY.private_bytes(pem, pkcs8, NoEncryption()),
            "is no public key in PEM form",
        ),
        (
            signing.read_public_key,
            curve.public_key().public_bytes(pem, PublicFormat.SubjectPublicKeyInfo),
            "is a public key of another kind, Ed25519 is needed",
        ),
    ]
    for read, data, sentence in table:
        file.write_bytes(data)
        with pytest.raises(BadInput) as caught:
            read(file)
        assert str(caught.value) == f"{file}: {sentence}"
    for read in (signing.read_private_key, signing.read_public_key):
        with pytest.raises(BadInput, match="none: can't be read: No such file or directory"):
            read(tmp_path / "none")


def public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_checkpoint_signed_with_another_key_names_both(kept: Path) -> None:
    taken = taken_of(kept)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    (found,) = checkpoint.signature_findings(FILE, taken, other, Path("office.pub"))
    assert found == (
        f"point.json: signed with another key: it names {signing.fingerprint(taken.public_key)},"
        f" office.pub is {signing.fingerprint(other)}"
    )
    assert checkpoint.signature_findings(FILE, taken, taken.public_key, Path("office.pub")) == []
