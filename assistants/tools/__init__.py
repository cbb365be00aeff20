"""What a tenant's tools need: a check of their arguments, and calls by HTTP."""
