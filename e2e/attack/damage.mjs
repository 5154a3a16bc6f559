// Truncates and damages the files of a made-up town, starts the server on them, and reads what it says.
// Shows: nothing is made anew beside old files, no damaged database is served, a disk that is full is not ready.
// Run: node e2e/attack/damage.mjs   (needs a debug build; loopback only, about a minute, no root)
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BINARY = process.env.E2E_BINARY ?? join(ROOT, 'target', 'debug', 'jadegate');
const WORK = mkdtempSync(join(tmpdir(), 'jadegate-damage-'));
const PATIENCE = 60_000;
const env = { PATH: process.env.PATH, JADEGATE_POLICY: join(ROOT, 'policies', 'three-colour.toml'), JADEGATE_LOG_FILTER: 'info' };

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => probe.once('listening', ready));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** Runs until it says `ready` words, ends, or patience is over. */
function run(args, ready) {
  const child = spawn(BINARY, args, { cwd: WORK, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const it = { child, said: '', code: null };
  const done = new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const hear = (bytes) => {
      it.said += bytes;
      if (ready.test(it.said)) { clearTimeout(timer); resolve(); }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => { it.code = code; clearTimeout(timer); resolve(); });
  });
  return done.then(() => it);
}

async function stop(it) {
  if (it.child.exitCode !== null) return;
  const gone = new Promise((r) => it.child.once('exit', r));
  it.child.kill('SIGTERM');
  await gone;
}

const names = (dir) => readdirSync(dir).filter((n) => !/\.lock$|-shm$|-wal$/.test(n)).sort();

/** Starts on a copy of the town after `damage`; answers with what was said and made. */
async function start(damage) {
  const dir = mkdtempSync(join(WORK, 'copy-'));
  cpSync(join(WORK, 'town'), dir, { recursive: true });
  damage(dir);
  const before = names(dir);
  const port = await freePort();
  const it = await run(['--data', dir, 'serve', '--listen', `127.0.0.1:${port}`], /\bready listen/);
  const served = it.code === null;
  let readyz = null;
  if (served) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    readyz = answer && { status: answer.status, text: await answer.text() };
  }
  await stop(it);
  return { served, readyz, said: it.said, made: names(dir).filter((n) => !before.includes(n)) };
}

const file = (dir, name) => join(dir, name);
const cases = {
  'nothing': [() => {}, true],
  'keys.toml is missing': [(d) => rmSync(file(d, 'keys.toml')), false],
  'keys.toml is empty': [(d) => truncateSync(file(d, 'keys.toml'), 0), false],
  'the database is missing': [(d) => rmSync(file(d, 'jadegate.db')), false],
  'the database is empty': [(d) => truncateSync(file(d, 'jadegate.db'), 0), false],
  'half of the database': [(d) => truncateSync(file(d, 'jadegate.db'), statSync(file(d, 'jadegate.db')).size / 2), false],
  'a page in the middle is noise': [(d) => {
    const bytes = readFileSync(file(d, 'jadegate.db'));
    bytes.fill(0xa5, Math.floor(bytes.length / 8192) * 4096, Math.floor(bytes.length / 8192) * 4096 + 4096);
    writeFileSync(file(d, 'jadegate.db'), bytes);
  }, false],
  'database and keys are missing, the index is there': [(d) => { rmSync(file(d, 'jadegate.db')); rmSync(file(d, 'keys.toml')); }, false],
  'the index is noise': [(d) => writeFileSync(file(d, 'visits.index'), 'noise'), true],
};

try {
  assert.ok(existsSync(BINARY), `build first: ${BINARY} is not there`);
  const demo = await run(['--data', 'town', 'demo', '--people', '60', '--seed', '4', '--port', '0', '--keep', 'town'], /Holder   http/);
  assert.equal(demo.code, null, demo.said);
  await stop(demo);
  let wrong = 0;
  for (const [name, [damage, goes]] of Object.entries(cases)) {
    const r = await start(damage);
    const ok = r.served === goes && r.made.every((n) => n === 'visits.index') && (!goes || r.readyz?.status === 200);
    wrong += ok ? 0 : 1;
    const words = r.served ? `served, readyz ${r.readyz?.status}` : r.said.trim().split('\n').pop();
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name}: ${words}${r.made.length > 0 ? ` (made: ${r.made})` : ''}`);
  }
  // A disk that is full, as far as one can have that without being root: no file may grow.
  const dir = mkdtempSync(join(WORK, 'full-'));
  cpSync(join(WORK, 'town'), dir, { recursive: true });
  const port = await freePort();
  const limited = `trap '' XFSZ; ulimit -f 64; exec "${BINARY}" --data "${dir}" serve --listen 127.0.0.1:${port}`;
  const child = spawn('bash', ['-c', limited], { cwd: WORK, env, stdio: 'ignore' });
  let status = 0;
  for (let i = 0; i < 60 && status !== 503 && child.exitCode === null; i++) {
    status = (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status ?? status;
    await new Promise((r) => setTimeout(r, 1_000));
  }
  const full = status === 503 || child.exitCode !== null;
  wrong += full ? 0 : 1;
  console.log(`${full ? 'ok  ' : 'FAIL'}  no file may grow: readyz ${status}${child.exitCode === null ? '' : `, ended with ${child.exitCode}`}`);
  child.kill('SIGKILL');
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  rmSync(WORK, { recursive: true, force: true });
}
