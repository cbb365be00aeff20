"""The operators' pages for what answers; each module registers its own."""

from assistants.admin import assistants, knowledge, providers, tools, usage

__all__ = ["assistants", "knowledge", "providers", "tools", "usage"]
