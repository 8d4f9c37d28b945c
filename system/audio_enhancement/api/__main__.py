"""``python -m audio_enhancement.api``: one gateway process. SIGTERM lets requests in flight finish."""

import math

import uvicorn

from audio_enhancement import logs
from audio_enhancement.api.app import create_app
from audio_enhancement.settings import ApiSettings

settings = ApiSettings()
logs.configure("api", settings.log_level)
uvicorn.run(
    create_app(),
    host=settings.host,
    port=settings.port,
    access_log=False,
    server_header=False,
    log_config=None,
    timeout_graceful_shutdown=math.ceil(settings.drain_s),
)
