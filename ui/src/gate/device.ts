/**
 * The gate's own key: ECDSA P-256, made here, never readable by any script, kept in IndexedDB.
 * Enrolment ties it to a place; each session is a signature over the server's nonce.
 */
import type { GateDb } from './db';
import type { GateServer } from './server';

export interface Device {
  gate: string;
  label: string;
  key: CryptoKey;
}

const DEVICE = 'device';
const SESSION = 'session_ends';
/** A session is renewed when it has less than this left, in milliseconds. */
const RENEW_BEFORE = 15 * 60_000;

export function base64url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** The text a gate signs to begin a session. */
export const challengeText = (gate: string, nonce: string): string => `jadegate-gate-v1\n${gate}\n${nonce}`;

export const storedDevice = (db: GateDb): Promise<Device | undefined> => db.get<Device>(DEVICE);

/**
 * Enrols this device with the token of a link. The private key exists only here: it is not
 * extractable, so not even this page can copy it.
 */
export async function enrol(db: GateDb, server: GateServer, token: string, label: string): Promise<Device> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const publicKey = base64url(await crypto.subtle.exportKey('raw', pair.publicKey));
  const { gate } = await server.enrol({ token, label, public_key: publicKey });
  const device: Device = { gate, label, key: pair.privateKey };
  await db.clear();
  await db.set(DEVICE, device);
  return device;
}

/** Begins a session: signs the server's nonce. */
export async function signIn(db: GateDb, server: GateServer, device: Device): Promise<void> {
  const { nonce } = await server.challenge(device.gate);
  const text = new TextEncoder().encode(challengeText(device.gate, nonce));
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, device.key, text);
  const { expires_at } = await server.session(device.gate, nonce, base64url(signature));
  await db.set(SESSION, Date.parse(expires_at));
}

/** Has the session less than a quarter of an hour left at `now` (milliseconds, server's clock)? */
export async function sessionEnds(db: GateDb, now: number): Promise<boolean> {
  const ends = await db.get<number>(SESSION);
  return ends === undefined || !(ends - now > RENEW_BEFORE);
}
