"""Modules that are loaded when they are first needed: libraries of models weigh tens of MiB."""

import asyncio
import sys
from importlib import import_module
from typing import Any


async def loaded(module: str, name: str) -> Any:
    """What a module calls ``name``; others are being answered while it is imported."""
    # While another question imports it, it is there already, but without its content.
    found = getattr(sys.modules.get(module), name, None)
    return found or getattr(await asyncio.to_thread(import_module, module), name)
