#!/bin/sh
# Options and exit statuses: ./scripts/post_deploy_validate.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.post_deploy_validate "$@"
