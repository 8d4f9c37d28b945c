#!/bin/sh
# Options and exit statuses: ./scripts/block_sender.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.block_sender "$@"
