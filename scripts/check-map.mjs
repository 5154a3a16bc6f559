// The map at the top of docs/architecture.md against the code: its crates are the workspace's and use
// what `cargo metadata` says; each step of the way of a scan is a function that is there.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const PAGE = 'docs/architecture.md';
const text = readFileSync(PAGE, 'utf8');
const wrong = [];

/** The rows of the table below a heading, cell by cell. */
function table(heading) {
  const part = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = part.split('\n').filter((line) => line.startsWith('|')).slice(2);
  if (rows.length === 0) wrong.push(`there is no table below "${heading}"`);
  return rows.map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}
const code = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]);

const { packages } = JSON.parse(
  execFileSync('cargo', ['metadata', '--format-version', '1', '--no-deps', '--locked'], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
const own = new Set(packages.map((p) => p.name));
/** As the page calls a crate. */
const short = (name) => (name === 'jadegate' ? 'cli' : name.replace(/^jadegate-/, ''));
const uses = new Map(
  packages.map((p) => {
    const deps = p.dependencies.filter((d) => d.kind === null && own.has(d.name)).map((d) => short(d.name));
    return [short(p.name), [...new Set(deps)].sort().join(', ')];
  }),
);
const mapped = new Map(table('The crates').map(([name, , used]) => [code(name)[0], code(used).sort().join(', ')]));
for (const [name, used] of uses) {
  if (!mapped.has(name)) wrong.push(`the crate \`${name}\` is not on the map`);
  else if (mapped.get(name) !== used) wrong.push(`\`${name}\` uses ${used || 'no other crate'}, the map says ${mapped.get(name) || 'none'}`);
}
for (const name of mapped.keys()) if (!uses.has(name)) wrong.push(`\`${name}\` is on the map but is no crate`);

/** Is there a function, method or constant of this name? */
const there = (source, name) =>
  new RegExp(`\\bfn ${name}\\b|\\bfunction ${name}\\b|\\b(?:const|let) ${name}\\b|^\\s*(?:async )?#?${name}\\(`, 'm').test(source);
for (const [, where] of table('The way of a scan')) {
  const [file, ...names] = code(where);
  if (!file || names.length === 0) wrong.push(`a step of the way names no file and function: ${where}`);
  else if (!existsSync(file)) wrong.push(`${file}, a step of the way of a scan, is gone`);
  else for (const name of names) if (!there(readFileSync(file, 'utf8'), name)) wrong.push(`${file} has no ${name} any more`);
}

if (wrong.length > 0) {
  console.error(wrong.map((w) => `${PAGE}: ${w}`).join('\n'));
  process.exit(1);
}
console.log(`The map of ${uses.size} crates and the way of a scan are those of the code`);
