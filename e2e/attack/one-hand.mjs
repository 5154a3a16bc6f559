// Shows what one administrator can make of himself: before, a prevention team of his own, a second
// account in it, people's data, and a large change approved by his own second account.
// Run: node e2e/attack/one-hand.mjs   (starts the demo on this machine; bounded, ends by itself)
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { killAll, start } from '../harness.mjs';

let url = '';

/** One browser: its cookies, and requests as a page makes them. */
function browser() {
  const jar = new Map();
  return async (path, body) => {
    const answer = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { origin: url, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; '), 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [name, ...value] = set.split(';')[0].split('=');
      jar.set(name, value.join('='));
    }
    const text = await answer.text();
    let json = {};
    try {
      json = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: answer.status, json, text };
  };
}

// A passkey made by a program: nothing in WebAuthn can tell it from a device ------------------

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const head = (major, n) => (n < 24 ? [(major << 5) | n] : n < 256 ? [(major << 5) | 24, n] : [(major << 5) | 25, n >> 8, n & 255]);
const bytes = (b) => [...head(2, b.length), ...b];
const text = (s) => [...head(3, Buffer.byteLength(s)), ...Buffer.from(s)];

function passkey(options) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const key = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, ...bytes(Buffer.from(x, 'base64url')), 0x22, ...bytes(Buffer.from(y, 'base64url'))];
  const id = createHash('sha256').update(x).digest();
  const rp = createHash('sha256').update(options.rp.id).digest();
  const data = [...rp, 0x45, 0, 0, 0, 0, ...new Array(16).fill(0), 0, id.length, ...id, ...key];
  const attestation = [0xa3, ...text('fmt'), ...text('none'), ...text('attStmt'), 0xa0, ...text('authData'), ...bytes(data)];
  const client = JSON.stringify({ type: 'webauthn.create', challenge: options.challenge, origin: url, crossOrigin: false });
  return {
    id: b64(id),
    rawId: b64(id),
    type: 'public-key',
    response: { attestationObject: b64(attestation), clientDataJSON: b64(Buffer.from(client)) },
    clientExtensionResults: {},
  };
}

async function accept(ask, token) {
  const begun = await ask('/v1/staff/invitations/begin', { token });
  if (begun.status !== 200) return begun;
  return ask('/v1/staff/invitations/finish', { token, credential: passkey(begun.json.options) });
}

const report = (what, held, detail) => {
  console.log(`${held ? 'held  ' : 'BROKEN'}  ${what}: ${detail}`);
  if (!held) process.exitCode = 1;
};

try {
  const server = await start(['demo', '--people', '200', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/);
  url = server.found[1];
  const admin = browser();
  await admin('/demo/enter', { as: 'admin' });
  const me = (await admin('/v1/staff/me')).json;
  const made = await admin('/v1/staff/agencies', { kind: 'prevention_team', name: 'Made-up team', region: me.staff.region });
  assert.equal(made.status, 201, made.text);
  const invited = await admin('/v1/staff/members', { agency: made.json.id, role: 'officer', region: '', display_name: 'Testa Selbst' });
  assert.equal(invited.status, 201, invited.text);

  const own = await accept(admin, invited.json.token);
  report('he accepts his own invitation where he is signed in', own.status === 403, `${own.status} ${own.json.code}`);
  // In another browser, with a passkey of a program: this cannot be told from another person.
  const other = browser();
  const joined = await accept(other, invited.json.token);
  assert.equal(joined.status, 200, joined.text);
  report('the second account has powers over people', joined.json.may.length === 0, JSON.stringify(joined.json.may));
  for (const path of ['/v1/staff/cases', '/v1/staff/quarantine', '/v1/staff/overview']) {
    const answer = await other(path);
    report(`it reads ${path}`, answer.status === 403, `${answer.status} ${answer.json.code}`);
  }
  const confirm = await admin(`/v1/staff/agencies/${made.json.id}/confirm`, {});
  report('he confirms his own team', confirm.status === 403, `${confirm.status} ${confirm.json.code}`);
  const board = await admin('/v1/staff/agencies', { kind: 'health_commission', name: 'Made-up commission', region: me.staff.region });
  const second = await admin('/v1/staff/members', { agency: board.json.id, role: 'commissioner', region: '', display_name: 'Testa Selbst' });
  const third = browser();
  await accept(third, second.json.token);
  const self = await third(`/v1/staff/agencies/${made.json.id}/confirm`, {});
  report('his own commission confirms it', self.status === 403, `${self.status} ${self.json.code}`);

  const leaves = (await admin('/v1/log/leaves?limit=1000')).json.leaves.map((l) => Buffer.from(l.leaf, 'base64').toString());
  const told = ['"kind":"agency"', '"event":"invited"', '"event":"joined"'].every((w) => leaves.some((l) => l.includes(w)));
  report('the public log has nothing of it', told && leaves.every((l) => !l.includes('Testa')), `${leaves.length} leaves`);
  await server.stop();
} finally {
  killAll();
}
