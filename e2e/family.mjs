// A family of four on one phone, a changed phone, and the stranger who gets the old number.
import assert from 'node:assert/strict';
import { ENGINE, accessible, ask, browser, device, residentId, start, step } from './harness.mjs';
import { fill, messageFor } from './journey.mjs';

const MOTHER = { name: 'Testa Mutter', number: residentId('19850602', 911), phone: '10099990011' };
const FAMILY = [
  { name: 'Kinda Mutter', number: residentId('20150501', 912) },
  { name: 'Babya Mutter', number: residentId('20211231', 913) },
  { name: 'Oma Muster', number: residentId('19400101', 914) },
];
const NEW_PHONE = '10099990012';
const STRANGER = { name: 'Fremda Muster', number: residentId('19700101', 915), phone: MOTHER.phone };

const green = (page) => page.locator('[data-testid=pass][data-state=current][data-colour=green]');
const button = (page, name) => page.getByRole('button', { name, exact: true });

export async function family() {
  console.log(`A family of four on one phone, in ${ENGINE}`);
  const server = await step('another demo starts', () => start(['demo', '--people', '20', '--seed', '8', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/));
  const url = server.found[1];
  const clean = await browser();
  const desk = await device(clean, 'demo');
  await desk.goto(`${url}/demo`);
  const mother = await device(clean, 'mother');
  const stranger = await device(clean, 'stranger');
  /** A phone gets another message after a pause, and after a few only every some hours. */
  const later = async () => {
    const answer = await ask(desk, '/demo/clock', { advance_seconds: 5 * 3600 });
    assert.equal(answer.status, 200, answer.text);
  };
  const name = (page) => page.locator('[data-testid=name]').textContent();
  const home = async (page) => {
    await page.goto('about:blank');
    await page.goto(`${url}/`);
  };
  const code = async (page) => {
    const shown = page.locator('[data-testid=pass][data-state=current] [data-qr]');
    await shown.waitFor();
    return shown.getAttribute('data-qr');
  };
  const register = async (page, who) => {
    await page.goto(`${url}/`);
    await button(page, 'Register for the first time').click();
    await fill(page, who);
    await button(page, 'Send me a code').click();
    await page.locator('#f-code').waitFor();
    await page.locator('#f-code').fill(await messageFor(desk, url, who.phone));
    await button(page, 'Confirm').click();
    await green(page).waitFor();
  };

  await step('a mother registers', async () => {
    await register(mother, MOTHER);
    assert.equal(await name(mother), 'T*** M***');
  });

  await step('she adds two children and a grandmother with her own phone', async () => {
    for (const [n, who] of FAMILY.entries()) {
      await later();
      await home(mother);
      await green(mother).waitFor();
      await mother.goto(`${url}/#/family`);
      await button(mother, 'Add a person').click();
      await mother.locator('#f-name').waitFor();
      if (n === 0) await accessible(mother, 'adding a person');
      assert.equal(await mother.locator('#f-phone').count(), 0, 'whoever has no phone needs none');
      await fill(mother, who);
      await button(mother, 'Send me a code').click();
      await mother.locator('#f-code').waitFor();
      await mother.locator('#f-code').fill(await messageFor(desk, url, MOTHER.phone));
      await button(mother, 'Confirm').click();
      await mother.locator('[data-testid=cared-for]').nth(n).waitFor();
    }
    await accessible(mother, 'the family page');
  });

  await step('each has a code of their own; whose is shown is said, large, and one tap goes back', async () => {
    await home(mother);
    const codes = [await code(mother)];
    const names = [];
    for (let n = 0; n < 3; n++) {
      await mother.locator('[data-testid=people]').waitFor();
      await mother.locator('[data-testid=people] li').nth(n + 1).getByRole('button').click();
      await mother.locator('[data-testid=acting]').waitFor();
      const wanted = await mother.locator('[data-testid=acting] strong').textContent();
      await mother.locator(`[data-testid=name]:text-is("${wanted}")`).waitFor();
      codes.push(await code(mother));
      names.push(wanted);
    }
    assert.equal(new Set(codes).size, 4);
    assert.deepEqual([...names].sort(), ['B*** M***', 'K*** M***', 'O*** M***']);
    await accessible(mother, 'the code of a relative');
    await button(mother, 'Back to my own code').click();
    await mother.locator('[data-testid=name]:text-is("T*** M***")').waitFor();
    assert.equal(await mother.locator('[data-testid=acting]').count(), 0);
  });

  await step('one is removed at once', async () => {
    await mother.goto(`${url}/#/family`);
    const baby = mother.locator('[data-testid=cared-for]').filter({ hasText: 'B***' });
    await baby.getByRole('button', { name: 'Remove' }).click();
    await baby.getByRole('button', { name: 'Remove' }).click();
    await baby.waitFor({ state: 'detached' });
    await mother.locator('[data-testid=cared-for]').nth(1).waitFor();
    assert.equal(await mother.locator('[data-testid=cared-for]').count(), 2);
  });

  await step('she changes to another phone with the code from there and her document', async () => {
    await later();
    await home(mother);
    await green(mother).waitFor();
    await mother.goto(`${url}/#/phone`);
    await mother.locator('#f-phone').fill(NEW_PHONE);
    await button(mother, 'Send me a code').click();
    await mother.locator('#f-code').waitFor();
    await mother.locator('#f-code').fill(await messageFor(desk, url, NEW_PHONE));
    await mother.locator('#f-end').fill(MOTHER.number.slice(-6));
    await button(mother, 'Confirm').click();
    await button(mother, 'Register for the first time').waitFor();
  });

  await step('who gets the old number registers as themselves and sees nothing of hers', async () => {
    await later();
    await stranger.goto(`${url}/`);
    const sent = await ask(stranger, '/v1/sessions', { phone: MOTHER.phone, language: 'en' });
    assert.equal(sent.status, 202, sent.text);
    await later();
    await register(stranger, STRANGER);
    assert.equal(await name(stranger), 'F*** M***');
    const { json } = await ask(stranger, '/v1/me/evidence');
    assert.equal(json.evidence.length, 1, 'where they live');
    const people = await ask(stranger, '/v1/me/people');
    assert.deepEqual([people.json.people, people.json.carers], [[], []]);
  });

  await step('with the new phone the code alone is not enough on a new device; her document is', async () => {
    const fresh = await device(clean, 'fresh');
    await fresh.goto(`${url}/`);
    await button(fresh, 'I am registered: sign in by phone').click();
    await fresh.locator('#f-phone').fill(NEW_PHONE);
    await button(fresh, 'Send me a code').click();
    await fresh.locator('#f-code').waitFor();
    await fresh.locator('#f-code').fill(await messageFor(desk, url, NEW_PHONE));
    await button(fresh, 'Confirm').click();
    await fresh.locator('[data-testid=document-needed]').waitFor();
    await accessible(fresh, 'asking for the document');
    await fresh.locator('#f-end').fill(MOTHER.number.slice(-6).toLowerCase());
    await button(fresh, 'Confirm').click();
    await green(fresh).waitFor();
    assert.equal(await name(fresh), 'T*** M***');
    await fresh.locator('[data-testid=people]').waitFor();
    await fresh.goto(`${url}/#/me`);
    await fresh.getByText('Another phone').waitFor();
  });

  await step('all of it ends in order', async () => {
    await clean.close();
    await server.stop();
  });
}
