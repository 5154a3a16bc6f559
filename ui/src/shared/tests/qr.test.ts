import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { makeQr, QUIET_ZONE, qrVersion } from '../qr';

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** A text as long as a real code, over its whole alphabet. */
function code(length: number): string {
  let text = 'JG1:';
  for (let i = 0; text.length < length; i++) text += ALPHANUMERIC[(i * 7) % ALPHANUMERIC.length];
  return text;
}

/** Draws the modules as a screen would and reads them with another library. */
function readBack(text: string): string {
  const qr = makeQr(text);
  const scale = 4;
  const side = (qr.size + 2 * QUIET_ZONE) * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (qr.get(Math.floor(x / scale) - QUIET_ZONE, Math.floor(y / scale) - QUIET_ZONE)) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  }
  return decodeQR({ width: side, height: side, data });
}

describe('QR', () => {
  it('holds a code of 177 characters in version 7 at level M', () => {
    expect(qrVersion(makeQr(code(177)).size)).toBeLessThanOrEqual(7);
    // ISO/IEC 18004 table 7: version 7-M holds 178 alphanumeric characters, so the mode is used.
    expect(qrVersion(makeQr(code(178)).size)).toBe(7);
    expect(qrVersion(makeQr(code(179)).size)).toBe(8);
  });

  it('reads back with an independent decoder', () => {
    for (const text of [code(177), code(300), 'JGV1:MADE UP', 'https://jadegate.example/gate/#enrol=abc']) {
      expect(readBack(text)).toBe(text);
    }
  });
});
