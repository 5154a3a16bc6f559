// The direction of the crates (docs/architecture.md) and where SQL and HTTP may live, from
// `cargo metadata`; and within each crate that files import each other one way, from the sources
// (rust-imports.mjs). It needs no tool beyond cargo and node.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { circles, imports } from './rust-imports.mjs';

/** Crate -> the workspace crates it may depend on outside its tests. */
const ALLOWED = {
  'jadegate-domain': [],
  'jadegate-alarms': [],
  'jadegate-lines': [],
  'jadegate-divisions': ['domain', 'lines'],
  'jadegate-policy': ['domain'],
  'jadegate-policy-wasm': ['domain', 'policy'],
  'jadegate-trace': ['domain'],
  'jadegate-pass': ['domain'],
  'jadegate-certificates': ['domain'],
  'jadegate-ledger': ['domain'],
  'jadegate-analysis': [],
  'jadegate-audit': ['domain', 'ledger', 'policy'],
  'jadegate-paper': [],
  'jadegate-store': ['domain'],
  'jadegate-store-rows': ['domain', 'store'],
  'jadegate-store-postgres': ['domain', 'store', 'store-rows'],
  'jadegate-store-sqlite': ['domain', 'store', 'store-rows'],
  'jadegate-service': ['domain', 'alarms', 'lines', 'divisions', 'analysis', 'policy', 'trace', 'pass', 'certificates', 'ledger', 'store'],
  'jadegate-web': ['domain', 'divisions', 'policy', 'paper', 'pass', 'ledger', 'store', 'service'],
};
/** For tests only: may depend on anything, and nothing may depend on it outside its tests. */
const TEST_ONLY = ['jadegate-testkit'];
/** Wires everything. */
const TOP = 'jadegate';
/** Outside crate -> the only crates that may use it. */
const KEPT_IN = {
  rusqlite: ['jadegate-store-sqlite'],
  'tokio-postgres': ['jadegate-store-postgres'],
  'deadpool-postgres': ['jadegate-store-postgres'],
  axum: ['jadegate-web', TOP],
  'tower-http': ['jadegate-web', TOP],
};
/** Crates without clock, network, disk or thread. */
const PURE = ['jadegate-alarms', 'jadegate-domain', 'jadegate-lines', 'jadegate-policy', 'jadegate-policy-wasm', 'jadegate-trace', 'jadegate-pass', 'jadegate-certificates', 'jadegate-paper', 'jadegate-ledger', 'jadegate-audit', 'jadegate-analysis', 'jadegate-store-rows'];
const IMPURE = ['tokio', 'ureq', 'rusqlite', 'tokio-postgres', 'axum', 'reqwest', 'rand', 'getrandom'];
/** Crate -> folder of its sources -> the folders of the same crate that files in it may import. */
const FOLDERS = {
  'jadegate-policy': { model: [], file: ['model'], engine: ['model'] },
};

const json = execFileSync('cargo', ['metadata', '--format-version', '1', '--no-deps', '--locked'], {
  encoding: 'utf8',
  maxBuffer: 64 << 20,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const packages = JSON.parse(json).packages;
const own = new Set(packages.map((p) => p.name));
const wrong = [];

for (const p of packages) {
  if (p.license !== 'Apache-2.0') wrong.push(`${p.name}: the licence is ${p.license}, not Apache-2.0`);
  const deps = p.dependencies.filter((d) => d.kind !== 'dev').map((d) => d.name);
  const allowed = ALLOWED[p.name]?.map((n) => `jadegate-${n}`);
  if (!allowed && p.name !== TOP && !TEST_ONLY.includes(p.name)) {
    wrong.push(`${p.name}: not in the list of scripts/check-layers.mjs; say what it may depend on`);
  }
  for (const d of deps) {
    if (allowed && own.has(d) && !allowed.includes(d)) wrong.push(`${p.name} depends on ${d}, against the direction`);
    if (TEST_ONLY.includes(d) && !TEST_ONLY.includes(p.name)) wrong.push(`${p.name} depends on ${d} outside its tests`);
    if (KEPT_IN[d] && !KEPT_IN[d].includes(p.name)) wrong.push(`${p.name} depends on ${d}, which is kept in ${KEPT_IN[d].join(', ')}`);
    if (PURE.includes(p.name) && IMPURE.includes(d)) wrong.push(`${p.name} is pure and depends on ${d}`);
  }
}
for (const p of packages) {
  const src = join(dirname(p.manifest_path), 'src');
  const files = imports(src);
  if (files.size === 0) wrong.push(`${p.name}: no sources in ${src}`);
  const inSrc = (f) => relative(src, f).split(sep).join('/');
  for (const circle of circles(files)) wrong.push(`${p.name}: these files import each other in a circle: ${circle.map(inSrc).join(' ')}`);
  const folders = FOLDERS[p.name] ?? {};
  const folderOf = (f) => inSrc(f).split('/')[0];
  for (const [file, to] of files) {
    const allowed = folders[folderOf(file)];
    for (const other of allowed ? to : []) {
      if (folderOf(other) !== folderOf(file) && !allowed.includes(folderOf(other))) {
        wrong.push(`${p.name}: ${inSrc(file)} imports ${inSrc(other)}, against the direction of the folders`);
      }
    }
  }
}
for (const name of Object.keys(ALLOWED)) if (!own.has(name)) wrong.push(`${name} is listed but is no crate`);
if (!existsSync('deny.toml') || !/\[bans\]/.test(readFileSync('deny.toml', 'utf8'))) wrong.push('deny.toml with its [bans] is gone');

if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${packages.length} crates keep their direction, and so do their files`);
