#!/bin/sh
# Sets up .venv from the hash-locked requirements.txt. Quick and silent when there is nothing to do.
# usage: tools/bootstrap.sh            (make html and make test call it)
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.requirements.sha256

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null 2>&1; then python=$candidate; break; fi
    done
fi
[ -n "$python" ] || tools/need.sh python3-venv python3
python=${python:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "error: $python is $("$python" -V 2>&1); Python 3.11 or newer is needed. Name one: make PYTHON=/path/to/python3.11"
    exit 1
}

wanted=$(sha256sum requirements.txt | cut -d' ' -f1)
if [ -x $venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then exit 0; fi

if [ ! -x $venv/bin/pip ]; then
    # Debian keeps venv's pip in a package of its own, and then leaves half a .venv behind.
    "$python" -c 'import ensurepip' 2>/dev/null || tools/need.sh python3-venv
    say "Setting up $venv with $("$python" -V)"
    rm -rf $venv
    "$python" -m venv $venv
fi
say "Installing the locked Python packages into $venv"
log=$(mktemp)
trap 'rm -f "$log" "$log.uv"' EXIT
# Compiled, because processes that must not write (PYTHONDONTWRITEBYTECODE) would compile scipy at each start: 6 s, not 1.
# uv installs the rest in seconds; it stands in the same lock file, so its hash is checked too.
awk '/^[a-z]/ { mine = /^uv==/ } mine' requirements.txt > "$log.uv"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS=true
{
    $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$log.uv" &&
    $venv/bin/uv pip sync --quiet --compile-bytecode --python $venv/bin/python --require-hashes requirements.txt
} > "$log" 2>&1 || { cat "$log" >&2; say "error: the Python packages could not be installed (see above)"; exit 1; }
printf '%s\n' "$wanted" > $stamp
