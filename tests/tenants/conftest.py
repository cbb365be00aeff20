"""Passwords are hashed as in production, only with less work: hundreds of log-ins are tested."""

from django.contrib.auth.hashers import Argon2PasswordHasher

Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 1024
Argon2PasswordHasher.parallelism = 1
