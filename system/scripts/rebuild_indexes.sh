#!/bin/sh
# Options and exit statuses: ./scripts/rebuild_indexes.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.rebuild_indexes "$@"
