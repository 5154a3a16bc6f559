/** The server says that nobody is signed in any more: every section hears of it in one place. */
import { ApiError, request, type RequestOptions } from '../shared/api';
import type { Answer, PathOf, Rest } from '../shared/endpoints';

let told: () => void = () => undefined;
export function onSignedOut(listener: () => void): void {
  told = listener;
}

/** They ended their own session. */
export const signedOut = (): void => told();

async function watch<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) told();
    throw e;
  }
}

type Path<A extends string> = PathOf<`/v1/staff/${A}`>;

/** As `Api`, with addresses below `/v1/staff/`. */
interface StaffApi {
  get<A extends string>(path: A, ...rest: Rest<Path<A>, 'get', RequestOptions>): Promise<Answer<Path<A>, 'get'>>;
  post<A extends string>(path: A, ...rest: Rest<Path<A>, 'post', RequestOptions>): Promise<Answer<Path<A>, 'post'>>;
  del<A extends string>(path: A): Promise<Answer<Path<A>, 'delete'>>;
}

const untyped = {
  get: (path: string) => watch(request('GET', `/v1/staff/${path}`)),
  post: (path: string, body: unknown = {}, options?: RequestOptions) =>
    watch(request('POST', `/v1/staff/${path}`, { ...options, body })),
  del: (path: string) => watch(request('DELETE', `/v1/staff/${path}`)),
};
export const staff = untyped as unknown as StaffApi;
