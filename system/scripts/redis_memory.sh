#!/bin/sh
# Options and exit statuses: ./scripts/redis_memory.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.redis_memory "$@"
