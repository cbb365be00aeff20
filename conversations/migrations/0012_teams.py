import django.contrib.postgres.fields
from django.db import migrations, models

import tenants.ids
from tenants.wall import pin, wall


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0011_visitors_say"),
        ("tenants", "0005_defaults"),
    ]

    operations = [
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "strategy",
                    models.CharField(
                        choices=[("round_robin", "Round Robin"), ("least_loaded", "Least Loaded")],
                        default="round_robin",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "unscoped"},
            managers=[
                ("objects", models.manager.Manager()),
                ("unscoped", models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="places",
                        to="conversations.team",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.membership",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "unscoped"},
            managers=[
                ("objects", models.manager.Manager()),
                ("unscoped", models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Availability",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("online", "Online"), ("away", "Away")],
                        default="online",
                        max_length=6,
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=5, help_text="How many conversations are assigned to them at once."
                    ),
                ),
                ("present_until", models.DateTimeField()),
                (
                    "assigned_at",
                    models.DateTimeField(help_text="When they last got one.", null=True),
                ),
                (
                    "is_online",
                    models.BooleanField(default=False, help_text="What the team was last told."),
                ),
                (
                    "member",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.membership",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "unscoped"},
            managers=[
                ("objects", models.manager.Manager()),
                ("unscoped", models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Queue",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "reply_seconds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        help_text="Of the last first replies, the newest first.",
                        size=None,
                    ),
                ),
                (
                    "team",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=models.deletion.CASCADE,
                        related_name="queue",
                        to="conversations.team",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="tenants.tenant"
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "unscoped"},
            managers=[
                ("objects", models.manager.Manager()),
                ("unscoped", models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="conversation",
            name="team",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="In whose queue it waits for a person; none means everybody's.",
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="conversations.team",
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="waiting_since",
            field=models.DateTimeField(
                help_text="When a person was asked for who has not replied yet.", null=True
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="told_position",
            field=models.PositiveIntegerField(
                help_text="The visitor's place in the queue, the lowest that they were told.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="is_routed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Goes back to the queue if its assignee is not there.",
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="is_absence_told",
            field=models.BooleanField(
                db_default=False, default=False, help_text="The visitor knows that nobody is there."
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="unread_reply_since",
            field=models.DateTimeField(
                help_text="When a member first replied what the visitor has not read since.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="mailed_seq",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Up to here replies were mailed."
            ),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="team_name_once"),
        ),
        migrations.AddConstraint(
            model_name="teammember",
            constraint=models.UniqueConstraint(fields=("team", "member"), name="team_member_once"),
        ),
        migrations.AddConstraint(
            model_name="queue",
            constraint=models.UniqueConstraint(
                fields=("tenant", "team"), name="queue_once", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="availability",
            index=models.Index(
                condition=models.Q(("is_online", True)),
                fields=["present_until"],
                name="availability_told",
            ),
        ),
        wall("conversations_team"),
        wall(
            "conversations_teammember", team_id="conversations_team", member_id="tenants_membership"
        ),
        wall("conversations_availability", member_id="tenants_membership"),
        wall("conversations_queue", team_id="conversations_team"),
        pin("conversations_conversation", team_id="conversations_team"),
    ]
