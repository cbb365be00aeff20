"""A tenant's labels. Conversations keep their names, which follow when a label is renamed."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, router, transaction
from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Lower

from conversations.announcements import announce_label
from conversations.models import Conversation, Label, LabelChange
from conversations.saved_views import rename_label
from tenants import audit
from tenants.errors import BadRequest, Conflict, NotFound
from tenants.ids import parse_uuid, uuid7
from tenants.scope import current_scope, platform_scope, tenant_scope

LABELS_LIMIT = 200
CONVERSATIONS_AT_ONCE = 500
# A request does so much of it; housekeeping does the rest.
BATCHES_AT_ONCE = 20
NAMES = ArrayField(CharField(max_length=60))


def label_by_id(label_id: object) -> Label:
    """The tenant's label with this id, which nobody renames meanwhile. Raises NotFound."""
    known = parse_uuid(label_id)
    rows = Label.objects.select_for_update(no_key=True)
    found: Label | None = rows.filter(pk=known).first() if known else None
    if found is None:
        raise NotFound("Label not found.", code="label_not_found")
    return found


def create_label(*, name: str, color: str, actor: str) -> Label:
    """Make a label. Raises Conflict for a name that is in use, BadRequest for too many."""
    if Label.objects.count() >= LABELS_LIMIT:
        raise BadRequest(f"There are at most {LABELS_LIMIT} labels.", code="too_many_labels")
    _require_free(name)
    label = Label(id=uuid7(), tenant_id=current_scope().tenant_id, name=name, color=color)
    _save(label, force_insert=True)
    audit.record("label.created", actor=actor, target=label)
    announce_label(label)
    return label


def change_label(label: Label, *, actor: str, **fields: Any) -> None:
    """Change what is named; the conversations follow by ``carry_out``. Raises Conflict."""
    former = label.name
    if fields.get("name", former) != former:
        _require_free(fields["name"])
    for name, value in fields.items():
        setattr(label, name, value)
    _save(label)
    if label.name != former:
        _have_changed(former, label.name)
        rename_label(former, label.name)
    audit.record("label.changed", actor=actor, target=label)
    announce_label(label, former=former)


def delete_label(label: Label, *, actor: str) -> None:
    """Delete a label, and the views of it; the conversations lose it by ``carry_out``."""
    audit.record("label.deleted", actor=actor, target=label)
    _have_changed(label.name, "")
    rename_label(label.name, "")
    announce_label(label, is_deleted=True)
    label.delete()


def known_names(names: Collection[str]) -> list[str]:
    """The labels' names as the tenant spells them. Raises BadRequest for one that it lacks.

    They stay as they are until the scope ends.
    """
    if not names:
        return []
    wanted = {name.lower() for name in names}
    rows = Label.objects.annotate(folded=Lower("name")).filter(folded__in=wanted).order_by("id")
    # Whoever renames one waits for us, or else the former name might be put on behind their back.
    found = [label.name for label in rows.select_for_update(no_key=True)]
    if len(found) != len(wanted):
        raise BadRequest("There is no such label.", code="unknown_label")
    return found


def carry_out(tenant_id: UUID) -> None:
    """Have conversations follow what became of labels, in transactions of their own."""
    for _ in range(BATCHES_AT_ONCE):
        with tenant_scope(tenant_id):
            change = LabelChange.objects.order_by("id").first()
            if change is None:
                return
            if not _change_some(change):
                change.delete()


def carry_out_all() -> None:
    """Finish what requests have left."""
    with platform_scope("rename labels"):
        tenants = LabelChange.objects.order_by("tenant_id").values_list("tenant_id", flat=True)
        waiting = list(tenants.distinct()[:100])
    for tenant_id in waiting:
        carry_out(tenant_id)


def _have_changed(former: str, name: str) -> None:
    LabelChange.objects.create(tenant_id=current_scope().tenant_id, former=former, name=name)


def _change_some(change: LabelChange) -> int:
    """How many conversations had the former name; a name that is there already stays where it is.

    In the order of their ids, as everybody does who locks several.
    """
    bearing = Conversation.objects.filter(labels__len__gt=0, labels__contains=[change.former])
    locked = bearing.order_by("id").select_for_update(no_key=True)
    ids = list(locked.values_list("id", flat=True)[:CONVERSATIONS_AT_ONCE])
    rows = Conversation.objects.filter(pk__in=ids)
    if change.name:
        has_both = rows.filter(labels__contains=[change.name])
        has_both.update(labels=_array("array_remove", change.former))
        rows.update(labels=_array("array_replace", change.former, change.name))
    else:
        rows.update(labels=_array("array_remove", change.former))
    return len(ids)


def _array(function: str, *names: str) -> Func:
    values = (Value(name, output_field=CharField(max_length=60)) for name in names)
    return Func(F("labels"), *values, function=function, output_field=NAMES)


def _require_free(name: str) -> None:
    """Raises Conflict for a name that conversations are still to lose."""
    if LabelChange.objects.filter(former__iexact=name).exists():
        raise Conflict("Conversations are still losing this name.", code="name_taken")


def _save(label: Label, **options: Any) -> None:
    try:
        with transaction.atomic(using=router.db_for_write(Label)):
            label.save(**options)
    except IntegrityError:
        raise Conflict("There is a label of this name.", code="name_taken") from None
