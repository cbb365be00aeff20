"""Makes tenants in whatever database the environment names: ``python -m tests.faults.tenants A B``.

Prints a JSON list. The first is a demo tenant, which has no rate limits; the others have them.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
django.setup()

from tests.factories import PASSWORD, make_member, make_tenant  # noqa: E402 -- apps must be ready
from tests.widgets.shops import make_shop, teach  # noqa: E402 -- apps must be ready


def main(names):
    sys.stdout.write(json.dumps([describe(name, is_demo=name == names[0]) for name in names]))


def describe(name, *, is_demo):
    tenant = make_tenant(name, is_demo=is_demo)
    shop = make_shop(tenant, "")
    teach(shop)
    with shop.scope():
        return {
            "id": str(tenant.id),
            "code": shop.bubble.code,
            "token": shop.token,
            "email": make_member(tenant).user.email,
            "password": PASSWORD,
        }


main(sys.argv[1:])
