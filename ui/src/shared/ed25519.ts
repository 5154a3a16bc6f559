/**
 * Ed25519 (RFC 8032) in the browser: WebCrypto where it has the algorithm, else `@noble/curves`,
 * which is loaded only then.
 */
export type Bytes = Uint8Array<ArrayBuffer>;
export type Verifier = (publicKey: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>;

export const nativeVerifier: Verifier = async (publicKey, message, signature) => {
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, signature, message);
};

export const libraryVerifier: Verifier = async (publicKey, message, signature) => {
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  try {
    // zip215 off: the strict rules of RFC 8032, as the server applies them.
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

let chosen: Promise<Verifier> | undefined;

/** RFC 8032, section 7.1, test 1: what the native verifier must accept before it is trusted. */
const PROBE_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const PROBE_SIGNATURE =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b';

export function hexBytes(hex: string): Bytes | null {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) return null;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

async function choose(): Promise<Verifier> {
  try {
    const [key, signature] = [hexBytes(PROBE_KEY), hexBytes(PROBE_SIGNATURE)];
    if (key && signature && (await nativeVerifier(key, new Uint8Array(), signature))) return nativeVerifier;
  } catch {
    // The algorithm is missing here; the library has it.
  }
  return libraryVerifier;
}

/** The verifier of this browser; chosen once. */
export function verifier(): Promise<Verifier> {
  chosen ??= choose();
  return chosen;
}
