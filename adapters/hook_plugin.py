"""Hooks loaded by name from a plug-in module, and the identity by which a journal knows them.

This file may import the module a user names, read its source, and stand between the core and
a hook: whatever a hook does wrong becomes `HookFailed`, which names it.
The journal records the identity (module, version, source hash) of the hooks that decided
with the core, and a block carries a digest of it, because a replay with other hooks would
decide otherwise.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import blake3
import msgspec
import xxhash

from adapters.units import shown
from engine import Engine
from engine.hooks import BrokenHook, Hooks
from engine.records import HookSet
from journal import NO_HOOKS

HOOK_NAMES: Final = (
    "pendings_filter",
    "pendings_apply",
    "stops_filter",
    "stops_apply",
    "stop_outs_filter",
    "stop_outs_apply",
)
WITHOUT_HOOKS: Final = HookSet(module="none", version="none", source_hash="none")
"""Recorded where a journal that had hooks goes on without."""
_MAX_NAME: Final = 31


class BadHooks(Exception):
    """Hooks that can't be loaded or identified; the message is one sentence."""


class HookFailed(Exception):
    """A hook raised, or returned what no hook may. The engine that asked it is of no more use."""


def load_hooks(module_name: str) -> Hooks:
    """The hooks of a plug-in module: its functions with the names in `HOOK_NAMES`.

    Raises `BadHooks` if it can't be imported, has none of them, or one that can't be called.
    """
    try:
        module = importlib.import_module(module_name)
        found = {n: getattr(module, n) for n in HOOK_NAMES if getattr(module, n, None) is not None}
    except (Exception, SystemExit) as error:
        raise BadHooks(f"hooks {shown(module_name)}: can't be imported: {error}") from error
    if not found:
        raise BadHooks(f"hooks {shown(module_name)}: none of {', '.join(HOOK_NAMES)} is defined")
    for name, hook in found.items():
        if not callable(hook):
            raise BadHooks(f"hooks {shown(module_name)}: {name} can't be called")
    return Hooks(**found)


def identity_of(hooks: Hooks | None) -> HookSet | None:
    """Module, version and source hash of hooks; None where there are none.

    The source hash covers the name of each hook and the whole source of its module, so
    that a changed helper counts; the version is the module's `__version__`, "0" without.
    What a closure holds is not seen. Raises `BadHooks` for what is no function, or where
    the source can't be read.
    """
    given = {n: getattr(hooks, n) for n in HOOK_NAMES if getattr(hooks, n, None) is not None}
    if not given:
        return None
    digest = blake3.blake3()
    modules: dict[str, ModuleType] = {}
    for slot, hook in given.items():
        module = _module_of(slot, hook)
        modules[module.__name__] = module
        digest.update(f"{slot} {module.__name__} {hook.__qualname__}\n".encode())
    for name in sorted(modules):
        digest.update(_source_of(modules[name]))
    first = next(iter(modules.values()))
    version = str(getattr(first, "__version__", "0"))
    for what, text in (("module name", first.__name__), ("version", version)):
        if not (1 <= len(text) <= _MAX_NAME and text.isascii() and text.isprintable()):
            raise BadHooks(
                f"hooks: the {what} {text!r} is not 1 to {_MAX_NAME} printable ASCII characters"
            )
    return HookSet(module=first.__name__, version=version, source_hash=digest.hexdigest())


def identity_digest(identity: HookSet | None) -> bytes:
    """The 16 bytes by which blocks name a hook set; zeros for no hooks."""
    if identity is None or identity == WITHOUT_HOOKS:
        return NO_HOOKS
    return xxhash.xxh3_128_digest(msgspec.msgpack.encode(identity))


def describe(identity: HookSet | None) -> str:
    """A hook set for a sentence."""
    if identity is None or identity == WITHOUT_HOOKS:
        return "no hooks"
    return f"hooks {identity.module} {identity.version} ({identity.source_hash[:12]})"


def guarded(hooks: Hooks | None) -> Hooks | None:
    """The same hooks, with the same identity, that raise `HookFailed` where they raise anything.

    Raises `BadHooks` for hooks without an identity.
    """
    if hooks is None or identity_of(hooks) is None:
        return hooks
    given = {n: getattr(hooks, n) for n in HOOK_NAMES if getattr(hooks, n, None) is not None}
    return Hooks(**{slot: _guard(slot, hook) for slot, hook in given.items()})


def apply(engine: Engine, commands: bytes, identity: HookSet | None) -> None:
    """`Engine.apply`; an answer that no hook may give becomes `HookFailed`."""
    try:
        engine.apply(commands)
    except BrokenHook as error:
        name = "" if identity is None else f" {identity.module}"
        raise HookFailed(f"hooks{name}: BrokenHook: {error}") from error


def _guard(slot: str, hook: Callable[..., Any]) -> Callable[..., Any]:
    name = f"hooks {hook.__module__}: {slot}"

    @functools.wraps(hook)
    def asked(*values: int) -> Any:
        try:
            return hook(*values)
        except (Exception, SystemExit) as error:
            raise HookFailed(f"{name} raised {type(error).__name__}: {error}") from error

    return asked


def _module_of(slot: str, hook: Callable[..., Any]) -> ModuleType:
    """The module of a function. Objects that can be called hide what they hold: refused."""
    if not inspect.isroutine(hook):
        raise BadHooks(f"hooks: {slot} is a {type(hook).__name__}, a function was expected")
    module = sys.modules.get(getattr(hook, "__module__", "") or "")
    if module is None:
        raise BadHooks(f"hooks: the module of {slot} can't be found")
    return module


def _source_of(module: ModuleType) -> bytes:
    file = getattr(module, "__file__", None)
    try:
        return Path(file or "").read_bytes()
    except OSError as error:
        raise BadHooks(f"hooks: the source of {module.__name__} can't be read") from error
