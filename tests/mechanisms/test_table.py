"""The table is true of the code as it is; ``make proofs`` shows that its tests notice."""

import ast
from collections import Counter
from functools import cache

import pytest

from tests.mechanisms import ROOT
from tests.mechanisms.table import ALL


def test_every_mechanism_has_a_name_of_its_own():
    assert [name for name, count in Counter(each.name for each in ALL).items() if count > 1] == []


@pytest.mark.parametrize("mechanism", ALL, ids=lambda mechanism: mechanism.name)
def test_it_stands_where_it_is_said_to_and_its_tests_exist(mechanism):
    for text in mechanism.taken_out().values():
        ast.parse(text)

    assert mechanism.tests
    for test in mechanism.tests:
        file, _, name = test.partition("::")
        assert name in functions_in(file), test


@cache
def functions_in(file):
    tree = ast.parse((ROOT / file).read_text())
    return {getattr(node, "name", None) for node in ast.walk(tree)}
