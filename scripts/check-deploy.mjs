// What deploy/ says of the program must be so: metrics, alerts' paragraphs, settings, flags and addresses.
// Without tools beyond Node; scripts/check-deploy.sh has the rest.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const read = (path) => readFileSync(join(root, path), 'utf8');
const problems = [];
const found = (text, pattern) => new Set([...text.matchAll(pattern)].map((m) => m[1]));

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.rs') ? [read(path)] : [];
  });
}

// Metrics: each that is made is watched or shown, and nothing else is.
const made = found(sources('crates/web/src').join('\n'), /metrics::\w+!\(\s*"(jadegate_[a-z_]+)"/g);
const plain = (name) => name.replace(/_(bucket|sum|count)$/, '');
const metrics = (text) => new Set([...found(text, /(?<![\w-])(jadegate_[a-z_]+)\s*(?:[{[=><)]|\s)/g)].map(plain));
const alerts = read('deploy/monitoring/alerts.yml');
const dashboard = read('deploy/monitoring/dashboard.json');
const expressions = JSON.parse(dashboard).panels.flatMap((p) => p.targets.map((t) => t.expr)).join(' \n');
const shown = new Set([...metrics(`${alerts}\n`), ...metrics(`${expressions} `)]);
for (const name of made) if (!shown.has(name)) problems.push(`${name} is neither on the dashboard nor in an alert`);
for (const name of shown) if (!made.has(name)) problems.push(`${name} is made nowhere in crates/web/src`);
if (made.size < 10) problems.push(`only ${made.size} metrics were found: is the pattern still right?`);

// Each alert leads to a paragraph of the runbook.
const anchors = new Set(
  [...read('docs/runbook.md').matchAll(/^#+ (.+)$/gm)].map((m) =>
    m[1].toLowerCase().replaceAll(/[^\w\s-]/g, '').trim().replaceAll(/\s+/g, '-'),
  ),
);
for (const anchor of found(alerts, /runbook: docs\/runbook\.md#(\S+)/g)) {
  if (!anchors.has(anchor)) problems.push(`docs/runbook.md has no paragraph #${anchor}`);
}

// Settings given in the environment are fields of the configuration.
const config = read('crates/cli/src/config.rs');
const fields = found(config, /^\s*pub ([a-z_]+):/gm);
for (const file of ['docker/Dockerfile', 'docker/compose.yaml', 'kubernetes/jadegate.yaml', 'systemd/jadegate.service']) {
  for (const name of found(read(`deploy/${file}`), /(?<![\w{])JADEGATE_([A-Z_]+)(?=[=:])/g)) {
    if (['HOST', 'UPSTREAM', 'CONFIG'].includes(name)) continue;
    for (const part of name.toLowerCase().split('__')) {
      if (!fields.has(part)) problems.push(`deploy/${file}: JADEGATE_${name} is no setting`);
    }
  }
}

// Probes ask addresses that there are, and metrics are at the port that is scraped.
const web = sources('crates/web/src').join('\n');
for (const path of found(read('deploy/kubernetes/jadegate.yaml'), /path: (\/\w+z), port/g)) {
  if (!web.includes(`"${path}"`)) problems.push(`deploy/kubernetes/jadegate.yaml asks ${path}, which the server does not answer`);
}

for (const problem of problems) console.error(problem);
console.log(problems.length ? `${problems.length} problems` : `deploy: ${made.size} metrics watched, ${anchors.size} paragraphs`);
process.exit(problems.length ? 1 : 0);
