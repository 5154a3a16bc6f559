// Makes the types of the API from the document that the server makes of itself: the reviewed
// snapshot, which a test of `crates/web` compares with the server. So a page or a mock server that
// says something else than the server does not compile, and the types cannot be older than the
// document. Usage: node scripts/api-types.mjs [document]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SNAPSHOT = new URL('../../crates/web/tests/snapshots/openapi__openapi.snap', import.meta.url);
const TYPES = new URL('../src/shared/openapi.d.ts', import.meta.url);
const document = process.argv[2] ?? SNAPSHOT;

const { default: read, astToString } = await import('openapi-typescript').catch(() => {
  console.error('openapi-typescript is not there: run `npm ci` in ui/.');
  process.exit(1);
});

// Above the document stands what the snapshot is of.
const text = readFileSync(document, 'utf8').replace(/^---\n[\s\S]*?\n---\n/, '');
const nodes = await read(JSON.parse(text), { rootTypes: true, rootTypesNoSchemaPrefix: true, emptyObjectsUnknown: true });
const types = `// Made by ${fileURLToPath(import.meta.url).split('/').slice(-2).join('/')} from the API document: not to be edited.\n\n${astToString(nodes)}`;

// Written only if it says something new, so that whoever watches the file is not woken for nothing.
let old = '';
try {
  old = readFileSync(TYPES, 'utf8');
} catch {
  // The first time.
}
if (old !== types) writeFileSync(TYPES, types);
