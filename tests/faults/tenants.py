"""Makes tenants in whatever database the environment names: ``python -m tests.faults.tenants A B``.

Prints a JSON list. The first is a demo tenant, which has no rate limits; the others have them.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livechat.settings")
django.setup()

from tenants import credentials  # noqa: E402 -- apps must be ready
from tenants.models import Credential  # noqa: E402 -- apps must be ready
from tests.factories import PASSWORD, make_member, make_tenant  # noqa: E402 -- apps must be ready
from tests.widgets.shops import make_shop, teach  # noqa: E402 -- apps must be ready

# An account may log in five times in five minutes.
MEMBERS = 4


def main(names):
    sys.stdout.write(json.dumps([describe(name, is_demo=name == names[0]) for name in names]))


def describe(name, *, is_demo):
    tenant = make_tenant(name, is_demo=is_demo)
    shop = make_shop(tenant, "")
    teach(shop)
    with shop.scope():
        members = [make_member(tenant) for _ in range(MEMBERS)]
        key = credentials.issue(tenant, Credential.Kind.API_KEY, scopes=["*"])
        kind = Credential.Kind.API_TOKEN
        blits = credentials.issue(tenant, kind, subject_id=shop.assistant.id)
        return {
            "id": str(tenant.id),
            "code": shop.bubble.code,
            "token": shop.token,
            "emails": [member.user.email for member in members],
            "password": PASSWORD,
            "member_id": str(members[0].id),
            "api_key": key.secret,
            "blits_token": blits.secret,
        }


main(sys.argv[1:])
