/** The server says that nobody is signed in any more: every section hears of it in one place. */
import { api, ApiError, type RequestOptions } from '../shared/api';

let told: () => void = () => undefined;

export function onSignedOut(listener: () => void): void {
  told = listener;
}

async function watch<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) told();
    throw e;
  }
}

export const staff = {
  get: <T>(path: string): Promise<T> => watch(api.get<T>(`/v1/staff/${path}`)),
  post: <T>(path: string, body: unknown = {}, options?: RequestOptions): Promise<T> =>
    watch(api.post<T>(`/v1/staff/${path}`, body, options)),
  del: <T = void>(path: string): Promise<T> => watch(api.del<T>(`/v1/staff/${path}`)),
};
