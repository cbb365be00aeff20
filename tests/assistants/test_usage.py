from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections

from assistants import counters, spending, usage
from assistants.counters import Counter
from assistants.events import Usage
from assistants.models import UsageCounter, UsageEntry
from assistants.spending import Spending
from assistants.usage import BudgetSpent
from tenants.ids import uuid7
from tenants.scope import tenant_scope
from tests.assistants.budgets import PRICED, counts, limit, month, states

UNPRICED = Usage("local", input_tokens=7, output_tokens=3)


def reserve(tenant, *, key=None, visitor=None, conversation_id=None, **options):
    key = key or uuid7()
    with tenant_scope(tenant.id):
        usage.reserve(key, subject=visitor, conversation_id=conversation_id, **options)
    return key


def do(tenant, verb, *args):
    with tenant_scope(tenant.id):
        return verb(*args)


def is_refused(tenant, **options):
    """Whether one more turn is; nothing is written then, though the transaction goes on."""
    before = (counts(tenant), states(tenant))
    with tenant_scope(tenant.id), suppress(BudgetSpent):
        reserve(tenant, **options)
        return False
    assert (counts(tenant), states(tenant)) == before
    return True


def at_once(act, times):
    def alone(_):
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(alone, range(times)))


def test_a_turn_is_reserved_and_paid(acme, globex):
    key = reserve(acme, visitor=uuid7())
    assert (counts(acme), states(acme)) == ([(0, 1, 0), (0, 1, 0)], ["held"])

    do(acme, usage.settle, key, PRICED)

    assert (counts(acme), states(acme)) == ([(1, 0, 25), (1, 0, 25)], ["settled"])
    assert month(acme) == Spending(turns=1, tokens=25, known_cost=PRICED.cost)
    assert (month(globex), counts(globex), states(globex)) == (Spending(), [], [])


def test_a_turn_that_is_given_back_costs_nothing(acme):
    limit(acme, turns_per_month=1)
    key = reserve(acme, visitor=uuid7())
    assert is_refused(acme)

    do(acme, usage.release, key)

    assert (counts(acme), states(acme)) == ([(0, 0, 0), (0, 0, 0)], ["released"])
    assert not is_refused(acme)


def test_the_second_of_the_same_calls_does_nothing(acme):
    visitor = uuid7()
    key = reserve(acme, visitor=visitor)
    reserve(acme, visitor=visitor, key=key)
    assert counts(acme) == [(0, 1, 0), (0, 1, 0)]

    do(acme, usage.settle, key, PRICED)
    do(acme, usage.settle, key, PRICED)
    do(acme, usage.release, key)
    reserve(acme, visitor=visitor, key=key)

    assert (counts(acme), states(acme)) == ([(1, 0, 25), (1, 0, 25)], ["settled"])


def test_what_was_given_back_is_not_paid(acme):
    key = reserve(acme)
    do(acme, usage.release, key)
    do(acme, usage.release, key)
    do(acme, usage.settle, key, PRICED)

    assert (counts(acme), states(acme)) == ([(0, 0, 0)], ["released"])


def test_a_turn_that_is_tried_anew_is_reserved_anew(acme):
    limit(acme, turns_per_month=1)
    key = reserve(acme)
    do(acme, usage.book, key, PRICED)
    do(acme, usage.release, key)

    reserve(acme, key=key)
    assert is_refused(acme)
    do(acme, usage.settle, key, PRICED)

    assert (counts(acme), states(acme)) == ([(1, 0, 50)], ["settled"])


def test_tokens_of_what_was_not_posted_stay_in_the_ledger_and_cost_no_turn(acme):
    conversation_id, visitor = uuid7(), uuid7()
    key = reserve(acme, visitor=visitor, conversation_id=conversation_id)
    do(acme, usage.book, key, PRICED)
    do(acme, usage.release, key)
    do(acme, usage.book, key, UNPRICED)

    assert counts(acme) == [(0, 0, 35), (0, 0, 35)]
    expected = Spending(tokens=35, unpriced_tokens=10, known_cost=PRICED.cost)
    assert (month(acme), do(acme, spending.spent, conversation_id)) == (expected, expected)
    with tenant_scope(acme.id):
        entry = UsageEntry.objects.get()
    assert (entry.model, entry.input_tokens, entry.output_tokens) == ("local", 27, 8)


def test_work_that_was_never_reserved_is_not_in_the_ledger(acme):
    do(acme, usage.book, uuid7(), PRICED)
    do(acme, usage.settle, uuid7(), PRICED)

    assert (counts(acme), states(acme)) == ([], [])


def test_a_limit_refuses_the_turn_that_would_pass_it(acme, globex):
    limit(acme, turns_per_month=2)
    reserve(acme)
    do(acme, usage.settle, reserve(acme), PRICED)

    assert is_refused(acme)
    assert not is_refused(globex)


@pytest.mark.parametrize("name", ["turns_per_month", "tokens_per_month", "visitor_turns_per_day"])
def test_a_limit_of_nothing_refuses_the_very_first_turn(acme, name):
    limit(acme, **{name: 0})

    assert is_refused(acme, visitor=uuid7())


def test_tokens_are_refused_once_they_are_spent(acme):
    limit(acme, tokens_per_month=25)
    first, second = reserve(acme), reserve(acme)

    do(acme, usage.settle, first, Usage("small", 20, 4))
    assert not is_refused(acme)
    do(acme, usage.book, second, Usage("small", 1, 0))

    assert is_refused(acme)


def test_each_visitor_has_a_day_of_their_own(acme):
    limit(acme, visitor_turns_per_day=1)
    visitor = uuid7()
    reserve(acme, visitor=visitor)

    assert is_refused(acme, visitor=visitor)
    assert not is_refused(acme, visitor=uuid7())
    assert not is_refused(acme)


def test_the_tenants_limit_leaves_the_visitors_day_untouched(acme):
    limit(acme, turns_per_month=1, visitor_turns_per_day=5)
    reserve(acme)

    assert is_refused(acme, visitor=uuid7())


def test_without_limits_everything_is_counted_all_the_same(acme):
    for _ in range(3):
        do(acme, usage.settle, reserve(acme), PRICED)

    assert (month(acme).turns, month(acme).tokens) == (3, 75)


def test_a_demo_has_no_limits(acme):
    limit(acme, turns_per_month=0)
    acme.is_demo = True
    acme.save()

    reserve(acme)
    assert do(acme, spending.limits).turns_per_month is None


def test_a_turn_may_take_the_place_of_another_at_the_edge_of_the_limits(acme):
    limit(acme, turns_per_month=1, visitor_turns_per_day=1)
    visitor = uuid7()
    first = reserve(acme, visitor=visitor)

    second = reserve(acme, visitor=visitor, instead_of=first)
    assert (counts(acme), states(acme)) == ([(0, 1, 0), (0, 1, 0)], ["released", "held"])
    reserve(acme, visitor=visitor, key=second, instead_of=first)
    do(acme, usage.settle, second, PRICED)

    assert counts(acme) == [(1, 0, 25), (1, 0, 25)]
    assert is_refused(acme, visitor=visitor, instead_of=second)


def test_who_is_refused_keeps_what_was_to_be_given_back(acme):
    first = reserve(acme)
    limit(acme, turns_per_month=0)

    assert is_refused(acme, instead_of=first)
    assert states(acme) == ["held"]


def test_a_turn_that_began_yesterday_is_given_back_to_yesterday(acme):
    limit(acme, visitor_turns_per_day=1)
    visitor = uuid7()
    first = reserve(acme, visitor=visitor)
    with tenant_scope(acme.id):
        UsageEntry.objects.update(day="2031-04-30", month="2031-04")
        UsageCounter.objects.filter(subject=visitor).update(period="2031-04-30")
        UsageCounter.objects.filter(subject=acme.id).update(period="2031-04")

    reserve(acme, visitor=visitor, instead_of=first)

    assert sorted(counts(acme)) == [(0, 0, 0), (0, 0, 0), (0, 1, 0), (0, 1, 0)]


@pytest.mark.parametrize("limits", [{"turns_per_month": 10}, {"visitor_turns_per_day": 10}])
def test_of_forty_at_once_exactly_as_many_as_the_limit_allows_are_served(acme, limits):
    limit(acme, **limits)
    visitor = uuid7()

    def attempt():
        try:
            return reserve(acme, visitor=visitor)
        except BudgetSpent:
            return None

    served = [key for key in at_once(attempt, 40) if key]

    assert len(served) == 10
    assert counts(acme) == [(0, 10, 0), (0, 10, 0)]
    assert states(acme) == ["held"] * 10


def test_of_many_who_pay_for_the_same_turn_one_does(acme):
    key = uuid7()

    at_once(lambda: reserve(acme, key=key), 10)
    at_once(lambda: do(acme, usage.settle, key, PRICED), 10)

    assert (counts(acme), states(acme)) == ([(1, 0, 25)], ["settled"])


def test_who_is_refused_learns_when_the_period_ends(acme):
    limit(acme, turns_per_month=0)
    with pytest.raises(BudgetSpent) as refused:
        reserve(acme)

    now = datetime.now(UTC)
    first = (now.replace(day=1) + timedelta(days=31)).replace(day=1)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    assert abs(refused.value.retry_after - (midnight - now).total_seconds()) < 5
    assert (refused.value.status, refused.value.code) == (429, "budget_spent")


@pytest.mark.parametrize(
    ("period", "now", "seconds"),
    [
        ("2031-05-17", datetime(2031, 5, 17, 23, 59, 59, 500_000, UTC), 1),
        ("2031-05-17", datetime(2031, 5, 17, tzinfo=UTC), 86_400),
        ("2031-12", datetime(2031, 12, 31, 23, 0, tzinfo=UTC), 3_600),
        ("2031-02", datetime(2031, 2, 1, tzinfo=UTC), 28 * 86_400),
        ("2031-05", datetime(2031, 6, 1, tzinfo=UTC), 1),
    ],
)
def test_a_period_ends_at_midnight_in_utc(period, now, seconds):
    assert Counter(uuid7(), period).seconds_left(now) == seconds


def test_periods_are_named_by_their_date():
    at = datetime(2031, 5, 7, 23, 59, tzinfo=UTC)

    assert (counters.month_of(at), counters.day_of(at)) == ("2031-05", "2031-05-07")


@pytest.mark.parametrize(
    ("spent", "cost"),
    [
        (Spending(), "0.00000000"),
        (Spending(1, 25, 0, Decimal("0.003")), "0.00300000"),
        (Spending(1, 35, 10, Decimal("0.003")), "0.00300000"),
        (Spending(1, 10, 10), None),
    ],
)
def test_a_cost_is_told_as_far_as_it_is_known(spent, cost):
    assert spent.data()["cost"] == cost


def test_a_conversation_shows_its_own_entries_only(acme, globex):
    conversation_id = uuid7()
    for tenant, conversation in ((acme, conversation_id), (acme, uuid7()), (globex, uuid7())):
        do(tenant, usage.settle, reserve(tenant, conversation_id=conversation), PRICED)

    expected = Spending(turns=1, tokens=25, known_cost=PRICED.cost)
    assert do(acme, spending.spent, conversation_id) == expected
    assert do(globex, spending.spent, conversation_id) == Spending()


def test_a_month_is_one_tenants(acme, globex):
    do(acme, usage.settle, reserve(acme), PRICED)

    assert do(globex, spending.month, acme.id) == Spending()
