#!/usr/bin/env bash
# Builds the policy for browsers: ui/wasm/policy.wasm. Does nothing if its sources have not changed.
# Any compiler for wasm32-unknown-unknown will do: the one rustup has or can get, else Debian's with
# its own standard library (packages rustc-web, cargo-web, rust-web-src, lld).
#   scripts/wasm.sh [--find]   with --find: only says whether a compiler is there
set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown
out=ui/wasm/policy.wasm

# Has the usual compiler a standard library for the target?
usual() { [ -n "$(find "$(rustc --print target-libdir --target "$target" 2>/dev/null)" -name 'libcore-*.rlib' -print -quit 2>/dev/null)" ]; }
debian() { [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src/rust/library/std ] && command -v wasm-ld >/dev/null; }
found() {
  case "${WASM_WITH:-}" in usual) usual; return ;; debian) debian; return ;; esac
  usual || { command -v rustup >/dev/null && timeout 120 rustup target add "$target" >/dev/null 2>&1 && usual; } || debian
}
if [ "${1:-}" = --find ]; then found; exit; fi

inputs=$(find Cargo.toml Cargo.lock scripts/wasm.sh crates/domain crates/policy crates/policy-wasm \
  -type f \( -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.txt' -o -name '*.sh' \) -print0 \
  | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ -f "$out" ] && [ "$(cat "$out.inputs" 2>/dev/null)" = "$inputs" ]; then exit 0; fi

found || { echo "No compiler for $target: run 'rustup target add $target', or install rustc-web, cargo-web, rust-web-src and lld." >&2; exit 1; }
# A folder of its own: the profile differs from the binary's, and so may the compiler.
folder=${CARGO_TARGET_DIR:-target}/wasm
build=(build --quiet --locked --profile wasm --package jadegate-policy-wasm --lib --target "$target" --target-dir "$folder")
# No path of this machine in the file; the same sources and compiler give the same bytes anywhere.
home=${CARGO_HOME:-$HOME/.cargo}
# A digest of one small file needs no unrolled loops.
export RUSTFLAGS="--cfg sha2_backend=\"soft\" --cfg sha2_backend_soft=\"compact\" --remap-path-prefix=$PWD=/jadegate --remap-path-prefix=$home=/cargo"
echo "Building the policy for browsers"
if [ "${WASM_WITH:-}" != debian ] && usual; then
  cargo "${build[@]}"
else
  RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(command -v wasm-ld) \
    /usr/bin/cargo "${build[@]}" -Zbuild-std=std,panic_abort
fi
mkdir -p "$(dirname "$out")"
cp "$folder/$target/wasm/jadegate_policy_wasm.wasm" "$out"
echo "$inputs" >"$out.inputs"
