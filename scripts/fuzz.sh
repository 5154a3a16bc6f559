#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (default 60). Installs cargo-fuzz into target/tools if missing.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/target/tools/bin:$PATH"
seconds="${FUZZ_SECONDS:-60}"
# The sanitizer's flags need a nightly compiler; this variable makes the stable one accept them.
export RUSTC_BOOTSTRAP=1
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "Installing cargo-fuzz into target/tools"
    cargo install cargo-fuzz --locked --root target/tools
fi
# The shipped files are what the fuzzer starts from.
mkdir -p fuzz/corpus/policy_file fuzz/corpus/evidence_file fuzz/corpus/assess fuzz/corpus/certificate
for file in policies/*.toml crates/policy/tests/common/*.toml; do
    case "$file" in
        *.cases.toml) cp "$file" fuzz/corpus/evidence_file/ ;;
        *) cp "$file" fuzz/corpus/policy_file/ ;;
    esac
done
for target in ${FUZZ_TARGETS:-policy_file evidence_file assess certificate}; do
    printf '\n== %s for %s seconds\n' "$target" "$seconds"
    cargo fuzz run "$target" -- -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=3000
done
