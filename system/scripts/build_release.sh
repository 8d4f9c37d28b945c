#!/bin/sh
# Options and exit statuses: ./scripts/build_release.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.build_release "$@"
