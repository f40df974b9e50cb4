#!/bin/sh
# Put the locked packages of requirements/$1.txt and Guichet itself into .venv. Called by make, from the top folder.
# The stamp .venv/.installed-$1 is written last: an install that was interrupted starts again from nothing.
set -eu

what=$1
marker=.venv/.installing

find_python() {
    for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14}; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

if ! python=$(find_python); then
    cat >&2 <<'TXT'
Guichet needs Python 3.11 or newer, and none was found.
On Debian 12 or Ubuntu:   sudo apt install python3 python3-venv
Another one:              make install PYTHON=/path/to/python3
TXT
    exit 2
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    cat >&2 <<TXT
Python is here ($("$python" --version)), but the part that makes virtual environments is not. Nothing was changed.
On Debian 12 or Ubuntu:   sudo apt install python3-venv
Then try again.
TXT
    exit 2
fi

if [ -e "$marker" ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    echo "Making a virtual environment in .venv ..."
    "$python" -m venv --clear .venv
fi
: >"$marker"
echo "Installing the locked packages of requirements/$what.txt (once, under a minute) ..."
.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement "requirements/$what.txt"
if [ "$what" = run ]; then
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
        --no-index --no-deps --no-build-isolation --editable .
    .venv/bin/python -m compileall -q tui engine glpi data
fi
rm -f "$marker"
pwd -P >".venv/.installed-$what"
