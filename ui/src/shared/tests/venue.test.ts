import { describe, expect, it } from 'vitest';
import { venueCode, venueLink } from '../venue';

// Every character of base45.
const CODE = 'JGV1:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

describe('the link of a poster', () => {
  it('gives its code back, by itself and through an address bar', () => {
    const link = venueLink('https://code.example', CODE);
    expect(venueCode(link)).toBe(CODE);
    expect(venueCode(new URL(link).href)).toBe(CODE);
    expect(venueCode(new URL(link).hash)).toBe(CODE);
    expect(new URL(link).pathname).toBe('/');
  });

  it('reads a code by itself', () => {
    expect(venueCode(` ${CODE}\n`)).toBe(CODE);
  });

  it('is nothing else', () => {
    for (const text of ['', 'JG1:ABC', 'https://code.example/', 'https://code.example/#v=JG1:A', 'https://code.example/#v=%E0%A4%A', '#/visits']) {
      expect(venueCode(text)).toBeNull();
    }
  });
});
