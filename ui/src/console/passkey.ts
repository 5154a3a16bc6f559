/**
 * WebAuthn with JSON on both sides. Browsers have this built in only since 2023 to 2025
 * (`parseCreationOptionsFromJSON`, `toJSON`), and it is a few lines, so it is done by hand for all.
 */
import { api } from '../shared/api';
import type { Invited, Me } from './types';

/** Binary members travel as base64url. */
export function toBytes(text: string): ArrayBuffer {
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0)).buffer;
}

export function toText(bytes: ArrayBuffer): string {
  let raw = '';
  for (const b of new Uint8Array(bytes)) raw += String.fromCharCode(b);
  return btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

interface DescriptorJson {
  id: string;
  type: 'public-key';
  transports?: AuthenticatorTransport[];
}
export type CreationJson = Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> & {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: DescriptorJson[];
};
export type RequestJson = Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> & {
  challenge: string;
  allowCredentials?: DescriptorJson[];
};

const descriptors = (list: DescriptorJson[] = []): PublicKeyCredentialDescriptor[] =>
  list.map((d) => ({ ...d, id: toBytes(d.id) }));

export function creationOptions(json: CreationJson): PublicKeyCredentialCreationOptions {
  return {
    ...json,
    challenge: toBytes(json.challenge),
    user: { ...json.user, id: toBytes(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  };
}

export function requestOptions(json: RequestJson): PublicKeyCredentialRequestOptions {
  return { ...json, challenge: toBytes(json.challenge), allowCredentials: descriptors(json.allowCredentials) };
}

/** What the server gets, as WebAuthn defines it: `RegistrationResponseJSON` or `AuthenticationResponseJSON`. */
export function credentialJson(credential: PublicKeyCredential): Record<string, unknown> {
  const { id, rawId, type, response } = credential;
  const common = { id, rawId: toText(rawId), type, clientExtensionResults: credential.getClientExtensionResults() };
  const clientDataJSON = toText(response.clientDataJSON);
  if ('attestationObject' in response) {
    const made = response as AuthenticatorAttestationResponse;
    return {
      ...common,
      response: {
        clientDataJSON,
        attestationObject: toText(made.attestationObject),
        transports: made.getTransports?.() ?? [],
      },
    };
  }
  const signed = response as AuthenticatorAssertionResponse;
  return {
    ...common,
    response: {
      clientDataJSON,
      authenticatorData: toText(signed.authenticatorData),
      signature: toText(signed.signature),
      userHandle: signed.userHandle ? toText(signed.userHandle) : null,
    },
  };
}

/** The person or the device said no, or let the time run out. */
export class PasskeyRefused extends Error {}

export const passkeysWork = (): boolean =>
  typeof PublicKeyCredential !== 'undefined' && typeof navigator.credentials !== 'undefined';

async function ask(work: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await work();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (e) {
    throw new PasskeyRefused(e instanceof Error ? e.name : 'unknown');
  }
  throw new PasskeyRefused('none');
}

export async function signIn(): Promise<Me> {
  const begin = await api.post('/v1/staff/sign-in/begin');
  const publicKey = requestOptions(begin.options as unknown as RequestJson);
  const credential = credentialJson(await ask(() => navigator.credentials.get({ publicKey })));
  await api.post('/v1/staff/sign-in/finish', { ceremony: begin.ceremony, credential });
  return api.get('/v1/staff/me');
}

export const openInvitation = (token: string): Promise<Invited> =>
  api.post('/v1/staff/invitations/begin', { token });

/** Makes a passkey for an invitation. The ceremony was begun when the invitation was opened. */
export async function accept(token: string, invited: Invited): Promise<Me> {
  const publicKey = creationOptions(invited.options as unknown as CreationJson);
  const credential = credentialJson(await ask(() => navigator.credentials.create({ publicKey })));
  await api.post('/v1/staff/invitations/finish', { token, credential });
  return api.get('/v1/staff/me');
}
