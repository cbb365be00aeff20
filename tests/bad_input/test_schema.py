"""The REST against its own description: what is described is answered so, and what is not is not.

``BAD_INPUT_EXAMPLES=200`` tries more; the default is for every run of the suite.
"""

from functools import partial

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, negative_data_rejection, positive_data_acceptance

from tests.bad_input import corpus
from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture

load_all_checks()


@pytest.fixture
def operations(front):
    schema = schemathesis.openapi.from_url(f"{front.url}/api/schema")
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.usefixtures("analyst")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_it_is_described(front, operations, mode):
    for operation in operations:
        with_examples(operation, mode, partial(call, front))


def with_examples(operation, mode, play):
    @settings(
        max_examples=max(2, corpus.EXAMPLES // 12),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def run(case):
        play(case)

    try:
        run()
    except Unsatisfiable:
        # It takes nothing that could be wrong.
        assert mode == GenerationMode.NEGATIVE


def call(front, case):
    own = front.places
    known = {
        "widget_id": own["widget"],
        "conversation_id": own["own" if "widgets" in case.path else "conversation"],
        "assistant_id": own["assistant"],
    }
    is_even = len(repr((case.path_parameters, case.body))) % 2 == 0
    if case.path_parameters and is_even:
        # Beyond an unknown id nothing more is looked at.
        case.path_parameters |= {
            name: str(known[name]) for name in case.path_parameters if name in known
        }
    answer = case.call(headers=credentials(front, case.operation, by_key=is_even))
    # What is valid by its shape may be refused for what it says; unknown parameters are ignored.
    excluded = [positive_data_acceptance]
    if case.method == "GET":
        excluded.append(negative_data_rejection)
    case.validate_response(answer, excluded_checks=excluded)


def credentials(front, operation, *, by_key):
    """Nothing for log-ins: to log out would end everything else."""
    match operation.definition.raw["tags"]:
        case ["visitor"]:
            ends_it = operation.path.endswith("/logout")
            secret = (front.new_session() if ends_it else front.session)["sessionSecret"]
            return {"Authorization": f"Bearer {front.shop.token}", "X-Session-Secret": secret}
        case ["team"]:
            return {"Authorization": f"Bearer {front.key if by_key else front.jwt}"}
    return {}
