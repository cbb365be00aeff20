"""The floor: tenants, the people in them, and what they prove themselves with."""

from tenants.models.audit import AuditEntry
from tenants.models.credential import Credential
from tenants.models.mail import AccountMail, Mail
from tenants.models.people import LoginSession, Membership, User
from tenants.models.tenant import Tenant

__all__ = [
    "AccountMail",
    "AuditEntry",
    "Credential",
    "LoginSession",
    "Mail",
    "Membership",
    "Tenant",
    "User",
]
