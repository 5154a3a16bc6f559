// Asks a policy.wasm, as a page does: `node ask.mjs FILE`, one request a line in, one answer a line out.
import { readFileSync } from 'node:fs';

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { memory, reserve, run, address } = instance.exports;
for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const request = new TextEncoder().encode(line);
  const to = reserve(request.length);
  new Uint8Array(memory.buffer, to, request.length).set(request);
  const length = run();
  process.stdout.write(`${new TextDecoder().decode(new Uint8Array(memory.buffer, address(), length))}\n`);
}
