"""The floor: tenants, the people in them, and what they prove themselves with."""

from tenants.models.audit import AuditEntry
from tenants.models.credential import Credential
from tenants.models.people import LoginSession, Membership, User
from tenants.models.tenant import Tenant

__all__ = ["AuditEntry", "Credential", "LoginSession", "Membership", "Tenant", "User"]
