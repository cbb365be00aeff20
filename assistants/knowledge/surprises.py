"""What nobody foresaw while knowledge was read, in the log without a word of what was read."""

import logging
from uuid import UUID

logger = logging.getLogger(__name__)


def log_surprise(source_id: UUID, error: Exception) -> None:
    """Log where an exception came from, but not its own words: they may quote what was read."""
    wordless = RuntimeError(type(error).__name__)
    logger.error(
        "Knowledge source %s could not be read",
        source_id,
        exc_info=(RuntimeError, wordless, error.__traceback__),
    )
