"""What tools need beside their rows: schemas of their arguments, and calls by HTTP."""
