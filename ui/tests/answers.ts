/** What a stand-in for the server may answer, by the API document. Types only: nothing runs. */
import type { Answer, Body } from '../src/shared/endpoints';
import type { paths, Problem } from '../src/shared/openapi';

type Of<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: unknown } ? `${Uppercase<M & string>} ${P}` : never;

/** `GET /v1/me/code`, `DELETE /v1/me/sessions/{id}` */
export type Operation = { [P in keyof paths]: { [M in keyof paths[P]]-?: Of<P, M> }[keyof paths[P]] }[keyof paths];

type PathIn<O extends Operation> = O extends `${string} ${infer P extends keyof paths}` ? P : never;
type MethodIn<O extends Operation> = Lowercase<O extends `${infer M} ${string}` ? M : never> & ('get' | 'post' | 'delete' | 'patch');

export interface Asked<O extends Operation> {
  body: Body<PathIn<O>, MethodIn<O>>;
  query: URLSearchParams;
  /** What stands in the address where the document has `{id}`. */
  id: string;
  now: number;
}

export interface Refusal {
  status: number;
  type: 'application/problem+json';
  body: Problem;
}

/** An answer; 200 and JSON if it says nothing else. */
type Said<A> = [A] extends [undefined]
  ? { status: 204; type?: undefined }
  : { status?: 200 | 201 | 202; type?: 'text/plain; charset=utf-8' | 'text/event-stream'; body: A };

export type Reply<O extends Operation> = Said<Answer<PathIn<O>, MethodIn<O>>> | Refusal;

/** One function for each operation that is answered. */
export type Answers = { [O in Operation]?: (asked: Asked<O>) => Reply<O> };
