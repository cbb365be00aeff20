"""The guided path of a tenant: from its name to its first visitor, over the admin's real forms."""
