import { describe, expect, it } from 'vitest';
import { ServerClock } from '../shared/time';
import { GateClock } from './clock';

const T = Date.parse('2022-03-01T08:00:00Z');
const HOUR = 3_600_000;

function storage() {
  const kept = new Map<string, string>();
  return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) };
}

/** A device whose clock can be set, with pages opened on it. */
class Device {
  shows = T;
  steady = 0;
  lasting = storage();
  tab = storage();

  pass(ms: number): void {
    this.shows += ms;
    this.steady += ms;
  }

  /** A page; `online`: the server, whose clock is `ahead` of this one's at first, answers it. */
  open(online: boolean, ahead = 0): GateClock {
    const clock = new ServerClock(() => this.shows, () => this.steady);
    clock.restore(this.lasting);
    if (online) clock.learn(new Date(this.shows + ahead).toISOString(), this.shows, this.shows);
    const gate = new GateClock(clock, this.lasting, this.tab);
    if (online) clock.save(this.lasting);
    gate.tick();
    return gate;
  }

  restart(): void {
    this.tab = storage();
  }
}

describe("the gate's clock", () => {
  it('is the server’s once it was heard, whatever the device shows', () => {
    const device = new Device();
    const gate = device.open(true, 3 * HOUR);
    expect([gate.trust, gate.ahead]).toEqual(['server', -180]);
    device.pass(60_000);
    device.shows -= 10 * HOUR;
    expect(Math.abs(gate.now() - (T + 3 * HOUR + 60_000))).toBeLessThan(1_000);
    expect(gate.sure).toBe(true);
  });

  it('is carried over a reload without network', () => {
    const device = new Device();
    device.open(true, 3 * HOUR);
    device.pass(60_000);
    const gate = device.open(false);
    expect([gate.trust, gate.sure, gate.ahead]).toEqual(['carried', true, null]);
    expect(Math.abs(gate.now() - (T + 3 * HOUR + 60_000))).toBeLessThan(1_000);
  });

  it('has to be said to be right after a restart without network', () => {
    const device = new Device();
    device.open(true);
    device.pass(HOUR);
    device.restart();
    const gate = device.open(false);
    expect([gate.trust, gate.sure]).toEqual(['unsure', false]);
    gate.confirm();
    expect([gate.trust, gate.sure]).toEqual(['carried', true]);
    expect(device.open(false).sure).toBe(true);
  });

  it('is wrong before a moment that has passed, whoever says otherwise, until it is set', () => {
    const device = new Device();
    device.open(true);
    device.shows -= 5 * HOUR;
    const gate = device.open(false);
    expect([gate.trust, gate.sure]).toEqual(['behind', false]);
    gate.confirm();
    expect(gate.trust).toBe('behind');
    device.shows += 5 * HOUR + 60_000;
    expect(gate.trust).toBe('unsure');
    gate.confirm();
    expect(gate.sure).toBe(true);
  });

  it('learns from a good code that it is behind', () => {
    const device = new Device();
    device.open(true);
    device.restart();
    const gate = device.open(false);
    gate.confirm();
    gate.passed(T / 1000 + 3);
    expect(gate.trust).toBe('carried');
    gate.passed(T / 1000 + 3600);
    expect([gate.trust, gate.now()]).toEqual(['behind', T + HOUR]);
  });

  it('is set back by the server alone', () => {
    const device = new Device();
    device.open(true, 5 * HOUR);
    const gate = device.open(true, 0);
    expect(Math.abs(gate.now() - T)).toBeLessThan(1_000);
    gate.passed(T / 1000 + 3600);
    expect(Math.abs(gate.now() - T)).toBeLessThan(1_000);
  });

  it('works without storage', () => {
    const broken = {
      getItem: (): string => {
        throw new Error('forbidden');
      },
      setItem: (): void => {
        throw new Error('full');
      },
    };
    const gate = new GateClock(new ServerClock(() => T, () => 0), broken, broken);
    expect(gate.trust).toBe('unsure');
    gate.confirm();
    expect(gate.sure).toBe(true);
  });
});
