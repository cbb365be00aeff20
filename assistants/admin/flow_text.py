"""Flows as operators write them: ``Flow:``, then ``Opening:``, ``Instructions:``, ``Example:``."""

import re
from collections.abc import Sequence
from typing import Any

from tenants.errors import BadRequest

LABEL = re.compile(r"^(Flow|Opening|Instructions|Example):[ \t]*", re.IGNORECASE | re.MULTILINE)
MAX_FLOWS = 50
NAME_LENGTH = 100
TEXT_LENGTH = 4_000


def read_flows(text: str) -> list[dict[str, Any]]:
    """The flows of a text in this form. Raises BadRequest for any other."""
    before, *parts = LABEL.split(text)
    if before.strip():
        raise _invalid("Begin each flow with “Flow:” and its name.")
    flows: list[dict[str, Any]] = []
    for label, value in zip(parts[::2], parts[1::2], strict=True):
        _add(flows, label.lower(), value.strip())
    if len(flows) > MAX_FLOWS:
        raise _invalid(f"An assistant has at most {MAX_FLOWS} flows.")
    return flows


def write_flows(flows: Sequence[dict[str, Any]]) -> str:
    """The same flows as text again."""
    return "\n\n".join("\n".join(_lines(flow)) for flow in flows)


def _lines(flow: dict[str, Any]) -> list[str]:
    lines = [f"Flow: {flow['name']}"]
    lines += [f"{key.title()}: {flow[key]}" for key in ("opening", "instructions") if flow[key]]
    return lines + [f"Example: {example}" for example in flow["examples"]]


def _add(flows: list[dict[str, Any]], label: str, value: str) -> None:
    if len(value) > TEXT_LENGTH:
        raise _invalid(f"A text of a flow has at most {TEXT_LENGTH} characters.")
    if label == "flow":
        _check_name(flows, value)
        flows.append({"name": value, "opening": "", "instructions": "", "examples": []})
    elif not flows:
        raise _invalid("Begin each flow with “Flow:” and its name.")
    elif label == "example":
        flows[-1]["examples"].append(value)
    elif flows[-1][label]:
        raise _invalid(f"“{flows[-1]['name']}” has two texts for “{label.title()}:”.")
    else:
        flows[-1][label] = value


def _check_name(flows: Sequence[dict[str, Any]], name: str) -> None:
    if not name or len(name) > NAME_LENGTH or "\n" in name:
        raise _invalid(f"A flow has a name of at most {NAME_LENGTH} characters, on one line.")
    if any(flow["name"] == name for flow in flows):
        raise _invalid(f"There are two flows with the name “{name}”.")


def _invalid(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="flows_invalid")
