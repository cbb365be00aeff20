"""Lists of conversations that members keep, for themselves or for the team."""

from typing import Any

from django.db.models import Q

from conversations.announcements import announce_views
from conversations.models import View
from tenants.errors import BadRequest, Forbidden, NotFound
from tenants.ids import parse_uuid, uuid7
from tenants.models import Membership

OWN_LIMIT = 50
SHARED_LIMIT = 100
SHARERS = (Membership.Role.ADMIN, Membership.Role.OWNER)


def visible(member: Membership) -> Q:
    return Q(member=member) | Q(shared=True)


def view_by_id(view_id: object, member: Membership) -> View:
    """The view with this id if the member has it. Raises NotFound for any other."""
    known = parse_uuid(view_id)
    found = View.objects.filter(visible(member), pk=known).first() if known else None
    if found is None:
        raise NotFound("View not found.", code="view_not_found")
    return found


def create_view(member: Membership, **fields: Any) -> View:
    """Keep a view. Raises Forbidden for a shared one of an agent, BadRequest for too many."""
    view = View(id=uuid7(), tenant_id=member.tenant_id, member=member, **fields)
    _require_room(view)
    _require_rights(view, member)
    view.save(force_insert=True)
    _announce(view.shared)
    return view


def change_view(view: View, member: Membership, **fields: Any) -> None:
    """Change what is named. Raises Forbidden and BadRequest as above."""
    _require_rights(view, member)
    was_shared = view.shared
    for name, value in fields.items():
        setattr(view, name, value)
    _require_rights(view, member)
    if view.shared != was_shared:
        _require_room(view)
    view.save()
    _announce(was_shared or view.shared)


def delete_view(view: View, member: Membership) -> None:
    """Raises Forbidden for a shared one, unless owners and admins do it."""
    _require_rights(view, member)
    view.delete()
    _announce(view.shared)


def rename_label(former: str, name: str) -> None:
    """Have the views that ask for a label ask for it by its new name.

    Without one they no longer ask for it; those that asked for nothing else go.
    """
    asking = View.objects.select_for_update(no_key=True).filter(filters__label__icontains=former)
    for view in asking.order_by("id"):
        names = [each.strip() for each in view.filters["label"].split(",")]
        if former not in names:
            continue
        left = [name if each == former else each for each in names if name or each != former]
        if not left:
            view.delete()
            continue
        view.filters["label"] = ",".join(left)
        view.save(update_fields=["filters"])


def view_data(view: View) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "name": view.name,
        "filters": view.filters,
        "sort": view.sort,
        "shared": view.shared,
        "memberId": str(view.member_id),
    }


def _announce(is_others_too: bool) -> None:
    if is_others_too:
        announce_views()


def _require_rights(view: View, member: Membership) -> None:
    """What the whole team has, owners and admins look after."""
    if view.shared and member.role not in SHARERS:
        raise Forbidden("Only owners and admins share views.", code="missing_role")


def _require_room(view: View) -> None:
    if view.shared:
        is_full = View.objects.filter(shared=True).count() >= SHARED_LIMIT
    else:
        own = View.objects.filter(member_id=view.member_id, shared=False)
        is_full = own.count() >= OWN_LIMIT
    if is_full:
        raise BadRequest("There are too many views.", code="too_many_views")
