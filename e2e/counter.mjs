// A counter, by keyboard alone: a passport's zone typed as a reader types it, a grandmother without a phone with
// her daughter as carer, whom the daughter then sees; and a changed phone.
import assert from 'node:assert/strict';
import { ENGINE, accessible, ask, browser, device, residentId, start, step } from './harness.mjs';
import { fill, messageFor } from './journey.mjs';

const DAUGHTER = { name: 'Testa Tochter', number: residentId('19700101', 921), phone: '10099990021' };
const OTHER_PHONE = '10099990022';
const RIGHT = { A: 10, '<': 0 };
const digit = (s) => [...s].reduce((sum, c, i) => sum + (RIGHT[c] ?? (/\d/.test(c) ? Number(c) : c.charCodeAt(0) - 55)) * [7, 3, 1][i % 3], 0) % 10;

/** A passport's zone (TD3) of a made-up state. */
function passport(name, number, born) {
  const with_ = (s) => `${s}${digit(s)}`;
  const [n, b, u, own] = [with_(number.padEnd(9, '<')), with_(born), with_('350101'), with_('<'.repeat(14))];
  return `P<UTO${name}`.padEnd(44, '<') + '\n' + `${n}UTO${b}F${u}${own}${digit(n + b + u + own)}\n`;
}
const GRANDMOTHER = passport('OMA<<TESTA', 'X0000922', '400101');

const button = (page, name) => page.getByRole('button', { name, exact: true });

export async function counter() {
  console.log(`A counter by keyboard alone, in ${ENGINE}`);
  const server = await step('a third demo starts', () => start(['demo', '--people', '20', '--seed', '9', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/));
  const url = server.found[1];
  const clean = await browser();
  const desk = await device(clean, 'demo');
  await desk.goto(`${url}/demo`);
  const daughter = await device(clean, 'daughter');
  const officer = await device(clean, 'counter', { viewport: { width: 1280, height: 800 } });
  let pressed = 0;
  const press = async (key) => {
    pressed += 1;
    await officer.keyboard.press(key);
  };
  const reads = (text) => officer.keyboard.type(text, { delay: 1 });
  const focused = (id) => officer.waitForFunction((id) => document.activeElement?.id === id, id);

  await step('a daughter registers on her phone', async () => {
    await daughter.goto(`${url}/`);
    await button(daughter, 'Register for the first time').click();
    await fill(daughter, DAUGHTER);
    await button(daughter, 'Send me a code').click();
    await daughter.locator('#f-code').waitFor();
    await daughter.locator('#f-code').fill(await messageFor(desk, url, DAUGHTER.phone));
    await button(daughter, 'Confirm').click();
    await daughter.locator('[data-testid=pass][data-state=current]').waitFor();
  });

  await step('an officer opens the counter; the reader’s field has the focus', async () => {
    await officer.goto(`${url}/demo`);
    const entered = await ask(officer, '/demo/enter', { as: 'officer' });
    assert.equal(entered.status, 200, entered.text);
    await officer.goto(`${url}/console/#/counter`);
    await officer.locator('#reader').waitFor();
    await focused('reader');
    await accessible(officer, 'the counter');
  });

  await step('a grandmother’s passport is read, and her daughter’s card; both are there: registered with few keys', async () => {
    const begun = Date.now();
    await reads(GRANDMOTHER);
    await officer.locator('#person-name').waitFor();
    assert.equal(await officer.locator('#person-name').inputValue(), 'OMA TESTA');
    assert.equal(await officer.locator('#person-born').inputValue(), '1940-01-01');
    await focused('person-phone');
    await press('F4');
    await focused('carer-reader');
    await reads(`示例,女,汉,${DAUGHTER.number}\t`);
    await officer.waitForFunction((n) => document.querySelector('#carer-number')?.value === n, DAUGHTER.number);
    await officer.waitForFunction(() => document.activeElement?.matches('#register button[type=submit]'));
    await accessible(officer, 'registering at the counter');
    await press('Enter');
    await officer.locator('[data-testid=counter-known]').filter({ hasText: 'O*** T***' }).waitFor();
    console.log(`        ${pressed} keys of the officer, ${Date.now() - begun} ms`);
    assert.ok(pressed <= 3 && Date.now() - begun < 60_000);
  });

  await step('the daughter sees her on her own page and shows her code', async () => {
    await daughter.goto('about:blank');
    await daughter.goto(`${url}/`);
    await daughter.locator('[data-testid=people]').waitFor();
    await daughter.locator('[data-testid=people] li').nth(1).getByRole('button').click();
    await daughter.locator('[data-testid=acting]').waitFor();
    await daughter.locator('[data-testid=name]:text-is("O*** T***")').waitFor();
    await daughter.locator('[data-testid=pass][data-state=current][data-colour=green]').waitFor();
    await daughter.goto(`${url}/#/me`);
    await daughter.getByText('Registered at a counter').first().waitFor();
  });

  await step('read again she is known; her first phone is added by keyboard alone', async () => {
    await press('F2');
    await focused('reader');
    await reads(GRANDMOTHER.replace('\n', ''));
    await officer.locator('[data-testid=counter-known]').waitFor();
    await accessible(officer, 'somebody known at the counter');
    for (let n = 0; n < 12 && !(await officer.evaluate(() => document.activeElement?.id === 'det-phone')); n += 1) await press('Tab');
    await focused('det-phone');
    await reads(OTHER_PHONE);
    await press('Enter');
    await officer.getByText('Done. The person sees it.').waitFor();
  });

  await step('all of it ends in order', async () => {
    await clean.close();
    await server.stop();
  });
}
