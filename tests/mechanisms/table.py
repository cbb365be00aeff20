"""All mechanisms."""

from tests.mechanisms import bounds, order, walls

ALL = [*walls.MECHANISMS, *order.MECHANISMS, *bounds.MECHANISMS]
