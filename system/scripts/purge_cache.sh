#!/bin/sh
# Options and exit statuses: ./scripts/purge_cache.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.purge_cache "$@"
