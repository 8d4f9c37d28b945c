#!/bin/sh
# Options and exit statuses: ./scripts/rotate_api_key.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.rotate_api_key "$@"
