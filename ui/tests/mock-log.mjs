// A small public log for screenshots: the holder's record and a look at them are in it. It is signed anew
// with each start; `forked` shows another log than before.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const NAME = 'jadegate.example/v1/log';
const sha256 = (/** @type {(string | Buffer)[]} */ ...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const text = (/** @type {Buffer} */ bytes) => bytes.toString('base64');

/** @returns {{ sign: (note: string | Buffer) => Buffer, vkey: string, id: Buffer }} */
function key(name, kind) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.concat([Buffer.from([kind]), Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')]);
  const id = sha256(`${name}\n`, bytes).subarray(0, 4);
  return { sign: (note) => sign(null, Buffer.from(note), privateKey), vkey: `${name}+${id.toString('hex')}+${text(bytes)}`, id };
}

/** RFC 6962, section 2.1 @param {Buffer[]} leaves @returns {Buffer} */
function root(leaves) {
  if (leaves.length === 1) return sha256(Buffer.from([0]), leaves[0]);
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Buffer.from([1]), root(leaves.slice(0, half)), root(leaves.slice(half)));
}

/** @param {{ forked: boolean }} state */
export function madeLog(state) {
  const [log, witness] = [key(NAME, 1), key('paper.example', 4)];
  const records = /** @type {const} */ (['evidence', 'access']).map((what, i) => {
    const [salt, content] = [Buffer.alloc(16, i), JSON.stringify({ made: 'up' })];
    const commitment = text(sha256(Buffer.from([what.length]), what, salt, content));
    return { what, evidence: null, salt: text(salt), content, commitment, leaves: [i + 1] };
  });
  const leaves = () => [
    Buffer.from(`{"alarm":"${state.forked ? 'another' : 'made_up'}","kind":"alarm"}`),
    ...records.map((r) => Buffer.from(`{"commitment":"${r.commitment}","kind":"${r.what}"}`)),
  ];
  const checkpoint = (/** @type {number} */ now) => {
    const body = `${NAME}\n${leaves().length}\n${text(root(leaves()))}\n`;
    const seconds = Math.floor(now / 1000);
    const at = Buffer.alloc(8);
    at.writeBigUInt64BE(BigInt(seconds));
    const line = (name, id, ...rest) => `\u2014 ${name} ${text(Buffer.concat([id, ...rest]))}\n`;
    const own = line(NAME, log.id, log.sign(body));
    return `${body}\n${own}${line('paper.example', witness.id, at, witness.sign(`cosignature/v1\ntime ${seconds}\n${body}`))}`;
  };
  return {
    records: { log_key: log.vkey, records, more: false },
    keys: { witnesses: [witness.vkey], witness_quorum: 1, log: log.vkey },
    checkpoint,
    /** @param {string} path */
    file: (path) => {
      const [, level, width] = /^\/v1\/log\/tile\/(0|entries)\/000\.p\/(\d+)$/.exec(path) ?? [];
      if (!level || Number(width) > leaves().length) return null;
      const some = leaves().slice(0, Number(width));
      const entry = (leaf) => [Buffer.from([leaf.length >> 8, leaf.length & 255]), leaf];
      return Buffer.concat(level === '0' ? some.map((l) => sha256(Buffer.from([0]), l)) : some.flatMap(entry));
    },
  };
}
