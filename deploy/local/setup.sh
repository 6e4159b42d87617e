#!/bin/sh
# Makes .venv from requirements.lock and fetches Kafka's jars; when nothing changed since, it ends at once.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)

jars=var/cache/kafka/.complete
stamp=.venv/.complete
lock="$root $(cksum <requirements.lock) $(cksum <deploy/local/setup.sh)"
sums="$(cksum <deploy/local/kafka-jars.sha256)"

fail() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed. Debian, Ubuntu: apt install python3 python3-venv. Fedora: dnf install python3.
       macOS: brew install python. If it lies elsewhere, name it: make PYTHON=/where/it/is/python3"
}

make_environment() {
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module. Debian, Ubuntu: apt install python3-venv"
    echo "setup: virtual environment with $("$python" --version)"
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
    # The repository itself is the import root, from wherever a tool is started; the client library has a root of its own.
    printf '%s\n' "$root" "$root/clients/python" >"$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/dueflow.pth"
    printf '#!%s\nfrom cli.main import app\n\napp()\n' "$root/.venv/bin/python" >.venv/bin/dueflow
    chmod +x .venv/bin/dueflow
    echo "$lock" >"$stamp"
}

fetch_jars() {
    .venv/bin/python -m deploy.local.kafka_jars
    echo "$sums" >"$jars"
}

[ "$(cat "$stamp" 2>/dev/null)" = "$lock" ] || make_environment
[ "$(cat "$jars" 2>/dev/null)" = "$sums" ] || fetch_jars
