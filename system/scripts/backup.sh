#!/bin/sh
# Options and exit statuses: ./scripts/backup.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.backup "$@"
