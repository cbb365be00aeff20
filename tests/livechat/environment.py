"""What a product in production is told, and no more."""

GOOD = {
    "PRODUCTION": "1",
    "SECRET_KEY": "k" * 50,
    "DATABASE_URL": "postgresql://livechat@db.example/livechat",
    "DATABASE_OWNER_URL": "postgresql://owner@db.example/livechat",
    "REDIS_URL": "redis://redis.example:6379/0",
    "PUBLIC_URL": "https://chat.example.com",
    "ALLOWED_HOSTS": "chat.example.com",
}
