/**
 * Addresses, bodies and answers of the API as types, by the document that the server makes of
 * itself. An address is written as it is sent (`/v1/me/sessions/${id}`); which operation it is
 * follows from its shape, so one that the document does not name is an error of the build.
 */
import type { paths } from './openapi';

export type Method = 'get' | 'post' | 'delete' | 'patch';

/** `/v1/me/sessions/{id}` as addresses of it look. */
type Filled<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : P;

type WithoutQuery<A extends string> = A extends `${infer Path}?${string}` ? Path : A;

/** The path in the document that addresses like `A` belong to; `never` if there is none. */
export type PathOf<A extends string> = A extends unknown
  ? {
      [P in keyof paths]: WithoutQuery<A> extends Filled<P> ? (Filled<P> extends WithoutQuery<A> ? P : never) : never;
    }[keyof paths]
  : never;

type Content<T> = T extends { content: infer C } ? C[keyof C] : undefined;
type Responses<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R } ? R : never;

/** What an operation answers when all went well; `undefined` where it says nothing. */
export type Answer<P extends keyof paths, M extends Method> = P extends unknown
  ? Content<Responses<P, M>[keyof Responses<P, M> & (200 | 201 | 202 | 204)]>
  : never;

/** A file is sent as it lies on the disk: its letters may be in any alphabet. */
type Sent<B> = B extends { content: { 'text/csv': string } | { 'application/octet-stream': string } } ? string | Blob : Content<B>;

/** What an operation is sent; `undefined` where it takes nothing. */
export type Body<P extends keyof paths, M extends Method> = P extends unknown
  ? paths[P][M] extends { requestBody: infer B }
    ? Sent<B>
    : undefined
  : never;

/** The arguments after an address: what is sent, where something is, and how. */
export type Rest<P extends keyof paths, M extends Method, Options> = [P] extends [never]
  ? [thereIsNoSuchAddress: never]
  : paths[P][M] extends { responses: unknown }
    ? M extends 'post' | 'patch'
      ? undefined extends Body<P, M>
        ? [body?: Body<P, M>, options?: Options]
        : // What needs no field is sent as an empty object.
          Record<never, never> extends Body<P, M>
        ? [body?: Body<P, M>, options?: Options]
        : [body: Body<P, M>, options?: Options]
      : [options?: Options]
    : [thereIsNoSuchOperation: never];
