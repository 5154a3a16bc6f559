#!/usr/bin/env bash
# Makes a Debian package of a built binary: scripts/package.sh [BINARY] [FOLDER]
# BINARY: target/release/jadegate (default); FOLDER: where the .deb goes (default target/package).
# The same binary makes the same package, byte by byte: times come from the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/jadegate}
out=${2:-target/package}
[ -x "$binary" ] || { echo "There is no binary $binary. Build it: cargo build --release --locked -p jadegate" >&2; exit 1; }
command -v dpkg-deb >/dev/null || { echo "dpkg-deb is missing: apt-get install dpkg" >&2; exit 1; }

version=$("$binary" --version | awk '{print $2}')
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

put() { install -D -m "$1" "$2" "$root/$3"; }
put 0755 "$binary" usr/bin/jadegate
if command -v strip >/dev/null; then strip --strip-unneeded "$root/usr/bin/jadegate"; fi
put 0644 deploy/systemd/jadegate.service usr/lib/systemd/system/jadegate.service
put 0644 deploy/systemd/jadegate-backup.service usr/lib/systemd/system/jadegate-backup.service
put 0644 deploy/systemd/jadegate-backup.timer usr/lib/systemd/system/jadegate-backup.timer
put 0644 deploy/systemd/sysusers.conf usr/lib/sysusers.d/jadegate.conf
put 0644 deploy/systemd/tmpfiles.conf usr/lib/tmpfiles.d/jadegate.conf
put 0755 deploy/systemd/backup usr/lib/jadegate/backup
put 0644 deploy/monitoring/alerts.yml usr/share/jadegate/monitoring/alerts.yml
put 0644 deploy/monitoring/dashboard.json usr/share/jadegate/monitoring/dashboard.json
put 0644 deploy/proxy/nginx.conf usr/share/jadegate/proxy/nginx.conf
put 0644 deploy/proxy/Caddyfile usr/share/jadegate/proxy/Caddyfile
for doc in docs/running.md docs/runbook.md docs/retention.md docs/threat-model.md; do put 0644 "$doc" "usr/share/doc/jadegate/$(basename "$doc")"; done
put 0644 deploy/debian/copyright usr/share/doc/jadegate/copyright
gzip -9n <<<"jadegate ($version) unstable; urgency=medium

  * See CHANGELOG.md of this version.

 -- The Jadegate authors <jadegate@jadegate.example>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$root/changelog.gz"
put 0644 "$root/changelog.gz" usr/share/doc/jadegate/changelog.Debian.gz
rm "$root/changelog.gz"

mkdir -p "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" \
  -e "s/@SIZE@/$(du -sk --apparent-size "$root/usr" | cut -f1)/" deploy/debian/control >"$root/DEBIAN/control"
for script in postinst prerm postrm; do install -m 0755 "deploy/debian/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 0644 "$root/DEBIAN/md5sums" "$root/DEBIAN/control"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$root" "$out/jadegate_${version}_${arch}.deb"
