"""Stored bytes that once broke a promise: found by fuzzing, kept in readable form."""

import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from adapters.cli import origin
from adapters.comments import comment_of
from adapters.hook_plugin import BadHooks, load_hooks
from engine import Engine, records
from engine import vocabulary as v
from journal import FORMAT_VERSION, CorruptJournal
from journal.block import HEADERS, peek_header
from snapshots import SnapshotError, layout
from tests.fuzz import good, of_journal, of_node

# ---------------------------------------------------------------- what lies beside a journal


@pytest.mark.parametrize(
    "label", [b'{"data": "\xff"}', b'{"x": ' + b"[" * 5_000, b"", b"\0", b"[]"]
)
def test_a_label_that_is_none_is_no_label(tmp_path: Path, label: bytes) -> None:
    (tmp_path / origin.NAME).write_bytes(label)
    assert origin.read(tmp_path) is None


# ---------------------------------------------------------------- snapshots and states

STATE_BYTES_AT = 32
"""Where a snapshot says how large its state is."""


@pytest.mark.parametrize("size", [2**62, 2**40, -1, -(2**63)])
def test_a_snapshot_that_claims_to_be_vast_or_less_than_nothing_is_refused(size: int) -> None:
    """Its checksums are right; its body says nothing of the size, so its header is asked."""
    body = zstandard.ZstdCompressor(write_content_size=False).compress(good.world().state)
    _, value = layout.pack(7, 8, bytes(32), "ab" * 32, b"", compress=False)
    head = value[:STATE_BYTES_AT] + size.to_bytes(8, "little", signed=True)
    head += len(body).to_bytes(8, "little") + layout.ZSTD.to_bytes(8, "little")
    value = of_journal.snapshot_sealed(head + value[len(head) : layout.HEADER_SIZE] + body)
    with pytest.raises(SnapshotError, match="snapshot 7: "):
        layout.read(value, 7)


def state_with(config: dict[str, Any], kind: int) -> bytes:
    """A state that has a configuration object and nothing else."""
    payload = msgspec.msgpack.encode(config)
    words = [int.from_bytes(b"LSCK_ST1", "little"), 0, 0, 1, kind, len(payload)]
    head = b"".join(word.to_bytes(8, "little") for word in words)
    return head + payload + bytes(-len(payload) % 8) + bytes(8 * 4)


CURRENCY = {"currency": 1, "code": "USD", "digits": 2}
FOREX = {"symbol": "X", "base_currency": 1, "profit_currency": 1, "margin_currency": 1}
VAST: list[tuple[int, dict[str, Any]]] = [
    (v.CONFIG_CURRENCY, {**CURRENCY, "digits": 2**60}),
    (v.CONFIG_CURRENCY, {**CURRENCY, "digits": -(2**60)}),
    (v.CONFIG_CURRENCY, {**CURRENCY, "currency": 2**64 - 1}),
    (v.CONFIG_GROUP, {"group": 1, "name": "g", "currency": 1, "leverage": 2**63}),
    (v.CONFIG_INSTRUMENT, {**FOREX, "instrument": 2**60, "digits": 5, "contract_size": 1}),
    (v.CONFIG_INSTRUMENT, {**FOREX, "instrument": 1, "digits": 2**60, "contract_size": 1}),
]


@pytest.mark.parametrize(("kind", "config"), VAST)
def test_a_state_with_vast_numbers_is_refused_at_once(kind: int, config: dict[str, Any]) -> None:
    assert Engine.from_state(state_with(CURRENCY, v.CONFIG_CURRENCY), 1, 1).sequence == 1
    with pytest.raises(records.CorruptRecord, match=f"configuration of kind {kind} is out of"):
        Engine.from_state(state_with(config, kind), 1, 1)


def test_a_state_that_no_engine_gives_is_refused() -> None:
    """A dealer is online (1) or not (0); the state is in order; nothing is there twice."""
    engine = Engine()
    for dealer in (1, 2):
        engine.send(records.SetDealer(dealer=dealer, online=1), time_ns=1)
    state = engine.state_bytes()
    words = [state[i : i + 8] for i in range(0, len(state), 8)]
    first = len(words) - 2 - 4  # behind the dealers: no accounts, no trades
    assert words[first : first + 4] == [n.to_bytes(8, "little") for n in (1, 1, 2, 1)]
    for changed in ((1, 5, 2, 1), (2, 1, 1, 1), (1, 1, 1, 1)):
        words[first : first + 4] = [n.to_bytes(8, "little") for n in changed]
        with pytest.raises(records.CorruptRecord, match="gives other bytes"):
            Engine.from_state(b"".join(words), 2, 1)


# ---------------------------------------------------------------- blocks


def test_a_short_header_of_a_format_with_a_longer_one_is_damage() -> None:
    """Its hash is right, and nothing follows it that could be taken for the rest."""
    old = of_journal.of_format_1(of_journal.stored_blocks()[0])
    size = HEADERS[1].size
    assert peek_header(old[:size], 1, "file").format_version == 1
    claimed = old[:8] + FORMAT_VERSION.to_bytes(4, "little") + old[12:size]
    with pytest.raises(CorruptJournal, match=f"header of {size} bytes, expected"):
        peek_header(of_journal.sealed(claimed), 1, "file")


def test_a_configuration_without_a_kind_is_refused_by_the_node() -> None:
    head = records.Configure.TYPE | records.VERSION << 16 | 24 << 32
    words = (head, of_node.FIRST, 1)
    data = b"".join(word.to_bytes(8, "little") for word in words)
    of_node.submitted(data)
    with pytest.raises(ValueError):
        of_node.ready().submit_block(data)


# ---------------------------------------------------------------- events


@pytest.mark.parametrize("reason", [-1, 1_000, 2**63 - 1])
def test_an_unknown_reason_has_no_comment(reason: int) -> None:
    removed = records.OrderRemoved(
        login=1, tick_sequence=0, order=2, instrument=1, reason=reason, dealer=0
    )
    assert comment_of(removed, None, None) == ""


# ---------------------------------------------------------------- hooks


def test_a_module_that_can_not_be_asked_holds_no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sulking(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("leave me alone")

    monkeypatch.setitem(sys.modules, "sulking", Sulking("sulking"))
    with pytest.raises(BadHooks, match="hooks 'sulking': can't be imported: leave me alone"):
        load_hooks("sulking")
    with pytest.raises(BadHooks) as refused:
        load_hooks("a." * 3_000)
    assert str(refused.value).startswith("hooks 'a.a.a.")
