#!/bin/sh
# Options and exit statuses: ./scripts/sample_recording.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.sample_recording "$@"
