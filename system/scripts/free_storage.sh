#!/bin/sh
# Options and exit statuses: ./scripts/free_storage.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.free_storage "$@"
