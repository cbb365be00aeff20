"""What a message means: its language, intents, entities and sentiment."""
