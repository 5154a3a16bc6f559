// A gate of a made-up town for the attacks: enrolled and signed in with a key of its own, and ids for its scans.
import { generateKeyPairSync, randomInt, sign } from 'node:crypto';

/**
 * Enrols a gate at a place and signs it in; answers with its cookie. `ok(method, path, cookie, body)` asks
 * the server and fails where it refuses; `admin` is the cookie of somebody who may enrol gates.
 */
export async function gate(ok, admin, place) {
  const { json } = await ok('POST', `/v1/staff/places/${place}/enrolment`, admin, {});
  const token = json.link.split('#enrol=')[1];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const made = await ok('POST', '/v1/gates', '', { token, label: 'Attack', public_key: point.toString('base64url') });
  const id = made.json.gate;
  const { nonce } = (await ok('POST', `/v1/gates/${id}/challenge`, '', {})).json;
  const text = Buffer.from(`jadegate-gate-v1\n${id}\n${nonce}`);
  const signature = sign('sha256', text, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return (await ok('POST', `/v1/gates/${id}/session`, '', { nonce, signature })).cookie;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** An id as gates make them. */
export const scanId = () => 's' + ALPHABET[randomInt(7) + 1] + Array.from({ length: 12 }, () => ALPHABET[randomInt(32)]).join('');
