#!/bin/sh
# Options and exit statuses: ./scripts/pre_deploy_check.sh --help
exec "$(dirname -- "$0")/../bin/python" -m audio_enhancement.operations.pre_deploy_check "$@"
