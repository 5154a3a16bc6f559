// Shows: 4,000 connections that ask for codes as fast as they are answered, and scans at the same
// time, are shed by how long they have waited: those that are answered are answered within about a
// second, the others get 503 with Retry-After, nobody waits in vain, and /healthz always answers.
// Run: node e2e/attack/overload.mjs [connections] [seconds]     (loopback only; a minute)
//      E2E_BINARY=target/release/jadegate for figures that mean something.
import assert from 'node:assert/strict';
import { killAll, start } from '../harness.mjs';
import { Asker, Tally, aside, request, sleep } from './raw.mjs';

const CONNECTIONS = Math.min(Number(process.argv[2] ?? 4000), 10_000);
const SECONDS = Math.min(Number(process.argv[3] ?? 15), 120);

const json = { 'content-type': 'application/json' };

async function enter(url, who) {
  const answer = await fetch(`${url}/demo/enter`, { method: 'POST', headers: json, body: JSON.stringify({ as: who }) });
  return answer.headers.get('set-cookie').split(';')[0];
}

/** A gate of its own; the cookie of its session. */
async function gate(url) {
  const post = async (path, body) => {
    const answer = await fetch(url + path, { method: 'POST', headers: json, body: JSON.stringify(body) });
    return [await answer.json(), answer.headers.get('set-cookie')];
  };
  const [{ page }] = await post('/demo/gate', {});
  const { subtle } = crypto;
  const key = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const b64 = (b) => Buffer.from(b).toString('base64url');
  const public_key = b64(await subtle.exportKey('raw', key.publicKey));
  const [{ gate: id }] = await post('/v1/gates', { token: page.split('=').at(-1), label: 'Attack', public_key });
  const [{ nonce }] = await post(`/v1/gates/${id}/challenge`, {});
  const text = new TextEncoder().encode(`jadegate-gate-v1\n${id}\n${nonce}`);
  const signature = b64(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, text));
  const [, cookie] = await post(`/v1/gates/${id}/session`, { nonce, signature });
  return cookie.split(';')[0];
}

let scans = 0;
function scanId() {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let n = BigInt(++scans);
  let text = '';
  for (let i = 0; i < 13; i++, n >>= 5n) text = alphabet[Number(n & 31n)] + text;
  return `s${text}`;
}

/** Some connections ask for some seconds. */
async function load(port, connections, seconds, next) {
  const tally = new Tally();
  const askers = [];
  for (let i = 0; i < connections; i++) {
    askers.push(new Asker(port, next, tally.note));
    if (i % 200 === 199) await sleep(5);
  }
  await sleep(seconds * 1000);
  askers.forEach((a) => a.stop());
  return tally;
}

const env = { JADEGATE_LIMITS__REQUESTS_PER_SECOND: '1000000' };
const server = await start(['demo', '--people', '500', '--seed', '4', '--port', '0'], /Holder {3}(http:\/\/localhost:\d+)/, env);
try {
  const url = server.found[1];
  const port = Number(new URL(url).port);
  const holder = await enter(url, 'holder:green');
  const opening = () => request('GET', '/v1/me/code', { cookie: holder });
  const at = await gate(url);
  const { code } = await (await fetch(`${url}/v1/me/code`, { headers: { cookie: holder } })).json();
  const scan = () =>
    request('POST', '/v1/gate/scans', { cookie: at, ...json }, JSON.stringify({ scans: [{ id: scanId(), code, at: now(), direction: 'in', override: null }] }));
  const { server_time } = await (await fetch(`${url}/v1/info`)).json();
  const ahead = Date.parse(server_time) - Date.now();
  const now = () => `${new Date(Date.now() + ahead).toISOString().slice(0, 19)}Z`;

  const capacity = await load(port, 32, 5, opening);
  console.log(`openings, 32 connections:   ${capacity.line(5)}`);
  const others = aside(port, [['/healthz', 200], ['/v1/info', 200]], SECONDS);
  const crowd = await load(port, CONNECTIONS, SECONDS, opening);
  console.log(`openings, ${CONNECTIONS} connections: ${crowd.line(SECONDS)}`);
  console.log(`  meanwhile, slowest (ms):  ${JSON.stringify(await others)}`);

  const scanning = await load(port, 32, 5, scan);
  console.log(`scans, 32 connections:      ${scanning.line(5)}`);
  const [both, scanned, worst] = await Promise.all([
    load(port, CONNECTIONS / 2, SECONDS, opening),
    load(port, CONNECTIONS / 2, SECONDS, scan),
    aside(port, [['/healthz', 200]], SECONDS),
  ]);
  console.log(`together: openings          ${both.line(SECONDS)}`);
  console.log(`          scans             ${scanned.line(SECONDS)}`);
  console.log(`  meanwhile, slowest (ms):  ${JSON.stringify(worst)}`);
  for (const t of [crowd, both, scanned]) {
    assert.ok(t.quantile(0.99) < 5000, 'what is answered is answered soon');
    assert.equal(t.all, t.of(200) + t.of(503), 'nothing but answers and "come back later"');
  }
  const told = performance.now();
  await server.stop();
  console.log(`SIGTERM: gone after ${((performance.now() - told) / 1000).toFixed(1)} s`);
} finally {
  killAll();
}
