// Files as an attacker, a spreadsheet or a broken disk makes them: archives that unpack without end, lines
// without end, stray quotation marks, and files damaged at random. Shows that every line has its answer, that
// memory stays bounded, and that the binary alone is enough.
//
//   node e2e/attack/files.mjs            E2E_BINARY=… for another binary; ROUNDS=50 for a short run
//
// Loopback only; about two minutes; everything in a temporary folder.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, killAll, residentId, start, step, stepsDone } from '../harness.mjs';

const BINARY = process.env.E2E_BINARY ?? join(ROOT, 'target', 'debug', 'jadegate');
const ROUNDS = Number(process.env.ROUNDS ?? 300);
/** Far below what the files unpack to, far above what reading them takes. */
const MOST_KIB = 400 * 1024;
const dir = mkdtempSync(join(tmpdir(), 'jadegate-files-'));

/** Runs the binary alone in an empty folder; its words, its exit code, and the most memory it had. */
function run(args) {
  return new Promise((done, fail) => {
    const child = spawn(BINARY, args, { cwd: dir, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let most = 0;
    for (const out of [child.stdout, child.stderr]) out.on('data', (d) => (said += d));
    const look = setInterval(() => {
      try {
        const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
        if (found) most = Math.max(most, Number(found[1]));
      } catch {
        // It has ended.
      }
    }, 20);
    child.on('error', fail);
    child.on('close', (code) => {
      clearInterval(look);
      done({ code, said, most });
    });
  });
}

const COLUMNS = {
  tests: 'document_type,document_number,result,method,sampled_at,document_country,name',
  rides: 'kind,number,date,division,departs,document_type,document_number,document_country,arrives,seat',
  visits: 'person,place,place_kind,place_name,division,entered,left',
  'risk-levels': 'snapshot_hour,level,province,city,county,communities',
  events: 'event,city,start,end',
};

/** 8 GiB of the same, packed: many members of one MiB each. */
function bomb(name, head, part) {
  const member = gzipSync(Buffer.alloc(1 << 20, part));
  const file = join(dir, name);
  writeFileSync(file, Buffer.concat([gzipSync(head), ...Array(8192).fill(member)]));
  return file;
}

/** The same numbers in every run. */
let seed = 1;
const dice = (n) => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % n;
};

try {
  const agency = {};
  await step('the binary alone, in an empty folder, knows its policies', async () => {
    const shipped = await run(['policy', 'shipped']);
    assert.ok(shipped.said.includes('three-colour'), shipped.said);
  });
  // A town of its own: agencies tell nothing before they are confirmed, and its are.
  const town = join(dir, 'town');
  const demo = () => start(['demo', '--people', '60', '--seed', '3', '--port', '0', '--keep', town], /(http:\/\/localhost:\d+)\/demo/);
  await step('a made-up town is made and kept', async () => {
    await (await demo()).stop();
    const { code, said } = await run(['staff', 'agencies', '--data', town]);
    assert.equal(code, 0, said);
    for (const line of said.split('\n')) {
      const [id, state, kind] = line.split(/ +/);
      if (state === 'confirmed') agency[kind] ??= id;
    }
  });

  const args = (what, file) => [
    'import',
    what,
    file,
    '--data',
    town,
    ...({ tests: ['--agency', agency.laboratory], rides: ['--agency', agency.carrier], 'risk-levels': ['--agency', agency.health_commission] }[what] ?? []),
  ];
  for (const what of Object.keys(COLUMNS)) {
    await step(`import ${what}: 8 GiB in a few MB, without an end of a line and with nothing else`, async () => {
      for (const [part, code] of [['x', 'goes on for more than'], ['x,"\n', 'more than|larger than']]) {
        const limits = what === 'visits' ? ['--max-mib', '64'] : [];
        const r = await run([...args(what, bomb('bomb.csv.gz', `${COLUMNS[what]}\n`, part)), ...limits]);
        assert.notEqual(r.code, 0);
        assert.match(r.said, new RegExp(code), r.said.slice(-400));
        assert.ok(r.most < MOST_KIB, `${r.most} KiB of memory`);
      }
    });
  }

  const server = await step('the town is opened again and served', demo);
  const url = server.found[1];
  const headers = { Origin: url, 'Sec-Fetch-Site': 'same-origin' };
  const entered = await fetch(`${url}/demo/enter`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: '{"as":"lab"}' });
  assert.equal(entered.status, 200);
  const cookie = entered.headers.get('set-cookie');
  await step('over plain HTTP on the machine itself a cookie is not Secure, which WebKit would drop', () => {
    assert.ok(/HttpOnly/.test(cookie) && /SameSite=Strict/.test(cookie) && !/Secure/.test(cookie), cookie.replace(/=[^;]*/, '=…'));
  });
  const send = (body) =>
    fetch(`${url}/v1/staff/tests/import`, { method: 'POST', headers: { ...headers, Cookie: cookie.split(';')[0], 'Content-Type': 'text/csv' }, body });

  await step(`${ROUNDS} files damaged at random: every line has its answer`, async () => {
    const line = (n) => `resident_id,${residentId('19800101', n)},negative,nucleic_acid,2022-03-01T00:00:00Z,CHN,Testa`;
    const signs = ['"', '"', '""', '\n', '\r', ',', ';', '\0', '\ufeff', '7'];
    for (let i = 0; i < ROUNDS; i++) {
      let body = Array.from({ length: 8 }, (_, n) => line(800 + n)).join('\n');
      for (let k = dice(6); k > 0; k--) {
        const at = dice(body.length);
        body = dice(3) === 0 ? body.slice(0, at) + body.slice(at + 1) : body.slice(0, at) + signs[dice(signs.length)] + body.slice(at);
      }
      const there = body.split(/\r\n|\r|\n/).filter((l) => l !== '').length;
      const answer = await send(`${COLUMNS.tests}\n${body}`);
      if (answer.status === 429) {
        await new Promise((r) => setTimeout(r, 1000 * Number(answer.headers.get('retry-after') ?? 1)));
        continue;
      }
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      const r = JSON.parse(text);
      assert.equal(r.lines, there, body);
      assert.equal(r.taken + r.unchanged + r.rejected.length, r.lines, body);
      assert.equal(new Set(r.rejected.map((l) => l.line)).size, r.rejected.length, body);
      assert.ok(!text.includes('899999'), 'a number is repeated');
    }
  });

  await step('a body too large, one line of 7 MB and 100,000 lines are refused with their reasons', async () => {
    const said = async (body) => {
      const answer = await send(body).catch(() => null);
      return answer === null ? 'cut off' : `${answer.status} ${(await answer.json()).code}`;
    };
    assert.match(await said(`${COLUMNS.tests}\n${'x'.repeat(9 << 20)}`), /request\.too_large|cut off/);
    assert.match(await said(`${COLUMNS.tests}\n${'x'.repeat(7 << 20)}`), /file\.line_too_long/);
    assert.match(await said(`${COLUMNS.tests}\n${'a,b,c\n'.repeat(100_000)}`), /csv\.too_many_lines/);
    assert.match(await said('a,b,c\n'), /csv\.missing_columns/);
  });
  await step('the server ends in order', () => server.stop());
  console.log(`${stepsDone()} steps passed`);
} catch (e) {
  console.error(e.message);
  process.exitCode = 1;
} finally {
  killAll();
  rmSync(dir, { recursive: true, force: true });
}
