"""One answer in a form that was asked for."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from pydantic_ai import direct
from pydantic_ai.messages import ModelRequest

from assistants.events import Usage
from assistants.providers.accounts import accounts_of
from assistants.providers.candidates import candidates, settings
from assistants.providers.errors import ProviderError, provider_errors
from assistants.providers.measuring import measured
from assistants.providers.usage import usage_of
from assistants.versions import VersionSnapshot
from tenants.executor import run_in_db_thread

JSON_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


async def complete_json(
    version: VersionSnapshot, *, instructions: str, text: str, schema: Mapping[str, Any]
) -> tuple[dict[str, Any], Usage]:
    """One answer that fits ``schema``, from the first model that gives one, and what all cost.

    Raises ProviderError, which knows what was spent.
    """
    shape = json.dumps(schema)
    told = f"{instructions}\n\nAnswer with one JSON object and nothing else. Its schema:\n{shape}"
    failure, spent = "not_configured", Usage()
    accounts = await run_in_db_thread(accounts_of, version)
    for candidate in await candidates(version, accounts):
        request = ModelRequest.user_text_prompt(text, instructions=told)
        try:
            with measured(candidate.wire), provider_errors():
                response = await direct.model_request(
                    candidate.model, [request], model_settings=settings(temperature=0.0)
                )
                spent += usage_of(candidate, response, [request])
                found = _json_object(response.text or "", schema)
        except ProviderError as error:
            failure = error.code
        else:
            return found, spent
    raise ProviderError(failure, spent)


def _json_object(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    found = JSON_OBJECT.search(text)
    value = json.loads(found.group()) if found else None
    if not isinstance(value, dict) or not Draft202012Validator(schema).is_valid(value):
        raise ValueError("The answer is not the JSON that was asked for.")
    return value
