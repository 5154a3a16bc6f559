import { describe, expect, it } from 'vitest';
import { parseColour } from '../colour';
import { COUNTRIES, countryNames } from '../countries';
import { chain } from '../divisions';
import {
  compactNumber,
  mrzCheck,
  mrzProblem,
  nameOk,
  otherNumberProblem,
  residentIdCheck,
  residentIdProblem,
} from '../document';
import { isId, makeId, makeScanId } from '../ids';
import { chooseLang, parseLang } from '../lang';

const bytes =
  (...b: number[]) =>
  (out: Uint8Array): void =>
    out.set(b);

describe('ids', () => {
  it('are written as the server writes them', () => {
    // The same numbers as `domain::id`: the top bit is dropped, zero becomes one.
    expect(makeId('s', bytes(0, 0, 0, 0, 0, 0, 0, 0))).toBe('s0000000000001');
    expect(makeId('s', bytes(0x80, 0, 0, 0, 0, 0, 0, 0))).toBe('s0000000000001');
    expect(makeId('s', bytes(0, 0, 0, 0, 0, 0, 0, 33))).toBe('s0000000000011');
    expect(makeId('s', bytes(255, 255, 255, 255, 255, 255, 255, 255))).toBe('s7ZZZZZZZZZZZZ');
  });

  it('are random, well formed and never zero', () => {
    const seen = new Set(Array.from({ length: 500 }, makeScanId));
    expect(seen.size).toBe(500);
    for (const id of seen) expect(isId('s', id)).toBe(true);
    for (const bad of ['s0000000000000', 's8ZZZZZZZZZZZZ', 'g0000000000001', 's000000000001', 's000000000000I', '']) {
      expect(isId('s', bad), bad).toBe(false);
    }
  });
});

describe('colours', () => {
  it('are one of three or unknown', () => {
    expect(parseColour('green')).toBe('green');
    for (const bad of ['Green', '', null, undefined, 1, 'blue', {}]) expect(parseColour(bad)).toBeNull();
  });
});

describe('languages', () => {
  it('are the stored one, else the first of the browser that we speak, else English, and Chinese if none is known', () => {
    expect(chooseLang('en', ['zh-CN'])).toBe('en');
    expect(chooseLang(null, ['fr', 'en-US', 'zh'])).toBe('en');
    expect(chooseLang('xx', ['zh-Hant-TW'])).toBe('zh');
    expect(chooseLang(null, ['fr'])).toBe('en');
    expect(chooseLang('xx', [''])).toBe('zh');
    expect(chooseLang(null, [])).toBe('zh');
    expect(parseLang('EN_us')).toBe('en');
    expect(parseLang('')).toBeNull();
  });
});

describe('documents', () => {
  const NOW = Date.parse('2022-03-01T00:00:00Z');

  it('resident IDs: the example of GB 11643-1999 passes, any one wrong digit fails', () => {
    const good = '11010519491231002X';
    expect(residentIdCheck(good)).toBe('X');
    expect(residentIdProblem(good, NOW)).toBeNull();
    expect(residentIdProblem('110105 19491231 002x', NOW)).toBeNull();
    expect(residentIdProblem('１１０１０５１９４９１２３１００２Ｘ', NOW)).toBeNull();
    for (let i = 0; i < 17; i++) {
      for (let d = 0; d < 10; d++) {
        const wrong = good.slice(0, i) + String(d) + good.slice(i + 1);
        if (wrong !== good) expect(residentIdProblem(wrong, NOW), wrong).toBe('check_digit');
      }
    }
  });

  it('resident IDs: says what is wrong', () => {
    expect(residentIdProblem('', NOW)).toBe('empty');
    expect(residentIdProblem('1234', NOW)).toBe('length');
    expect(residentIdProblem('1101051949123100AX', NOW)).toBe('characters');
    const day = '11010519490230002';
    expect(residentIdProblem(day + residentIdCheck(day), NOW)).toBe('birth_date');
    const future = '11010520990101002';
    expect(residentIdProblem(future + residentIdCheck(future), NOW)).toBe('birth_date');
    expect(residentIdProblem('110105491231002', NOW)).toBeNull();
  });

  it('passports: the specimen of ICAO 9303 part 4 passes, a changed digit fails', () => {
    const one = 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<';
    const two = 'L898902C36UTO7408122F1204159ZE184226B<<<<<10';
    expect(mrzProblem(`${one}\n${two}`)).toBeNull();
    expect(mrzProblem(`${one}${two}`.toLowerCase())).toBeNull();
    expect(mrzCheck('L898902C3')).toBe(6);
    expect(mrzProblem(`${one}\n${two.replace('7408122', '7408132')}`)).toBe('check_digit');
    expect(mrzProblem(`${one}\n${two.slice(1)}`)).toBe('length');
    expect(mrzProblem('')).toBe('empty');
  });

  it('cards: the specimens of ICAO 9303 parts 5 and 6 pass, a changed digit fails', () => {
    const td2 = 'I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6';
    const td1 = 'I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<';
    for (const zone of [td1, td2]) {
      expect(mrzProblem(zone)).toBeNull();
      expect(mrzProblem(`\u202a${zone.replace(/\n/g, '\r\n')}\u202c`)).toBeNull();
      expect(mrzProblem(zone.replace('7408122', '7408132'))).toBe('check_digit');
      expect(mrzProblem(zone.replace('UTO', 'U7O'))).toBe('characters');
    }
  });

  it('names and other numbers', () => {
    for (const n of ['张三', 'Testa Beispiel', "O'Neil-Ó", '阿卜杜拉·测试']) expect(nameOk(n), n).toBe(true);
    for (const n of ['', '  ', "=cmd|'/c calc'!A1", '<b>', '123', 'x'.repeat(81)]) expect(nameOk(n), n).toBe(false);
    expect(otherNumberProblem('e 123-456')).toBeNull();
    expect(otherNumberProblem('A123456(7)')).toBeNull();
    expect(otherNumberProblem('ab')).toBe('length');
    expect(otherNumberProblem('ab_12')).toBe('characters');
    expect(compactNumber(' ａｂ-1 ')).toBe('AB1');
  });
});

describe('countries and divisions', () => {
  it('lists all of ISO 3166-1 with names, China first', () => {
    expect(COUNTRIES).toHaveLength(249);
    expect(new Set(COUNTRIES.map((c) => c.alpha3)).size).toBe(249);
    const names = countryNames('en');
    expect(names[0]).toMatchObject({ alpha2: 'CN', name: 'China' });
    expect(names.find((c) => c.alpha3 === 'JPN')?.name).toBe('Japan');
  });

  it('finds the way down to a division', () => {
    expect(chain('CN-330106')).toEqual(['CN-33', 'CN-3301', 'CN-330106']);
    expect(chain('CN-33')).toEqual(['CN-33']);
    expect(chain('CN-441900003')).toEqual(['CN-44', 'CN-4419', 'CN-441900003']);
    expect(chain('CN-330106003')).toEqual(['CN-33', 'CN-3301', 'CN-330106', 'CN-330106003']);
    expect(chain('JP')).toEqual([]);
    expect(chain('rubbish')).toEqual([]);
  });
});
