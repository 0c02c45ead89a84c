"""Calls into zetasql's WASM module, whose machine code is kept between runs.

The package's own client compiles the module at every start (20 to 30 s), moves memory byte by byte
and wraps every cell in a dataclass; with a few thousand cells a query, that is most of the time.
"""

import ctypes
import fcntl
import hashlib
import platform
from contextlib import suppress
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import wasmtime
from google.protobuf.message import Message
from zetasql.wasi import get_wasm_path

__all__ = ["Refused", "WasmService"]

Answer = TypeVar("Answer", bound=Message)


class Refused(Exception):  # noqa: N818 - named after the state
    """The module refused a request; the text is its own."""


class WasmService:
    """One instance of the module; a request and an answer are protobuf messages."""

    def __init__(self, cache: Path) -> None:
        """Load the module; `cache` is a folder of the checkout that git ignores."""
        config = wasmtime.Config()
        config.shared_memory = True
        engine = wasmtime.Engine(config)
        self._store = wasmtime.Store(engine)
        wasi = wasmtime.WasiConfig()
        # The analyser stops the module when it cannot load its default time zone.
        zones = Path(str(files("tzdata"))) / "zoneinfo"
        wasi.preopen_dir(str(zones), "/usr/share/zoneinfo")
        self._store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        instance = linker.instantiate(self._store, _machine_code(engine, cache))
        self._exports = instance.exports(self._store)
        self._call("_initialize")

    def ask(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Call one method of the local service.

        Raises:
            Refused: with the module's message.
        """
        sent = request.SerializeToString()
        at = self._call("wasm_malloc", len(sent))
        size_at = self._call("wasm_malloc", 4)
        try:
            ctypes.memmove(self._address(at), sent, len(sent))
            got_at = self._call(f"ZetaSqlLocalService_{method}", at, len(sent), size_at)
            if not got_at:
                raise Refused(self._last_error())
            size = int.from_bytes(self._read(size_at, 4), "little")
            got = self._read(got_at, size)
            self._call("wasm_free", got_at)
        finally:
            self._call("wasm_free", at)
            self._call("wasm_free", size_at)
        return answer.FromString(got)

    def _last_error(self) -> str:
        size = self._call("wasm_get_last_error_size")
        return self._read(self._call("wasm_get_last_error"), size).decode()

    def _call(self, name: str, *arguments: int) -> int:
        return self._exports[name](self._store, *arguments)

    def _read(self, at: int, size: int) -> bytes:
        return ctypes.string_at(self._address(at), size)

    def _address(self, at: int) -> int:
        # Asked for at every use: the memory moves when it grows.
        return ctypes.addressof(self._exports["memory"].data_ptr().contents) + at


def _machine_code(engine: wasmtime.Engine, cache: Path) -> wasmtime.Module:
    source = get_wasm_path()
    version = hashlib.sha256(f"{metadata.version('wasmtime')} {platform.machine()}".encode())
    version.update(source.read_bytes())
    kept = cache / f"zetasql-{version.hexdigest()[:16]}.cwasm"
    cache.mkdir(parents=True, exist_ok=True)
    # One process compiles; the others of a parallel run wait for it.
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            # What another kind of processor has made is refused, and made anew.
            with suppress(wasmtime.WasmtimeError):
                return wasmtime.Module.deserialize_file(engine, str(kept))
        module = wasmtime.Module.from_file(engine, str(source))
        fresh = kept.with_suffix(".new")
        fresh.write_bytes(module.serialize())
        fresh.replace(kept)
        return module
