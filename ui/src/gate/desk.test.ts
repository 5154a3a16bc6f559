import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Desk } from './desk.svelte';
import { insideNow, type ScanRow } from './queue';
import { DEFAULTS, limitOf, readChoices, Settings } from './settings.svelte';
import { UNDO_MS } from './undo.svelte';
import { kindOf, spokenOf } from './verdict';
import { voiceFor } from './voice';

/** Texts with our prefix; without keys the gate refuses each of them. */
const [ANNA, BEN] = ['JG1:AAAA', 'JG1:BBBB'];
const AD = 'https://example.org/advertisement';

class Kept {
  readonly values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
}

let desk: Desk;
let steady = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('localStorage', new Kept());
  vi.stubGlobal('sessionStorage', new Kept());
  steady = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => steady);
  desk = await Desk.open();
  // Nobody asks a server for the time.
  desk.sync = { ...desk.sync, offlineSince: 1 };
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Until what was begun is written. */
async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) await new Promise((done) => setImmediate(done));
}
async function sees(...texts: string[]): Promise<void> {
  desk.see(texts);
  await settled();
}
const shown = () => desk.shown?.code ?? null;
const rows = (): Promise<ScanRow[]> => desk.db.all('scans');

describe('the camera looks on while a verdict is shown', () => {
  it('another code takes its place, the same one does not come again', async () => {
    await sees(ANNA);
    const first = desk.shown;
    steady += 700;
    await sees(ANNA);
    expect(desk.shown).toBe(first);
    await sees(BEN);
    expect(shown()).toBe(BEN);
    expect(await rows()).toHaveLength(2);
  });

  it('a refusal is seen before the next one hides it', async () => {
    await sees(ANNA);
    steady += 699;
    await sees(BEN);
    expect(shown()).toBe(ANNA);
    steady += 1;
    await sees(BEN);
    expect(shown()).toBe(BEN);
  });

  it('with two in the picture each has a turn, and then neither comes again', async () => {
    await sees(ANNA, BEN);
    expect(shown()).toBe(ANNA);
    steady += 1_000;
    await sees(ANNA, BEN);
    expect(shown()).toBe(BEN);
    steady += 1_000;
    await sees(ANNA, BEN);
    expect(shown()).toBe(BEN);
    expect(await rows()).toHaveLength(2);
  });

  it('an advertisement takes no verdict away, but is answered when there is none', async () => {
    await sees(ANNA);
    steady += 1_000;
    await sees(AD);
    expect(shown()).toBe(ANNA);
    desk.next();
    await sees(AD);
    expect(shown()).toBe(AD);
    // And is no scan.
    expect((await rows()).map((r) => r.code)).toEqual([ANNA]);
  });

  it('nothing takes a verdict away while somebody chooses a reason', async () => {
    await sees(ANNA);
    desk.hold();
    steady += 5_000;
    await sees(BEN);
    expect(shown()).toBe(ANNA);
    desk.unhold();
    await sees(BEN);
    expect(shown()).toBe(BEN);
  });
});

describe('every override can be undone for ten seconds', () => {
  it('against a code: the scan is again the refusal it was, and goes', async () => {
    await sees(ANNA);
    await desk.letIn('vulnerable');
    expect((await rows())[0]).toMatchObject({ override: 'vulnerable', held: true, local: { outcome: 'override' } });
    // The verdict is gone, the next one comes: it can still be taken back.
    await sees(BEN);
    desk.next();
    const [it] = desk.undoables.list;
    if (!it) throw new Error('nothing to undo');
    await desk.undo(it);
    const row = (await rows()).find((r) => r.code === ANNA);
    expect(row).toMatchObject({ override: null, held: false, local: { outcome: 'refused' } });
    expect(desk.undoables.list).toEqual([]);
  });

  it('also before the device has written it', async () => {
    await sees(ANNA);
    const written = desk.letIn('other');
    const [it] = desk.undoables.list;
    if (!it) throw new Error('nothing to undo');
    await Promise.all([desk.undo(it), written]);
    expect(await rows()).toMatchObject([{ code: ANNA, override: null, held: false, local: { outcome: 'refused' } }]);
  });

  it('without a code: nothing is left of it', async () => {
    await desk.letIn('emergency');
    expect(await rows()).toHaveLength(1);
    const it = desk.shown?.undoable;
    if (!it) throw new Error('nothing to undo');
    await Promise.all([desk.undo(it), desk.undo(it)]);
    expect(await rows()).toEqual([]);
    expect(desk.shown).toBeNull();
  });

  it('each by itself, and after that it is sent', async () => {
    await desk.letIn('emergency');
    desk.next();
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    await desk.letIn('other');
    expect(desk.undoables.list.map((u) => u.reason)).toEqual(['other', 'emergency']);
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect(desk.undoables.list.map((u) => u.reason)).toEqual(['other']);
    expect((await rows()).map((r) => [r.override, r.held]).sort()).toEqual([
      ['emergency', false],
      ['other', true],
    ]);
  });

  it('is sent at once if it was right', async () => {
    await desk.letIn('emergency');
    const [it] = desk.undoables.list;
    if (it) await desk.undoables.confirm(it);
    expect(await rows()).toMatchObject([{ override: 'emergency', held: false }]);
  });

  it('a code shown twice: its first scan stays a refusal', async () => {
    await sees(ANNA);
    desk.next();
    await settled();
    await desk.read(ANNA, 'scanner');
    await desk.letIn('known_person');
    expect(await rows()).toHaveLength(2);
    const [it] = desk.undoables.list;
    if (it) await desk.undo(it);
    expect(await rows()).toMatchObject([{ code: ANNA, override: null, held: false }]);
  });
});

describe('what a guard chose', () => {
  it('is there again after the device was off', () => {
    const storage = new Kept();
    const before = new Settings(storage);
    before.set({ direction: 'out', sound: false });
    before.set({ limit: 250 });
    expect(new Settings(storage).now).toEqual({ ...DEFAULTS, direction: 'out', sound: false, limit: 250 });
  });

  it.each([null, '', 'x', '[]', 'null', '7', '{"direction":"up","sound":"no","limit":-3,"mirror":1}'])('makes sense of %s', (text) => {
    expect(readChoices(text)).toEqual(DEFAULTS);
  });

  it.each([
    ['', null],
    ['250', 250],
    ['２５０', 250],
    ['0', undefined],
    ['1000000', undefined],
    ['12.5', undefined],
  ])('a limit of “%s”', (text, limit) => {
    expect(limitOf(text)).toBe(limit);
  });
});

it('as many are inside as came in and did not leave, and never fewer than none', () => {
  expect(insideNow({ admitted: 128, refused: 9, overridden: 2, left: 97 })).toBe(33);
  expect(insideNow({ admitted: 1, refused: 0, overridden: 0, left: 4 })).toBe(0);
});

describe('what is said aloud', () => {
  it('is no colour: the queue would hear it', () => {
    const red = { outcome: 'refused', colour: 'red', problem: null } as const;
    expect(kindOf(red, 'in')).toBe('red');
    expect(spokenOf(red, 'in')).toBe('不放行');
    expect(spokenOf({ ...red, colour: null, problem: 'code.stale' }, 'in')).toBe('不放行。过期了');
    expect(spokenOf({ outcome: 'admitted', colour: 'red', problem: null }, 'out')).toBe('已离开');
  });

  it('is said by a voice of the device only', () => {
    const voice = (lang: string, localService = true) => ({ lang, localService });
    expect(voiceFor([voice('en-US', false)], 'en')).toBeNull();
    expect(voiceFor([voice('de-DE'), voice('en_US'), voice('en-GB')], 'en')).toEqual(voice('en-GB'));
    expect(voiceFor([voice('zh-HK'), voice('zh-CN')], 'zh')).toEqual(voice('zh-CN'));
    expect(voiceFor([voice('enm-XX')], 'en')).toBeNull();
  });
});
