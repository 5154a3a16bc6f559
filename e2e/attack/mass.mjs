// A few accounts against a town: one technician's file makes everybody positive, twelve false cases are
// traced, a carrier puts the town aboard with a case. Nobody may be coloured beyond the mandate's
// number before somebody else has confirmed it.
//
//   node e2e/attack/mass.mjs             E2E_BINARY=… for another binary
//
// Loopback only; about a minute; the made-up town is in memory and forgotten.
import assert from 'node:assert/strict';
import { killAll, start, step, stepsDone } from '../harness.mjs';

/** People of the town whose documents the file makes out; all of them are made up. */
const PEOPLE = 500;
/** The mandate's number for one member of staff, and for an agency. */
const [STAFF, AGENCY] = [50, 100];
let url = '';

async function call(method, path, cookie, body, type = 'application/json') {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': type, Origin: url, ...(cookie ? { Cookie: cookie } : {}) },
    ...(body === undefined ? {} : { body: type === 'application/json' ? JSON.stringify(body) : body }),
  });
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
  return { status: answer.status, json, text, cookie: answer.headers.get('set-cookie')?.split(';')[0] };
}

async function ok(...args) {
  const answer = await call(...args);
  assert.ok(answer.status < 300, `${args[0]} ${args[1]} answers ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

const enter = async (as) => (await ok('POST', '/demo/enter', '', { as })).cookie;

/** The document of the town's n-th person, born in a year: a division that was never given out. */
function resident(n, born) {
  const body = `899999${born}0101${String(n).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = [...body].reduce((s, c, i) => s + Number(c) * weights[i], 0);
  return body + '10X98765432'[sum % 11];
}

async function main() {
  const demo = await start(['demo', '--people', '1000', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/);
  url = demo.found[1];
  const [lab, lab2, officer, hospital] = [await enter('lab'), await enter('lab2'), await enter('officer'), await enter('hospital')];
  const overview = async () => (await ok('GET', '/v1/staff/overview', officer)).json;
  const coloured = async () => {
    const { colours } = await overview();
    return colours.yellow + colours.red;
  };
  const waiting = async (cookie) =>
    (await ok('GET', '/v1/staff/waiting', cookie)).json.waiting.filter((w) => w.state === 'waiting');

  let file = 'document_type,document_number,result,method,sampled_at,sample_reference\n';
  const sampled = new Date(Date.parse((await overview()).server_time) - 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  for (let n = 1; n <= PEOPLE; n++) {
    for (let born = 1926; born <= 2021; born++) {
      file += `resident_id,${resident(n, born)},positive,nucleic_acid,${sampled},ATTACK-${n}\n`;
    }
  }
  await step(`one technician's file makes ${PEOPLE} people positive: it waits`, async () => {
    const before = await coloured();
    const report = (await ok('POST', '/v1/staff/tests/import', lab, file, 'text/csv')).json;
    console.log(`        ${report.taken} taken, ${report.waiting} wait`);
    assert.equal(report.taken, 0);
    assert.ok(report.waiting > PEOPLE / 2, 'the file finds the town');
    assert.equal(await coloured(), before);
    assert.ok((await overview()).waiting >= report.waiting);
  });
  await step('nobody confirms their own, nor for another laboratory', async () => {
    const [{ id }] = await waiting(lab);
    assert.equal((await call('POST', `/v1/staff/waiting/${id}/confirm`, lab, {})).status, 403);
    for (const who of [officer, hospital]) {
      assert.equal((await call('POST', `/v1/staff/waiting/${id}/confirm`, who, {})).status, 404);
    }
    const { samples } = (await ok('GET', `/v1/staff/waiting/${id}/samples`, lab2)).json;
    assert.ok(samples.every((s) => s.sample.startsWith('ATTACK-')));
  });
  await step('the same in small files: no more than the mandate allows', async () => {
    const before = await coloured();
    const [head, ...lines] = file.replaceAll(sampled, sampled.replace(/\d\dZ$/, '07Z')).trim().split('\n');
    for (let n = 0; n < PEOPLE; n += 5) {
      const part = [head, ...lines.slice(n * 96, (n + 5) * 96)].join('\n');
      await ok('POST', '/v1/staff/tests/import', lab, part, 'text/csv');
    }
    const after = (await coloured()) - before;
    console.log(`        ${after} people coloured, the mandate's number is ${STAFF}`);
    assert.ok(after <= STAFF);
  });
  await step('twelve false cases with their traces: no more than the mandate allows', async () => {
    const [{ trace }] = (await ok('GET', '/v1/staff/traces', officer)).json.traces;
    const { contacts } = (await ok('GET', `/v1/staff/traces/${trace}`, officer)).json;
    const before = await coloured();
    for (const { holder } of contacts.filter((c) => c.colour !== null).slice(0, 12)) {
      await ok('POST', '/v1/staff/cases', officer, { holder, class: 'suspected', confirmed_at: sampled, trace: true });
    }
    const after = (await coloured()) - before;
    console.log(`        ${after} people coloured, the mandate's number is ${AGENCY}`);
    assert.ok(after <= AGENCY);
  });
  await step('a colleague confirms, and colours follow', async () => {
    const before = await coloured();
    const mass = (await waiting(lab2)).sort((a, b) => b.records - a.records)[0];
    await ok('POST', `/v1/staff/waiting/${mass.id}/confirm`, lab2, {});
    assert.ok((await coloured()) > before);
  });
  await demo.stop();
  console.log(`${stepsDone()} steps`);
}

try {
  await main();
} finally {
  await killAll();
}
