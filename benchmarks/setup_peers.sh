#!/bin/sh
# Makes .venv-peers and .venv-keepers: the other tools that the benchmarks run beside Tapehead (W8, the store, has its
# own); by its name only also .venv-load, with which `make load` asks a service. Needs python3 with venv. A second call
# with unchanged pins does nothing. One of them: benchmarks/setup_peers.sh keepers. Another interpreter:
# PYTHON=python3.12 benchmarks/setup_peers.sh
set -eu

if [ $# -eq 0 ]; then
    "$0" peers
    exec "$0" keepers
fi
which=$1
case $which in peers | keepers | load) ;; *)
    echo "There is no environment '$which'; there are peers, keepers and load" >&2
    exit 2
    ;;
esac
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv="$root/.venv-$which"
lock="$root/benchmarks/$which-requirements.lock"
stamp="$venv/$which.sha256"
python=${PYTHON:-python3}

wanted=$(cat "$lock" "$0" | sha256sum | cut -d' ' -f1)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted $venv" ]; then
    exit 0
fi

unset PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 UV_SYSTEM_CERTS=1 VIRTUAL_ENV="$venv"

echo "$which 1/3  environment .venv-$which" >&2
rm -rf "$venv"
"$python" -m venv "$venv" || {
    echo "Python's venv module is wanted; on Debian and Ubuntu: apt install python3-venv. Then: $0" >&2
    exit 3
}

# pip's own settings name the index and the certificates of this machine; uv does not read them.
configured=$("$venv/bin/python" -m pip config list)
setting() { printf '%s\n' "$configured" | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | tail -n 1; }
if [ -z "${PIP_CERT:-}${REQUESTS_CA_BUNDLE:-}${CURL_CA_BUNDLE:-}${SSL_CERT_FILE:-}$(setting cert)" ]; then
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
        if [ -e "$bundle" ]; then
            export PIP_CERT="$bundle"
            break
        fi
    done
fi
index=$(setting index-url)
if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_CONFIG_FILE:-}" ]; then
    export UV_DEFAULT_INDEX="$index"
fi

echo "$which 2/3  packages of benchmarks/$which-requirements.lock" >&2
pins="$venv/uv.lock.txt"
sed -n '/^uv==/,/[^\\]$/p' "$lock" >"$pins"
sync() {
    "$venv/bin/python" -m pip install --quiet --require-hashes --no-deps -r "$pins" &&
        "$venv/bin/python" -m uv pip sync --quiet --require-hashes --python "$venv/bin/python" "$1"
}
# ArcticDB has no build for every system and Python; the others do without it.
without="$venv/without-arcticdb.lock.txt"
sed '/^arcticdb==/,/[^\\]$/d' "$lock" >"$without"
if sync "$lock"; then
    :
elif [ "$which" = keepers ] && sync "$without"; then
    echo "keepers 2/3  ArcticDB does not install here; W8 runs without it" >&2
else
    echo "$which 2/3  uv did not work here, going on with pip (slower)" >&2
    "$venv/bin/python" -m pip install --quiet --require-hashes -r "$lock" ||
        { [ "$which" = keepers ] && "$venv/bin/python" -m pip install --quiet --require-hashes -r "$without"; } || {
        echo "The package index must be reachable; behind a proxy set HTTPS_PROXY, with an index of your own set PIP_INDEX_URL. Then: $0" >&2
        exit 3
    }
fi

echo "$which 3/3  bytecode" >&2
"$venv/bin/python" -m compileall -q -q "$venv/lib" >/dev/null 2>&1 || true
printf '%s %s\n' "$wanted" "$venv" >"$stamp"
