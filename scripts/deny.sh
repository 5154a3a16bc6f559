#!/usr/bin/env bash
# Licences, bans and sources by cargo-deny; advisories where their database can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo deny --version >/dev/null 2>&1; then
  echo "SKIPPED: licences and bans by cargo-deny (not installed)."
  exit 0
fi
cargo deny --workspace check --hide-inclusion-graph bans licenses sources
# The advisory database is a git repository, which not every machine can reach.
db=$(mktemp -d)
trap 'rm -rf "$db"' EXIT
if timeout 60 git clone --quiet --depth 1 https://github.com/rustsec/advisory-db "$db/probe" 2>/dev/null; then
  cargo deny --workspace check --hide-inclusion-graph advisories
else
  echo "SKIPPED: security advisories (their database cannot be fetched from here)."
fi
