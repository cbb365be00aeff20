"""Django's PostgreSQL, but for how a pool's connections are looked at."""
