"""The `Configure` command: read, admit, apply (RULES section 2).

This file may call the three steps. Configuration is rare, so every change simply makes all
indexes and bands anew.
"""

import msgspec

from engine import records
from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import HEAD_BYTES, Words, reject
from engine.configuration.admit import admit_config
from engine.configuration.apply import apply_config, rebuild_indexes
from engine.core import Core


def configure(core: Core, words: Words) -> None:
    """Stores a configuration object, or refuses it."""
    kind: int = int(words.at(0))
    config = _decode(words, kind)
    code: int = r.BAD_CONFIGURATION
    if config is not None:
        code = admit_config(core, config)
    if config is None or code != 0:
        reject(core, 0, v.CONFIGURE, code, 0, 0, kind)
        return
    # Nothing below can fail.
    identifier, instrument = apply_config(core, config)
    core.events.configured(kind, identifier, instrument)
    rebuild_indexes(core)


def _decode(words: Words, kind: int) -> records.Config | None:
    """The payload as its class; None if it is not readable as that."""
    config_class = records.CLASS_OF_CONFIG.get(kind)
    length = words.at(1)
    start = words.start + HEAD_BYTES + 16
    if config_class is None:
        return None
    payload = words.block[start : start + length]
    try:
        return msgspec.msgpack.decode(payload, type=config_class)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
