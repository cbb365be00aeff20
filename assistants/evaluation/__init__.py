"""How well the embedded assistant answers, in figures: the product's own search and bands."""
