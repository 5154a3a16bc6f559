#!/bin/sh
# Verifies the public log with Go's sumdb (Debian: golang-go golang-golang-x-mod-dev), which knows
# nothing of this project.
#   scripts/check-log-go.sh URL [-from CHECKPOINT] [-witness NAME+ID+KEY]   a running server
#   scripts/check-log-go.sh                                                 a demo and a witness of its own
set -eu
here=$(dirname "$0")
mod=/usr/share/gocode/src/golang.org/x/mod/sumdb
if ! command -v go >/dev/null || [ ! -d "$mod/tlog" ]; then
    echo "SKIPPED: needs Go and golang.org/x/mod (apt-get install golang-go golang-golang-x-mod-dev)" >&2
    # A check that was asked for and did not run is no success; CI asks only where both are there.
    exit 77
fi
work=$(mktemp -d)
pids=
trap 'for p in $pids; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" GOFLAGS= \
    go build -o "$work/check" "$here/check-log-go/main.go"

if [ $# -gt 0 ]; then
    url=$1
    shift
    "$work/check" "$@" "$url"
    exit
fi

bin=${JADEGATE:-$here/../target/debug/jadegate}
[ -x "$bin" ] || { echo "build it first: cargo build (or name one in JADEGATE)" >&2; exit 1; }
# What follows TEXT in the first line of FILE that has it, within a minute.
wait_for() {
    n=0
    while [ $n -lt 600 ]; do
        found=$(sed -n "s|^$2||p" "$1" | head -n 1)
        [ -n "$found" ] && { echo "$found"; return; }
        n=$((n + 1))
        sleep 0.1
    done
    echo "nothing after a minute: $2" >&2
    return 1
}
start_demo() {
    : >"$work/said"
    (cd "$work" && exec "$bin" demo --people 300 --port "$1" --keep town >"$work/said" 2>"$work/log") &
    demo=$!
    pids="$pids $demo"
    url=$(wait_for "$work/said" '  *Holder  *')
    url=${url%/}
}
bin=$(cd "$(dirname "$bin")" && pwd)/$(basename "$bin")
start_demo 0
curl -fsS "$url/v1/log/checkpoint" >"$work/first"
log=$(curl -fsS "$url/v1/keys" | sed 's/.*"log":"\([^"]*\)".*/\1/')
port=${url##*:}
kill "$demo"
wait "$demo" 2>/dev/null || true
"$bin" witness --folder "$work/witness" --name paper.example --listen 127.0.0.1:0 --log "$log" >"$work/witness.said" 2>/dev/null &
pids="$pids $!"
key=$(wait_for "$work/witness.said" 'Witness  ')
at=$(wait_for "$work/witness.said" 'Address  ')
export JADEGATE_LOG__WITNESSES="$key ${at%% *}"
start_demo "$port"
n=0
until curl -fsS "$url/v1/log/checkpoint" | grep -q "paper.example"; do
    n=$((n + 1))
    [ $n -lt 300 ] || { echo "the witness did not sign" >&2; exit 1; }
    sleep 0.1
done
"$work/check" -from "$work/first" -witness "$key" "$url"
