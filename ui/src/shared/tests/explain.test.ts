import { describe, expect, it } from 'vitest';
import { ApiError } from '../api';
import { common, explain } from '../common';

describe('a server that has too much to do', () => {
  const told = (code: string) => explain(new ApiError({ code, status: 503, detail: 'in English', retryAfter: 20 }));

  it('is told in the words of the page, with the time to wait', () => {
    const c = common();
    expect(told('request.put_off')).toBe(`${c.errors.put_off} ${c.waitSeconds(20)}`);
    expect(told('request.overload')).toBe(`${c.errors.busy} ${c.waitSeconds(20)}`);
  });
});
