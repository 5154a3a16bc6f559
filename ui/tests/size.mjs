// What a phone must fetch to show a code: the holder's HTML, its entry with everything imported
// statically, their stylesheets and the icon. Fails above the budget (docs: h01).
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 60_000;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('assets/manifest.json', dist), 'utf8'));

const files = new Set(['index.html', 'icon.svg']);
const seen = new Set();
function add(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  files.add(chunk.file);
  chunk.css?.forEach((f) => files.add(f));
  chunk.imports?.forEach(add);
}
add('index.html');
for (const [, url] of readFileSync(new URL('index.html', dist), 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) {
  files.add(url);
}

let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(7)}  ${file}`);
}
console.log(`${String(total).padStart(7)}  bytes gzip for the holder page; budget ${BUDGET}`);
// The policy for the device, fetched after the code is shown.
const POLICY_BUDGET = 250_000;
const policy = gzipSync(readFileSync(new URL('../wasm/policy.wasm', import.meta.url)), { level: 9 }).length;
console.log(`${String(policy).padStart(7)}  bytes gzip for the policy; budget ${POLICY_BUDGET}`);
if (policy > POLICY_BUDGET) {
  console.error('The policy for the device is above its budget.');
  process.exit(1);
}
if (total > BUDGET) {
  console.error('The holder page is above its budget.');
  process.exit(1);
}
