"""The floor: tenants, the people in them, and what they prove themselves with."""

from tenants.models.audit import AuditEntry
from tenants.models.credential import Credential
from tenants.models.invitation import Invitation
from tenants.models.mail import AccountMail, Mail
from tenants.models.people import LoginSession, Membership, User
from tenants.models.second_factor import SecondFactor
from tenants.models.tenant import Tenant

__all__ = [
    "AccountMail",
    "AuditEntry",
    "Credential",
    "Invitation",
    "LoginSession",
    "Mail",
    "Membership",
    "SecondFactor",
    "Tenant",
    "User",
]
