"""Logging: one JSON object a line, UTC times, and never a secret."""

import logging
import sys

import structlog


def configure(component: str, level: str = "info") -> structlog.stdlib.BoundLogger:
    """Send this process' log lines to standard output as JSON, and return a logger that names the component."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; only their warnings are worth a line here.
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(levelname)s %(name)s %(message)s")
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(component=component)
    return logger
