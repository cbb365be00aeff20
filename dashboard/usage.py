"""What the tenant's answers cost this month, and how much they may."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants import spending
from dashboard import shapes
from dashboard.callers import TeamView
from tenants.callers import at_work


class UsageView(TeamView):
    @extend_schema(operation_id="getUsage", responses=shapes.Usage)
    def get(self, request: Request) -> Response:
        """What answers of language models cost this month, and the limits."""
        with at_work(request) as tenant_id:
            limits = spending.limits()
            body = {
                "month": spending.this_month(),
                **spending.month(tenant_id).data(),
                "limits": {
                    "turnsPerMonth": limits.turns_per_month,
                    "tokensPerMonth": limits.tokens_per_month,
                    "visitorTurnsPerDay": limits.visitor_turns_per_day,
                },
            }
        return Response(body)
