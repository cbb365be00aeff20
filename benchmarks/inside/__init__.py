"""What runs with the product's own code and stores, as processes beside it; each prints JSON."""

import django

django.setup()
