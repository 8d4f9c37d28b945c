#!/bin/sh
# Options and exit statuses: ./scripts/requeue.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.requeue "$@"
