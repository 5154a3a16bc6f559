/** The policy as WebAssembly: the same code that makes a colour on the server, on this device. */
import type { Assessment, Evidence } from './openapi';
import type { Segment } from './timeline';
import type { Moment } from './types';

/** An assessment as the policy itself says it: agencies by id. */
export type MadeAssessment = Assessment;

export interface PolicyRequest {
  /** The policy file, byte for byte. */
  policy: string;
  /** Evidence as the API gives it. */
  evidence: Evidence[];
  at: Moment;
  /** Where the holder lives, for a policy with time zones. */
  home: string | null;
  /** Where the timeline begins; with the first piece recorded, if left out. */
  from?: Moment | undefined;
}

export type PolicyAnswer = { ok: { assessment: MadeAssessment; timeline: { segments: Segment[] } } } | { error: { code: string; message: string } };

interface Exports {
  memory: WebAssembly.Memory;
  reserve(length: number): number;
  run(): number;
  address(): number;
}

/** A module that is loaded: asks it one question after the other. */
export class PolicyModule {
  readonly #wasm: Exports;

  constructor(exports: WebAssembly.Exports) {
    this.#wasm = exports as unknown as Exports;
  }

  ask(request: PolicyRequest): PolicyAnswer {
    const text = new TextEncoder().encode(JSON.stringify(request));
    const to = this.#wasm.reserve(text.length);
    new Uint8Array(this.#wasm.memory.buffer, to, text.length).set(text);
    const length = this.#wasm.run();
    // The memory may have grown, and so moved, while the module ran.
    const answer = new Uint8Array(this.#wasm.memory.buffer, this.#wasm.address(), length);
    return JSON.parse(new TextDecoder().decode(answer)) as PolicyAnswer;
  }
}

/** Fetches the module after everything that is more urgent. Fails where there is no WebAssembly. */
export async function loadPolicy(url: string): Promise<PolicyModule> {
  const answer = await fetch(url, { priority: 'low' } as RequestInit);
  if (!answer.ok) throw new Error(`policy.wasm: ${answer.status}`);
  const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), {});
  return new PolicyModule(instance.exports);
}
