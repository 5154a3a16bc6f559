// Opens the built public page in Chromium, in both languages, on a phone and on a desk, checks it with
// axe and takes pictures. Needs `npm run build` first.
//   node tests/shots-public.mjs [folder for the pictures; default test-results/shots]
import { startPublicMock } from './mock-public.mjs';
import { inBoth, launch, locale, walk } from './walk.mjs';

const { expect, watch, shot, end } = walk(process.argv[2] ?? 'test-results/shots');
const browser = await launch();

await inBoth(async (lang) => {
  const t = (zh, en) => (lang === 'zh' ? zh : en);
  const mock = await startPublicMock();
  const open = async (width, height) => {
    const context = await browser.newContext({ viewport: { width, height }, locale: locale(lang), timezoneId: 'America/New_York' });
    const page = await context.newPage();
    watch(page, lang);
    await page.goto(`${mock.url}/numbers/`);
    return page;
  };

  const phone = await open(360, 740);
  await phone.locator('#looks table').first().waitFor();
  expect((await phone.evaluate(() => document.documentElement.lang)).startsWith(lang), `${lang}: <html lang>`);
  expect((await phone.locator('#harm dd').nth(3).textContent())?.includes('68.2'), `${lang}: 41,212 for 604 are 68.2 each`);
  // What the bars show, the table says.
  await phone.locator('#where').selectOption({ label: t('西藏自治区', 'Tibet') });
  expect((await phone.locator('#colours table').nth(1).locator('td').allTextContents()).every((x) => x === '<5'), `${lang}: few are told as few`);
  await phone.locator('#where').selectOption({ index: 0 });
  expect((await phone.locator('#colours rect').count()) === 28, `${lang}: a bar a day`);
  await phone.locator('#colours summary').click();
  await phone.locator('#rules summary').click();
  await phone.locator('summary').first().click();
  await shot(phone, lang, '60-public-phone', { full: true });
  const desk = await open(1200, 900);
  await desk.locator('#looks table').first().waitFor();
  await shot(desk, lang, '61-public-desk', { full: true });

  // One part that cannot be read does not take the others with it; before the first count it says so.
  mock.state.broken = true;
  const broken = await open(360, 740);
  await broken.locator('#harm .bad').waitFor();
  await broken.locator('#rules ol').waitFor();
  await shot(broken, lang, '62-public-broken', { full: true });
  mock.state.broken = false;
  mock.state.empty = true;
  const empty = await open(360, 740);
  await empty.locator('#looks p').first().waitFor();
  await shot(empty, lang, '63-public-empty', { full: true });
  await mock.stop();
});

await browser.close();
end();
