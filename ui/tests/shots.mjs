// Opens the built holder page in Chromium, walks through its states in both languages, checks each
// with axe, and takes a picture of each. Needs `npm run build` first.
//   node tests/shots.mjs [folder for the pictures; default test-results/shots]
// Exits with 1 if axe, the console or the Content-Security-Policy complains, or a check fails.
import { generate } from 'lean-qr';
import { startMock } from './mock.mjs';
import { inBoth, launch, launchSeeing, locale, walk } from './walk.mjs';

const out = process.argv[2] ?? 'test-results/shots';
const { expect, watch, shot: take, end } = walk(out);
const shot = (page, lang, name, { full = true } = {}) => take(page, lang, name, { full });
const browser = await launch();

async function world(lang, options = {}, from = browser) {
  const mock = await startMock();
  const context = await from.newContext({
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    locale: locale(lang),
    timezoneId: 'America/New_York',
    ...options,
  });
  const page = await context.newPage();
  watch(page, lang);
  return { mock, context, page, done: async () => (await context.close(), await mock.stop()) };
}

await inBoth(async (lang) => {
  const t = (zh, en) => (lang === 'zh' ? zh : en);

  // Registration, with mistakes first.
  {
    const { mock, page, done } = await world(lang);
    await page.goto(mock.url);
    await page.getByRole('button', { name: t('首次登记', 'Register for the first time') }).waitFor();
    expect((await page.evaluate(() => document.documentElement.lang)).startsWith(lang), `${lang}: <html lang>`);
    await shot(page, lang, '01-welcome');
    await page.getByRole('button', { name: t('首次登记', 'Register for the first time') }).click();
    await page.locator('#f-number').waitFor();
    // The browser's Back goes one step, not out of the page.
    await page.goBack();
    await page.getByRole('button', { name: t('首次登记', 'Register for the first time') }).click();
    await page.locator('#f-number').fill('110105194912310021');
    await page.getByRole('button', { name: t('获取验证码', 'Send me a code') }).click();
    await page.locator('#f-name-error').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'f-name');
    expect(await page.locator('#f-number-error').isVisible(), `${lang}: a wrong check digit is noticed`);
    await shot(page, lang, '02-register-errors');
    await page.locator('#f-name').fill(t('测试 甲', 'Testa Beispiel'));
    await page.locator('#f-number').fill('11010519491231002X');
    await page.locator('#f-phone').fill('13800000000');
    await page.locator('#f-home').selectOption('CN-33');
    await page.locator('#f-home-1').selectOption('CN-3301');
    await page.locator('#f-home-2').selectOption('CN-330106');
    await shot(page, lang, '03-register');
    mock.state.delivery = 'delayed';
    await page.getByRole('button', { name: t('获取验证码', 'Send me a code') }).click();
    await page.locator('[data-delivery=delayed]').waitFor();
    await shot(page, lang, '04-otp-delayed');
    await page.reload();
    await page.locator('#f-code').fill('000000');
    await page.getByRole('button', { name: t('确认', 'Confirm'), exact: true }).click();
    await page.locator('#f-code-error').waitFor();
    await shot(page, lang, '05-otp-wrong');
    // The whole message, as it comes out of the other app.
    await page.locator('#f-code').evaluate((field, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', text);
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, t('【玉关】验证码 123456，10 分钟内有效。', 'Jadegate: 123456 is your code, for 10 minutes.'));
    expect((await page.locator('#f-code').inputValue()) === '123456', `${lang}: a pasted message gives its code`);
    await page.getByRole('button', { name: t('确认', 'Confirm'), exact: true }).click();
    await page.locator('[data-testid=pass][data-colour=green]').waitFor();
    expect((await page.evaluate(() => sessionStorage.getItem('jg.draft'))) === null, `${lang}: the draft is removed after sign-in`);
    await done();
  }

  // Each colour.
  for (const colour of ['green', 'yellow', 'red']) {
    const { mock, page, done } = await world(lang);
    mock.state.signedIn = true;
    mock.state.colour = colour;
    await page.goto(mock.url);
    await page.locator(`[data-testid=pass][data-colour=${colour}]`).waitFor();
    expect(mock.state.requests.filter((r) => r.includes('/v1/')).length === 1, `${lang} ${colour}: the first page makes one request`);
    await shot(page, lang, `1-${colour}-first`, { full: false });
    await shot(page, lang, `1-${colour}`);
    if (colour === 'yellow') {
      await page.getByRole('link', { name: t('现在报到', 'Check in now') }).click();
      await page.locator('.days').waitFor();
      await shot(page, lang, '3-check-in');
      await page.getByRole('button', { name: t('完成今天的报到', 'Check in for today') }).click();
      await page.locator('[data-testid=checked-in]').waitFor();
      await shot(page, lang, '3-checked-in');
      await page.evaluate(() => (location.hash = '#/accesses'));
      await page.locator('[data-testid=own-log][data-checked=done]').waitFor();
      await shot(page, lang, '5-log-checked');
      mock.state.forked = true;
      await page.reload();
      await page.locator('[data-testid=own-log][data-checked=alarm] [data-alarm=fork]').waitFor();
      await shot(page, lang, '5-log-alarm');
      mock.state.forked = false;
      for (const [route, wait] of [['visits', '.card'], ['evidence', '.card'], ['history', '.card'], ['accesses', '[data-testid=identity]'], ['me', 'dl'], ['scan', '#f-venue']]) {
        await page.evaluate((r) => (location.hash = `#/${r}`), route);
        await page.locator(`main ${wait}`).first().waitFor();
        await shot(page, lang, `5-${route}`);
      }
      await page.locator('#f-venue').fill('JGV1:MADE UP');
      await page.getByRole('button', { name: t('登记到访', 'Record my visit') }).click();
      await page.locator('[data-testid=visit-recorded]').waitFor();
      await shot(page, lang, '5-scan-done');
    }
    if (colour === 'green') {
      await page.getByRole('link', { name: t('健康申报', 'Health declaration') }).click();
      await page.locator('#add-stay').click();
      await page.getByRole('button', { name: t('提交申报', 'Send the declaration') }).click();
      await page.locator('#f-contact-error').waitFor();
      await shot(page, lang, '4-declare-errors');
      mock.state.declared = true;
      await page.reload();
      await page.getByRole('button', { name: t('提交更正', 'Send the correction') }).waitFor();
      await page.waitForTimeout(300);
      await shot(page, lang, '4-declare-correct');
      await page.getByRole('button', { name: t('提交更正', 'Send the correction') }).click();
      await page.locator('[data-testid=declared]').waitFor();
      await shot(page, lang, '4-declared');
    }
    await done();
  }

  // Offline with a valid code, then expired; the page itself comes from the service worker.
  {
    const { mock, context, page, done } = await world(lang);
    mock.state.signedIn = true;
    mock.state.colour = 'green';
    mock.state.fresh = 12;
    await page.goto(mock.url);
    await page.locator('[data-testid=pass][data-state=current]').waitFor();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    const before = mock.state.requests.length;
    await page.reload();
    await page.locator('[data-testid=trouble][data-kind=offline]').waitFor();
    expect(mock.state.requests.length === before, `${lang}: offline, nothing reaches the server`);
    expect((await page.locator('[data-testid=pass]').getAttribute('data-colour')) === 'green', `${lang}: the last code is shown while valid`);
    await shot(page, lang, '2-offline', { full: false });
    await page.locator('[data-testid=pass][data-state=expired]').waitFor({ timeout: 16_000 });
    expect((await page.locator('[data-testid=pass]').getAttribute('data-colour')) === 'none', `${lang}: an expired code has no colour`);
    expect((await page.locator('[data-qr]').count()) === 0, `${lang}: an expired code shows no QR code`);
    await shot(page, lang, '2-expired');
    await context.setOffline(false);
    await page.locator('[data-testid=pass][data-state=current]').waitFor({ timeout: 20_000 });
    await done();
  }

  // A small phone, upright, sideways and without a network: the code whole, and the clock, without scrolling.
  {
    const { mock, context, page, done } = await world(lang, { viewport: { width: 360, height: 640 } });
    Object.assign(mock.state, { signedIn: true, colour: 'yellow', fresh: 600 });
    const above = async (name) => {
      const bottoms = await page.locator('[data-qr], [data-testid=clock]').evaluateAll((all) => all.map((e) => Math.round(e.getBoundingClientRect().bottom)));
      const { height } = page.viewportSize();
      expect(bottoms.length === 2 && Math.max(...bottoms) <= height, `${lang} ${name}: code and clock end at ${bottoms} of ${height}`);
      await shot(page, lang, `1-small-${name}`, { full: false });
    };
    await page.goto(mock.url);
    await page.locator('[data-testid=pass][data-state=current]').waitFor();
    await above('upright');
    await page.setViewportSize({ width: 640, height: 360 });
    await above('sideways');
    await page.setViewportSize({ width: 360, height: 640 });
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    await page.reload();
    await page.locator('[data-testid=trouble][data-kind=offline]').waitFor();
    await above('offline');
    await done();
  }

  // A busy server: one request, then a pause that reloads do not end.
  {
    const { mock, page, done } = await world(lang);
    mock.state.busy = true;
    await page.goto(mock.url);
    await page.locator('[data-testid=pass][data-state=none]').waitFor();
    await page.reload();
    await page.reload();
    await page.locator('[data-testid=pass][data-state=none]').waitFor();
    const asked = mock.state.requests.filter((r) => r === 'GET /v1/me/code').length;
    expect(asked === 1, `${lang}: three openings during a pause made ${asked} requests`);
    await shot(page, lang, '2-busy');
    await done();
  }
});

// Renewal before expiry, the language switch, a narrow screen with twice the letters, less motion.
{
  const { mock, page, done } = await world('en', { viewport: { width: 320, height: 640 }, reducedMotion: 'reduce' });
  mock.state.signedIn = true;
  mock.state.colour = 'yellow';
  mock.state.fresh = 6;
  await page.goto(mock.url);
  const qr = page.locator('[data-qr]');
  const first = await qr.getAttribute('data-qr');
  await page.waitForFunction((was) => document.querySelector('[data-qr]')?.getAttribute('data-qr') !== was, first);
  expect((await page.locator('[data-testid=pass]').getAttribute('data-state')) === 'current', 'the code renews itself before it expires');
  mock.state.fresh = 60;
  const clock = await page.locator('[data-testid=clock]').textContent();
  await page.waitForFunction((was) => document.querySelector('[data-testid=clock]')?.textContent !== was, clock);
  expect((await page.evaluate(() => document.getAnimations().length)) === 0, 'nothing moves with reduced motion');
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByText('黄码').first().waitFor();
  await page.reload();
  await page.getByText('黄码').first().waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.evaluate(() => (document.documentElement.style.fontSize = '36px'));
  await shot(page, 'en', '6-narrow-large');
  await done();
}

// A device checks its colour: an honest server, then servers that lie, then one that has no proof.
{
  const at = (days) => new Date(Math.floor(Date.now() / 1000) * 1000 - days * 86_400_000).toISOString().replace('.000', '');
  const contact = {
    id: 'e0000000000101', holder: 'h0000000000101', recorded_at: at(2), agency: null, withdrawn_at: null, superseded_by: null, origin: null,
    fact: { kind: 'contact', case: 'c0000000000101', trace: 't0000000000101', degree: 'close', last_contact: at(3), minutes: 42, certainty: 'recorded', place_kind: 'restaurant' },
  };
  const green = { colour: 'green', reasons: [], next_change: null };
  const scenes = [
    ['honest', (a) => a, 'verified', []],
    ['green-said', (a) => ({ ...a, ...green }), 'alarm', ['colour', 'reasons', 'next_change']],
    ['wrong-digest', (a) => ({ ...a, policy: { ...a.policy, digest: '0000000000000000' } }), 'alarm', ['policy_digest']],
    ['missing-reason', (a) => ({ ...a, reasons: [] }), 'alarm', ['reasons']],
  ];
  await inBoth(async (lang) => {
    for (const [name, lie, wanted, fields] of scenes) {
      const { mock, context, page, done } = await world(lang);
      Object.assign(mock.state, { signedIn: true, colour: 'red', evidence: [contact], lie });
      await page.goto(mock.url);
      await page.locator(`[data-testid=verify][data-verified=${wanted}]`).waitFor();
      const seen = await page.locator('[data-testid=verify] [data-field]').evaluateAll((all) => all.map((e) => e.dataset.field));
      expect(seen.join() === fields.join(), `${lang} ${name}: the alarm names ${seen.join()}, not ${fields.join()}`);
      await shot(page, lang, `7-verify-${name}`);
      if (name === 'honest') {
        await context.setOffline(true);
        await page.reload();
        await page.locator('[data-testid=verify][data-verified=verified]').waitFor();
        await shot(page, lang, '7-verify-offline');
      }
      await done();
    }
    const { mock, page, done } = await world(lang);
    Object.assign(mock.state, { signedIn: true, colour: 'yellow' });
    await page.goto(mock.url);
    await page.locator('[data-testid=verify][data-verified=unable]').waitFor();
    await shot(page, lang, '7-verify-unable');
    await done();
  });
}

// A code on paper: printed, and reported lost. And another record of the same person.
await inBoth(async (lang) => {
  const { mock, page, done } = await world(lang);
  mock.state.signedIn = true;
  await page.goto(`${mock.url}/#/paper`);
  await page.locator('[data-testid=no-paper]').waitFor();
  await shot(page, lang, '46-paper-none');
  await page.locator('main .btn.main').first().click();
  await page.locator('[data-testid=paper]').waitFor();
  await page.getByRole('button', { name: lang === 'zh' ? '丢了' : 'lost' }).first().click();
  await page.locator('.note.warn .btn.danger').waitFor();
  await shot(page, lang, '47-paper-lost');
  await page.locator('.note.warn .btn.danger').click();
  await page.locator('[data-testid=no-paper]').waitFor();
  await page.goto(`${mock.url}/#/me`);
  await page.locator('[data-testid=joined]').first().waitFor();
  await page.locator('[data-testid=joined] button').first().click();
  await shot(page, lang, '48-joined');
  await page.locator('[data-testid=joined] button').last().click();
  await shot(page, lang, '48-split');
  // Asking for a join: the other document, the code from its phone, and what it came to.
  await page.locator('a[href="#/join"]').click();
  await page.locator('#f-type').selectOption('passport');
  await page.locator('#f-number').fill('X7654321');
  await page.locator('#f-number').press('Enter');
  await page.locator('#f-country-error').waitFor();
  await shot(page, lang, '49-join');
  await page.locator('#f-country').selectOption('JPN');
  await page.locator('#f-number').press('Enter');
  await page.locator('#f-code').fill('123456');
  await page.locator('#f-code').press('Enter');
  await page.getByText(lang === 'zh' ? '申请合并：未定' : 'To be joined: not decided').waitFor();
  await shot(page, lang, '49-join-asked');
  await done();
});

// A record behind the colour is contested in three taps, seen, and taken back.
await inBoth(async (lang) => {
  const { mock, page, done } = await world(lang);
  Object.assign(mock.state, { signedIn: true, colour: 'yellow' });
  await page.goto(mock.url);
  await page.locator('[data-testid=why] a[href="#/appeals"]').click();
  await page.locator('[data-testid=contest]').waitFor();
  await page.locator('input[name=ground]').nth(1).check();
  await shot(page, lang, '49-appeal');
  await page.locator('[data-testid=contest] button[type=submit]').click();
  await page.locator('[data-testid=receipt]').waitFor();
  await page.locator('[data-testid=appeal]').nth(1).waitFor();
  await shot(page, lang, '49-appeal-receipt');
  await page.locator('[data-testid=appeal] .btn.plain').first().click();
  await page.locator('.note.warn .btn.danger').click();
  await page.locator('[data-testid=appeal]').nth(1).waitFor({ state: 'detached' });
  await done();
});

// The code can be read off the screen by an independent decoder.
{
  const { mock, page, done } = await world('zh');
  mock.state.signedIn = true;
  await page.goto(mock.url);
  const text = await page.locator('[data-qr]').getAttribute('data-qr');
  const { decodeQR } = await import('qr/decode.js');
  const box = page.locator('.paper');
  const rgba = await page.evaluate(async (png) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return { width: bitmap.width, height: bitmap.height, data: [...context.getImageData(0, 0, bitmap.width, bitmap.height).data] };
  }, (await box.screenshot()).toString('base64'));
  expect(decodeQR({ ...rgba, data: Uint8ClampedArray.from(rgba.data) }) === text, 'the QR code on the screen reads back');
  await done();
}

// A venue's code in front of the camera.
{
  const code = 'JGV1:MADE UP VENUE CODE 0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  // As a poster carries it: in a link.
  const link = `https://code.example/#v=${code.replaceAll(' ', '%20')}`;
  const camera = await launchSeeing(generate(link), out);
  const { mock, page, done } = await world('en', { permissions: ['camera'] }, camera);
  mock.state.signedIn = true;
  await page.goto(`${mock.url}/#/scan`);
  const sent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/v1/me/visits'), { timeout: 20_000 });
  await page.getByRole('button', { name: 'Open the camera' }).click();
  expect((await sent).postDataJSON().venue_code === code, 'the camera reads a venue code');
  await page.locator('[data-testid=visit-recorded]').waitFor();
  await done();
  await camera.close();
  // The phone's own camera opened the link: it waits for a tap, and leaves the address.
  await inBoth(async (lang) => {
    const { mock, page, done } = await world(lang);
    mock.state.signedIn = true;
    await page.goto(`${mock.url}/${link.slice(link.indexOf('#'))}`);
    await page.locator('[data-testid=venue-link]').waitFor();
    expect(!page.url().includes('JGV1'), `${lang}: the code is taken out of the address`);
    await shot(page, lang, '45-venue-link');
    const sent = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/v1/me/visits'));
    await page.locator('[data-testid=venue-link] .btn.main').click();
    expect((await sent).postDataJSON().venue_code === code, `${lang}: a poster's link leads to its visit`);
    await done();
  });
}

await browser.close();
end();
