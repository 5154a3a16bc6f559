// The gate's page at a real door: on a small phone and on a tablet, with a scanner that cannot be read, with two
// lenses, and with a clock that is wrong.
import { makeCode, startStaffMock } from './mock-staff.mjs';
import { inBoth, locale } from './walk.mjs';

const HOUR = 3600_000;
const SCREENS = { small: { width: 360, height: 640 }, tablet: { width: 820, height: 1180 } };

/** `camera` has two lenses, `blind` none. */
export async function doorScenes({ blind, camera, expect, watch, shot }) {
  for (const [size, viewport] of Object.entries(SCREENS)) {
    await inBoth(async (lang) => {
      const t = (zh, en) => (lang === 'zh' ? zh : en);
      const name = (what) => `door-${size}-${what}`;
      const mock = await startStaffMock();
      const begin = async (browser, more = {}) => {
        const context = await browser.newContext({ viewport, locale: locale(lang), hasTouch: true, ...more });
        const page = await context.newPage();
        watch(page, lang);
        // A device whose clock can be set.
        await page.addInitScript(() => {
          const real = Date.now.bind(Date);
          Date.now = () => real() + Number(localStorage.getItem('test.shift') ?? 0);
        });
        await page.goto(`${mock.url}/gate/#enrol=TOKENTOKENTOKEN`);
        await page.locator('#label').fill(t('北门', 'North door'));
        await page.getByRole('button', { name: t('登记', 'Enrol'), exact: true }).click();
        await page.getByText('Sample Market').waitFor();
        return { context, page };
      };
      const start = (page) => page.getByRole('button', { name: t('开始检查', 'Start checking') });
      const setClock = (page, by) => page.evaluate((by) => localStorage.setItem('test.shift', String(by)), by);
      const verdict = (page, kind) => page.locator(`dialog[data-verdict=${kind}]`);
      const away = (page) => page.locator('dialog').waitFor({ state: 'detached' });

      const two = await begin(camera, { permissions: ['camera'] });
      await start(two.page).click();
      const lens = two.page.locator('#lens');
      await lens.waitFor();
      await shot(two.page, lang, name('lenses'));
      const other = await lens.locator('option').nth(1).getAttribute('value');
      await lens.selectOption(other);
      await two.page.waitForFunction((id) => localStorage.getItem('jg.camera') === id, other);
      await two.page.reload();
      await start(two.page).click();
      await lens.waitFor();
      expect((await lens.inputValue()) === other, `${lang}: the lens is remembered`);
      await two.context.close();

      const { context, page } = await begin(blind);
      await start(page).click();
      // A scanner that says nothing of what it types.
      const cdp = await context.newCDPSession(page);
      for (let i = 0; i < 30; i++) await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Unidentified', code: '', windowsVirtualKeyCode: 229 });
      await page.locator('[data-testid=unread]').waitFor();
      await shot(page, lang, name('unread'));
      await page.locator('[data-testid=unread] .btn').first().click();
      await shot(page, lang, name('settings'), { full: true });
      await page.getByRole('button', { name: t('返回', 'Back') }).click();

      // The clock: three hours slow while there is a network, then without.
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      await page.waitForTimeout(1500);
      await setClock(page, -3 * HOUR);
      await page.reload();
      await page.locator('[data-clock=apart]').waitFor();
      await shot(page, lang, name('clock-apart'));
      await page.keyboard.type(`${makeCode('green')}\n`, { delay: 1 });
      await verdict(page, 'admitted').waitFor();
      await away(page);
      await setClock(page, -5 * HOUR);
      await context.setOffline(true);
      await page.reload();
      await page.locator('[data-clock=behind]').waitFor();
      await page.keyboard.type(`${makeCode('green', { at: Date.now() - 2 * HOUR })}\n`, { delay: 1 });
      await verdict(page, 'unclear').waitFor();
      await shot(page, lang, name('clock-verdict'));
      await page.locator('.face').click();
      await away(page);
      await shot(page, lang, name('clock-behind'));
      // Opened anew by a clock that may be right.
      await setClock(page, -3 * HOUR);
      const again = await context.newPage();
      watch(again, lang);
      await again.addInitScript(() => {
        const real = Date.now.bind(Date);
        Date.now = () => real() + Number(localStorage.getItem('test.shift') ?? 0);
      });
      await again.goto(`${mock.url}/gate/`);
      await again.locator('[data-clock=unsure]').waitFor();
      const asked = await again.locator('[data-clock=unsure] .btn').textContent();
      const clockNow = () => new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Shanghai' });
      expect(asked.includes(clockNow()) || new Date().getSeconds() < 8, `${lang}: the time that is asked about is the server's: ${asked}`);
      await shot(again, lang, name('clock-unsure'));
      await again.locator('[data-clock=unsure] .btn').click();
      await again.locator('[data-clock=unsure]').waitFor({ state: 'detached' });
      await again.keyboard.type(`${makeCode('green')}\n`, { delay: 1 });
      await verdict(again, 'admitted').waitFor();
      await away(again);
      await again.keyboard.type(`${makeCode('green', { at: Date.now() - HOUR })}\n`, { delay: 1 });
      await verdict(again, 'unclear').waitFor();
      await context.close();
      await mock.stop();
    });
  }
}
