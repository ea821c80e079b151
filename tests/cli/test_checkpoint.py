"""`lockstep keygen`, `checkpoint` and `verify --checkpoint`: proof that the past is unchanged."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Demo
from tests.cli.test_proof import other_events
from tests.conftest import RunPython

ONLY_THE_KEY_INSIDE = "only the key named inside the checkpoint was used"


@pytest.fixture
def key(tmp_path: Path, call: Call) -> Path:
    """A key pair."""
    assert call("keygen", tmp_path / "office").code == 0
    return tmp_path / "office"


def taken(call: Call, demo: Demo, key: Path, *more: object) -> Path:
    """A checkpoint of the demo."""
    file = key.with_name("point.json")
    called = call("checkpoint", demo.path, "--key", key, "--out", file, *more)
    assert called.code == 0, called.err
    return file


def test_keygen_tells_where_the_keys_are_and_how_to_know_them(tmp_path: Path, call: Call) -> None:
    called = call("keygen", tmp_path / "office", "--json")
    assert called.code == 0
    shown = called.json()
    assert shown["public_key"] == f"{tmp_path / 'office'}.pub"
    assert len(shown["fingerprint"]) == 64
    again = call("keygen", tmp_path / "office")
    assert again.code == 2
    assert "exists already and is not overwritten" in again.err and again.err.count("\n") == 1
    assert "fingerprint  " in call("keygen", tmp_path / "other").out


def test_journal_agrees_with_its_checkpoint(demo: Demo, key: Path, call: Call) -> None:
    file = taken(call, demo, key)
    called = call("verify", demo.path, "--checkpoint", file, "--public-key", f"{key}.pub")
    assert called.code == 0
    assert "good: nothing is wrong, and the journal agrees with the checkpoint" in called.out
    assert ONLY_THE_KEY_INSIDE not in called.out
    answer = call(
        "verify", demo.path, "--checkpoint", file, "--public-key", f"{key}.pub", "--json"
    ).json()
    assert answer["good"] is True and answer["findings"] == []
    assert answer["checkpoint"]["key_given"] is True
    assert answer["checkpoint"]["sequence"] == answer["commands"]


def test_without_a_public_key_it_is_said_which_key_was_used(
    demo: Demo, key: Path, call: Call
) -> None:
    file = taken(call, demo, key)
    called = call("verify", demo.path, "--checkpoint", file)
    assert called.code == 0
    assert ONLY_THE_KEY_INSIDE in called.out
    answer = call("verify", demo.path, "--checkpoint", file, "--json").json()
    assert answer["checkpoint"]["key_given"] is False
    assert f"signed by    key {answer['checkpoint']['key']}" in called.out


def test_checkpoint_of_the_past_holds_for_the_journal_of_today(
    demo: Demo, key: Path, call: Call
) -> None:
    end = call("checkpoint", demo.path, "--key", key, "--out", key.with_name("x"), "--at", 5)
    assert end.code == 2
    sequence = int(end.err.split()[-1])
    file = taken(call, demo, key, "--at", sequence)
    assert json.loads(file.read_text())["sequence"] == sequence
    assert call("verify", demo.path, "--checkpoint", file).code == 0


def test_other_history_fails_the_checkpoint_alone(
    demo: Demo, key: Path, tmp_path: Path, call: Call
) -> None:
    file = taken(call, demo, key)
    forged = tmp_path / "forged"
    other_events(demo.path, forged, sequence=300)
    assert call("verify", forged).code == 0, "the forger made every hash anew"
    called = call("verify", forged, "--checkpoint", file)
    assert called.code == 1
    last = json.loads(file.read_text())["sequence"]
    assert f"data.mdb: up to sequence {last}: chain hash " in called.out
    assert called.out.rstrip().endswith("1 findings")
    answer = call("verify", forged, "--checkpoint", file, "--json").json()
    assert answer["good"] is False and len(answer["findings"]) == 1


def test_changed_checkpoint_and_foreign_key_are_found(
    demo: Demo, key: Path, tmp_path: Path, call: Call
) -> None:
    file = taken(call, demo, key)
    call("keygen", tmp_path / "stranger")
    called = call(
        "verify", demo.path, "--checkpoint", file, "--public-key", tmp_path / "office.pub"
    )
    assert called.code == 0
    foreign = tmp_path / "stranger.pub"
    called = call("verify", demo.path, "--checkpoint", file, "--public-key", foreign)
    assert called.code == 1 and "signed with another key" in called.out
    changed = tmp_path / "changed.json"
    changed.write_text(file.read_text().replace('"blocks": ', '"blocks": 1'))
    called = call("verify", demo.path, "--checkpoint", changed)
    assert called.code == 1 and "the signature does not match" in called.out


def test_damaged_journal_fails_with_its_damage_and_without_a_fault(
    demo: Demo, key: Path, tmp_path: Path, call: Call
) -> None:
    file = taken(call, demo, key)
    copy = tmp_path / "copy"
    shutil.copytree(demo.path, copy)
    data = bytearray((copy / "journal" / "data.mdb").read_bytes())
    data[data.index(b"LOCKSTEP") + 5_000] ^= 1
    (copy / "journal" / "data.mdb").write_bytes(data)
    called = call("verify", copy, "--checkpoint", file)
    assert called.code == 1
    assert "do not match their checksum" in called.out
    assert "can't be compared" in called.out
    refused = call("checkpoint", copy, "--key", key, "--out", tmp_path / "none.json")
    assert refused.code == 2 and "do not match their checksum" in refused.err
    assert not (tmp_path / "none.json").exists()


def test_input_that_can_not_be_used_is_refused_in_one_sentence(
    demo: Demo, key: Path, tmp_path: Path, call: Call
) -> None:
    file = taken(call, demo, key)
    out = tmp_path / "more.json"
    table = [
        (("checkpoint", demo.path, "--key", tmp_path / "none", "--out", out), "can't be read"),
        (("checkpoint", demo.path, "--key", f"{key}.pub", "--out", out), "is no private key"),
        (("checkpoint", demo.path, "--key", key, "--out", file), "exists already"),
        (("checkpoint", tmp_path / "none", "--key", key, "--out", out), "no such directory"),
        (("checkpoint", demo.path, "--key", key, "--out", out, "--at", 0), "nothing to sign"),
        (
            ("checkpoint", demo.path, "--key", key, "--out", tmp_path / "a" / "b"),
            "can't be written",
        ),
        (("verify", demo.path, "--public-key", f"{key}.pub"), "goes with --checkpoint"),
        (("verify", demo.path, "--checkpoint", key), "is no checkpoint"),
        (("verify", demo.path, "--checkpoint", tmp_path / "none"), "can't be read"),
        (("verify", demo.path, "--checkpoint", file, "--public-key", key), "is no public key"),
        (("verify", tmp_path, "--checkpoint", file), "no such directory"),
    ]
    for arguments, sentence in table:
        called = call(*arguments)
        assert called.code == 2, arguments
        assert sentence in called.err and called.err.count("\n") == 1, (arguments, called.err)
    assert not out.exists()


def test_without_the_library_only_the_commands_that_sign_say_so(
    demo: Demo, key: Path, call: Call, fresh_python: RunPython
) -> None:
    file = taken(call, demo, key)
    code = """
import sys
sys.modules["cryptography"] = None
from adapters.cli.main import execute
for arguments in (["verify", sys.argv[1]], ["verify", sys.argv[1], "--checkpoint", sys.argv[2]]):
    print(execute(arguments))
"""
    done = fresh_python(arguments=["-c", code, str(demo.path), str(file)])
    assert [line for line in done.stdout.splitlines() if line in "012"] == ["0", "2"]
    assert done.stderr.splitlines() == [
        "lockstep: keys and signatures need the Python package cryptography, which is not installed"
    ]
