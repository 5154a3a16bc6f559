// Opens the built gate and console pages in Chromium, walks through their states in both languages,
// checks each with axe, and takes a picture of each. Needs `npm run build` first.
//   node tests/shots-gate-console.mjs [folder for the pictures; default test-results/shots-gate-console] [gate|door|console|change|desk|counter]
// Exits with 1 if axe, the console or the Content-Security-Policy complains, or a check fails.
import { correction, generate } from 'lean-qr';
import { makeCode, startStaffMock } from './mock-staff.mjs';
import { changeScenes } from './shots-change.mjs';
import { counterScenes } from './shots-counter.mjs';
import { deskScenes } from './shots-desk.mjs';
import { doorScenes } from './shots-door.mjs';
import { inBoth, launch, launchSeeing, locale, walk } from './walk.mjs';

const out = process.argv[2] ?? 'test-results/shots-gate-console';
const only = process.argv[3];
const { expect, watch, shot, end } = walk(out);

// ---------------------------------------------------------------------------------------------
async function gate() {
  const held = makeCode('green', { fresh: 3600 });
  const camera = await launchSeeing(generate(held, { minCorrectionLevel: correction.M }), out);
  const blind = await launch();

  // One after the other: a scanner is known by how fast it types, which a busy machine spoils.
  for (const lang of ['zh', 'en']) {
    const t = (zh, en) => (lang === 'zh' ? zh : en);
    const mock = await startStaffMock();
    const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, locale: locale(lang), hasTouch: true };

    // Not enrolled, then enrolled by the link.
    const context = await blind.newContext(phone);
    const page = await context.newPage();
    watch(page, lang);
    await page.goto(`${mock.url}/gate/`);
    await page.locator('#link').waitFor();
    await shot(page, lang, 'gate-00-not-enrolled');
    await page.goto(`${mock.url}/gate/#enrol=TOKENTOKENTOKEN`);
    await page.locator('#label').waitFor();
    expect(!page.url().includes('TOKEN'), `${lang}: the token is taken out of the address`);
    await shot(page, lang, 'gate-01-enrol');
    await page.locator('#label').fill(t('北门', 'North door'));
    await page.getByRole('button', { name: t('登记', 'Enrol'), exact: true }).click();
    await page.getByRole('button', { name: t('开始检查', 'Start checking') }).waitFor();
    await page.getByText('Sample Market').waitFor();
    await shot(page, lang, 'gate-02-start');
    await page.getByRole('button', { name: t('开始检查', 'Start checking') }).click();
    await page.getByText(t('摄像头不可用', 'camera does not work')).waitFor();
    await shot(page, lang, 'gate-03-no-camera');

    const scan = (text) => page.keyboard.type(`${text}\n`, { delay: 1 });
    const verdict = (kind) => page.locator(`dialog[data-verdict=${kind}]`);
    const away = () => page.locator('dialog').waitFor({ state: 'detached' });

    const green = makeCode('green');
    await scan(green);
    await verdict('admitted').waitFor();
    await shot(page, lang, 'gate-04-admitted');
    await away();
    await scan(makeCode('yellow'));
    await verdict('yellow').waitFor();
    await shot(page, lang, 'gate-05-yellow');
    await scan(makeCode('red'));
    await verdict('red').waitFor();
    await shot(page, lang, 'gate-06-red');
    const before = mock.state.scans.size;
    await page.getByRole('button', { name: t('仍要放行', 'Let in anyway') }).click();
    await page.getByText(t('为什么放行', 'Why let in')).waitFor();
    await shot(page, lang, 'gate-07-override');
    await page.locator('.choice').first().click();
    await verdict('override').waitFor();
    await shot(page, lang, 'gate-08-let-in');
    await away();
    // For ten seconds it can be undone; somebody who is sure sends it at once.
    await page.getByTestId('undo').waitFor();
    await shot(page, lang, 'gate-08b-undo');
    await page.getByRole('button', { name: t('没有错', 'It was right') }).click();
    await page.waitForTimeout(300);
    const overridden = [...mock.state.scans.values()].filter((s) => s.override === 'emergency');
    expect(overridden.length === 1 && overridden[0].code !== null, `${lang}: the override and its code are one scan`);
    expect(mock.state.scans.size === before + 1, `${lang}: an overruled refusal is sent once`);

    await scan(makeCode('green', { at: Date.now() - 300_000 }));
    await verdict('unclear').waitFor();
    await shot(page, lang, 'gate-09-stale');
    await scan(makeCode('green', { forged: true }));
    await page.getByText(t('假码', 'Forged code')).first().waitFor();
    await shot(page, lang, 'gate-10-forged');
    await page.locator('.face').click();
    await away();

    // Emergency without any code, undone once, then meant.
    await page.waitForTimeout(500);
    const count = mock.state.scans.size;
    await page.locator('.emergency').click();
    await verdict('override').waitFor();
    await shot(page, lang, 'gate-11-emergency');
    await page.getByRole('button', { name: t('按错了', 'by mistake') }).click();
    await away();
    await page.locator('.emergency').click();
    await page.locator('.face').click();
    await away();
    await page.getByRole('button', { name: t('没有错', 'It was right') }).click();
    await page.waitForTimeout(300);
    expect(mock.state.scans.size === count + 1, `${lang}: an undone emergency is not sent, the other is`);

    // The same code again: the same answer, not counted twice.
    const twice = makeCode('green');
    await scan(twice);
    await verdict('admitted').waitFor();
    await away();
    const sent = mock.state.scans.size;
    await scan(twice);
    await page.getByText(t('同一个码刚刚扫过', 'was read just now')).waitFor();
    await shot(page, lang, 'gate-11b-again');
    await away();
    expect(mock.state.scans.size === sent, `${lang}: a code read twice is one scan`);

    // What this guard prefers, and that it is kept.
    await page.getByRole('button', { name: t('设置', 'Settings'), exact: true }).click();
    await page.locator('#limit').fill('130');
    await page.locator('#limit').press('Tab');
    await shot(page, lang, 'gate-11c-settings', { full: true });
    expect((await page.evaluate(() => localStorage.getItem('jg.gate.settings')))?.includes('130') === true, `${lang}: the limit is kept`);
    await page.getByRole('button', { name: t('返回', 'Back') }).click();

    // Locked when nobody stands there: no scan, no button, also when it is opened anew.
    await page.getByRole('button', { name: t('锁定门岗', 'Lock this gate') }).click();
    await page.locator('#pin').fill('4711');
    await shot(page, lang, 'gate-11d-lock');
    await page.locator('#pin').press('Enter');
    await page.getByText(t('门岗已锁定', 'This gate is locked')).waitFor();
    await page.reload();
    await page.getByText(t('门岗已锁定', 'This gate is locked')).waitFor();
    await shot(page, lang, 'gate-11e-locked');
    expect((await page.locator('.emergency, [data-count], #paste').count()) === 0, `${lang}: a locked gate shows and does nothing`);
    await page.locator('#pin').fill('4712');
    await page.locator('#pin').press('Enter');
    await page.locator('#pin-error').waitFor();
    await page.locator('#pin').fill('4711');
    await page.locator('#pin').press('Enter');
    await page.getByRole('button', { name: t('开始检查', 'Start checking') }).click();

    // Leaving; some other QR code; the paste field.
    await page.locator('label', { hasText: t('出', 'Out') }).first().click();
    await scan(makeCode('red'));
    await verdict('left').waitFor();
    await shot(page, lang, 'gate-12-left');
    await away();
    await page.locator('label', { hasText: t('进', 'In') }).first().click();
    await page.locator('#paste').fill('https://example.org/private');
    await page.getByRole('button', { name: t('检查', 'Check'), exact: true }).click();
    await verdict('unclear').waitFor();
    await page.locator('.face').click();
    await away();
    await page.waitForTimeout(200);
    expect(!JSON.stringify(mock.state.bodies).includes('example.org'), `${lang}: a stranger's QR code is never sent`);

    // The server decides otherwise.
    mock.state.contrary = true;
    await scan(makeCode('green'));
    await page.getByText(t('服务器的结果不同', 'The server saw it otherwise')).waitFor();
    await away();
    await shot(page, lang, 'gate-13-otherwise');
    await page.getByRole('button', { name: t('知道了', 'OK') }).click();
    mock.state.contrary = false;

    // Offline: reload from the service worker, check, keep; then catch up.
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.waitForTimeout(1500);
    await context.setOffline(true);
    await page.reload();
    await page.getByRole('button', { name: t('开始检查', 'Start checking') }).waitFor();
    const known = mock.state.scans.size;
    await scan(makeCode('green'));
    await verdict('admitted').waitFor();
    await away();
    await scan(makeCode('yellow'));
    await verdict('yellow').waitFor();
    await shot(page, lang, 'gate-14-offline-verdict');
    await page.locator('.face').click();
    await away();
    await page.getByText(t('2 条待上传', '2 waiting')).waitFor();
    await shot(page, lang, 'gate-15-offline');
    await context.setOffline(false);
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.getByText(t('已联网', 'Online')).waitFor();
    expect(mock.state.scans.size === known + 2, `${lang}: what was kept offline is sent once`);

    await page.getByRole('button', { name: t('场所码', 'Venue code') }).click();
    await page.getByRole('button', { name: t('在屏幕上显示', 'Show on this screen') }).waitFor();
    await shot(page, lang, 'gate-16-poster', { full: true });
    await page.emulateMedia({ media: 'print' });
    await page.screenshot({ path: `${out}/${lang}-gate-17-print.png` });
    await page.emulateMedia({ media: 'screen' });
    await page.getByRole('button', { name: t('在屏幕上显示', 'Show on this screen') }).click();
    await page.getByText(t('秒后更换', 'Changes in')).waitFor();
    await shot(page, lang, 'gate-18-screen');
    await context.close();

    // By camera, through zxing's WebAssembly under the real Content-Security-Policy.
    const seeing = await camera.newContext({ ...phone, permissions: ['camera'] });
    const eye = await seeing.newPage();
    watch(eye, lang);
    await eye.goto(`${mock.url}/gate/#enrol=TOKENTOKENTOKEN`);
    await eye.locator('#label').fill('x');
    await eye.getByRole('button', { name: t('登记', 'Enrol'), exact: true }).click();
    await eye.getByText('Sample Market').waitFor();
    await eye.getByRole('button', { name: t('开始检查', 'Start checking') }).click();
    await eye.locator('dialog[data-verdict=admitted]').waitFor({ timeout: 15_000 });
    await eye.locator('dialog').waitFor({ state: 'detached' });
    await shot(eye, lang, 'gate-20-reading');
    await eye.waitForTimeout(1500);
    expect((await eye.locator('dialog').count()) === 0, `${lang}: a code held before the camera counts once`);
    expect([...mock.state.scans.values()].filter((s) => s.code === held).length === 1, `${lang}: and is sent once`);
    // The camera's reader is kept too.
    await eye.waitForTimeout(1500);
    await seeing.setOffline(true);
    await eye.reload();
    await eye.getByRole('button', { name: t('开始检查', 'Start checking') }).click();
    await eye.locator('dialog[data-verdict=admitted]').waitFor({ timeout: 15_000 });
    await seeing.close();
    await mock.stop();
  }

  // From the last keystroke of a scanner to the verdict on the screen.
  {
    const mock = await startStaffMock();
    const page = await (await blind.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' })).newPage();
    await page.goto(`${mock.url}/gate/#enrol=TOKENTOKENTOKEN`);
    await page.locator('#label').fill('x');
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
    await page.getByText('Sample Market').waitFor();
    const times = [];
    for (let i = 0; i < 8; i++) {
      await page.evaluate(() => {
        window.jgAt = 0;
        addEventListener('keydown', (e) => (e.key === 'Enter' ? (window.jgEnter = performance.now()) : 0), { capture: true });
        new MutationObserver((_, o) => {
          if (!document.querySelector('dialog[data-verdict]')) return;
          o.disconnect();
          requestAnimationFrame(() => (window.jgAt = performance.now()));
        }).observe(document.body, { subtree: true, childList: true });
      });
      await page.keyboard.type(`${makeCode('green')}\n`, { delay: 1 });
      await page.waitForFunction(() => window.jgAt > 0);
      times.push(await page.evaluate(() => window.jgAt - window.jgEnter));
      await page.locator('.face').click();
    }
    console.log(`read to verdict, ms: ${times.map((x) => x.toFixed(0)).join(' ')}`);
    await mock.stop();
  }
  await camera.close();
  await blind.close();
}

// ---------------------------------------------------------------------------------------------
async function consolePage() {
  const browser = await launch();
  await inBoth(async (lang) => {
    const t = (zh, en) => (lang === 'zh' ? zh : en);
    const mock = await startStaffMock();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: locale(lang) });
    const page = await context.newPage();
    watch(page, lang);
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });

    await page.goto(`${mock.url}/console/`);
    await page.getByRole('button', { name: t('用通行密钥登录', 'Sign in with a passkey') }).waitFor();
    await shot(page, lang, 'console-00-sign-in');
    await page.goto(`${mock.url}/console/#invite=usedTOKENTOKEN`);
    await page.getByText(t('这个链接不能用', 'This link does not work')).waitFor();
    await page.goto('about:blank');
    await page.goto(`${mock.url}/console/#invite=TOKENTOKENTOKEN`);
    await page.getByRole('button', { name: t('建立通行密钥', 'Make a passkey') }).waitFor();
    expect(!page.url().includes('TOKEN'), `${lang}: the token is taken out of the address`);
    await shot(page, lang, 'console-01-invite');
    await page.getByRole('button', { name: t('建立通行密钥', 'Make a passkey') }).click();
    await page.getByRole('heading', { name: t('概览', 'Overview') }).waitFor();
    await page.getByRole('button', { name: t('退出', 'Sign out') }).click();
    await page.getByRole('button', { name: t('用通行密钥登录', 'Sign in with a passkey') }).click();
    await page.getByRole('heading', { name: t('概览', 'Overview') }).waitFor();

    const go = async (hash, heading) => {
      await page.evaluate((h) => (location.hash = h), `#/${hash}`);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.waitForTimeout(250);
    };
    const scenes = async (size) => {
      const s = (name) => shot(page, lang, `console-${size}-${name}`, { full: true });
      await go('overview', t('概览', 'Overview'));
      await s('02-overview');
      await go('tests', t('检测', 'Tests'));
      await page.locator('#test-number').fill('110105194912310021');
      await page.getByRole('button', { name: t('记录结果', 'Record the result') }).click();
      await page.locator('#test-number-error').waitFor();
      await page.locator('#test-number').fill('11010519491231002X');
      await page.locator('#test-result').selectOption('positive');
      await page.getByRole('button', { name: t('记录结果', 'Record the result') }).click();
      await page.getByText(t('记录归证件持有人', 'about whoever owns this document')).waitFor();
      await page.locator('[data-count=unregistered]:text-is("40")').waitFor();
      await page.locator('#tube-sample').fill('TAKEN');
      await page.locator('input[name=tube-by][value=code]').check();
      await page.locator('#tube-code').fill('JG1:MADEUP');
      await page.getByRole('button', { name: t('是此人的', 'It is theirs') }).click();
      await page.getByText(t('之前说明这支试管属于另一人', 'said to be somebody else')).waitFor();
      await page.getByLabel(t('更正', 'A correction')).check();
      await page.getByRole('button', { name: t('是此人的', 'It is theirs') }).click();
      await page.getByText(t('已更正', 'is withdrawn there')).waitFor();
      await page.locator('#csv').setInputFiles({ name: 'results.csv', mimeType: 'text/csv', buffer: Buffer.from('document_type\n') });
      await page.getByRole('button', { name: t('导入', 'Import'), exact: true }).click();
      await page.getByText('onerror').waitFor();
      expect((await page.locator('main img').count()) === 0, `${lang}: data is never HTML`);
      await s('03-tests');
      await go('rides', t('乘客名单', 'Passengers'));
      await page.locator('#rides-csv').setInputFiles({ name: 'rides.csv', mimeType: 'text/csv', buffer: Buffer.from('kind\n') });
      await page.getByRole('button', { name: t('导入', 'Import'), exact: true }).click();
      await page.locator('[data-count=unknown]:text-is("1")').waitFor();
      await s('03-rides');
      await go('cases', t('病例与追踪', 'Cases and traces'));
      await page.locator('table').first().waitFor();
      await s('04-cases');
      await page.getByRole('button', { name: t('全部追踪', 'Trace all') }).click();
      await page.locator('.job[data-state=running]').waitFor();
      await s('04-cases-all-running');
      await page.getByRole('button', { name: t('停止', 'Stop'), exact: true }).click();
      await page.locator('.job[data-state=cancelled]').waitFor();
      await page.getByRole('button', { name: t('全部追踪', 'Trace all') }).click();
      await page.locator('.job[data-state=done]').waitFor();
      const found = page.locator('section', { has: page.locator('.job') }).locator('tbody tr');
      await found.first().waitFor();
      expect((await found.count()) === 100, `${lang}: the first page of contacts`);
      await page.getByRole('button', { name: t('更多', 'More'), exact: true }).click();
      await found.nth(129).waitFor();
      await s('04-cases-all-done');
      await page.getByRole('button', { name: t('丢弃结果', 'Forget the result') }).click();
      await page.locator('.job').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: t('追踪', 'Trace'), exact: true }).click();
      await page.getByRole('heading', { level: 1, name: t('追踪结果', 'Result of a trace') }).waitFor();
      await page.locator('tbody tr').first().waitFor();
      await page.locator('tbody button[aria-expanded]').first().click();
      const aboard = page.locator('tbody tr.where [data-ticket]');
      expect((await aboard.allTextContents()).join().includes('05-12A'), `${lang}: the seat of the case`);
      await s('05-trace');
      // The picture by keyboard: to the second close contact, and to their row.
      await page.getByRole('listbox').focus();
      for (const k of ['End', 'Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(k);
      await page.keyboard.press('Enter');
      const chosen = await page.locator('g[role=option][aria-selected=true]').getAttribute('aria-label');
      await page.locator('tbody tr.where').waitFor();
      const shown = await page.locator('tr:has(+ tr.where) td').first().textContent();
      expect(shown !== null && chosen?.startsWith(shown), `${lang}: who is chosen in the picture is shown in the table`);
      expect((await page.getByRole('option').count()) === 15, `${lang}: everybody is in the picture`);
      const likely = await page.locator('td[data-likely]').evaluateAll((all) => all.map((td) => Number(td.getAttribute('data-likely'))));
      expect(likely.length === 14 && likely.every((x, i) => i === 0 || x <= likely[i - 1]), `${lang}: the likeliest first`);
      expect((await page.locator('[data-first-met]').textContent()).includes('3'), `${lang}: how many of the first met the case`);
      const first = async () => (await page.locator('td[data-minutes]').allTextContents()).map(Number);
      await page.getByRole('button', { name: t('按分钟排序', 'Sort by Minutes') }).click();
      const desc = await first();
      expect(desc.every((x, i) => i === 0 || x <= desc[i - 1]), `${lang}: most minutes first`);
      await page.getByRole('button', { name: t('按分钟排序', 'Sort by Minutes') }).click();
      const asc = await first();
      expect(asc.every((x, i) => i === 0 || x >= asc[i - 1]), `${lang}: fewest minutes first`);
      await page.getByRole('button', { name: t('打开', 'Open'), exact: true }).first().click();
      await page.locator('#open-case').waitFor();
      expect((await page.locator('#open-case').inputValue()).startsWith('c'), `${lang}: the case is handed over`);
      await go('quarantine', t('隔离管理', 'Quarantine'));
      await s('06-quarantine');
      await page.getByRole('button', { name: t('指派', 'Assign'), exact: true }).first().click();
      await page.locator('#assign-worker').selectOption({ index: 1 });
      await page.getByRole('button', { name: t('查看现有指派', 'Show assignments') }).click();
      await page.getByRole('button', { name: t('终止', 'End'), exact: true }).waitFor();
      await s('06-assigning');
      await go('accompanied', t('我陪护的人', 'People I accompany'));
      await page.locator('[data-testid=accompanied]').nth(1).waitFor();
      await s('06-accompanied');
      await go('quarantine/missed', t('隔离管理', 'Quarantine'));
      await s('07-quarantine-missed');
      await go('people', t('查找一个人', 'Find a person'));
      await page.locator('#find-type').selectOption('passport');
      await s('08-people');
      // Two records of one person, by keyboard alone.
      await page.locator('#same-type').selectOption('passport');
      await page.locator('#same-number').fill('X1234567');
      await page.locator('#same-country').selectOption('JPN');
      await page.locator('#same-number').press('Enter');
      const linked = page.getByTestId('same-person');
      await linked.waitFor();
      await s('08-people-linked');
      await linked.getByRole('button', { name: t('不是同一个人', 'Not the same person') }).click();
      await linked.getByRole('button', { name: t('确定', 'Yes'), exact: true }).click();
      await page.getByText(t('这可能使某人的颜色变轻', 'This could make somebody’s colour milder')).waitFor();
      // One record of two people, by keyboard alone.
      await page.locator('#second-type').selectOption('passport');
      await page.locator('#second-number').fill('X7654321');
      await page.locator('#second-country').selectOption('JPN');
      await page.locator('#second-name').fill('Testb Probe');
      await page.locator('#second-name').press('Enter');
      await page.getByTestId('piece').first().waitFor();
      await page.getByTestId('piece').first().getByRole('radio').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await s('08-people-split');
      await page.keyboard.press('Enter');
      await page.getByText(t('等待另一机构的工作人员：第二人的', 'Waits for an officer of another agency: The second’s')).waitFor();
      expect((await page.getByText(t('没有这个地址', 'There is no such address')).count()) === 0, `${lang}: the stand-in answers everything on this page`);
      await page.locator('#find-number').fill('X1234567');
      await page.locator('#find-country').selectOption('JPN');
      await page.locator('#find-purpose').selectOption('quarantine');
      await page.getByRole('button', { name: t('查找', 'Find'), exact: true }).click();
      await page.getByRole('button', { name: t('打开记录', 'Open the record') }).waitFor();
      await s('09-found');
      await page.getByRole('button', { name: t('打开记录', 'Open the record') }).click();
      await page.getByRole('heading', { name: t('此人看到什么', 'What they see') }).waitFor();
      await s('10-person');
      await page.getByRole('button', { name: t('记录解除', 'Record a release') }).first().click();
      await page.locator('#released').waitFor();
      await go('arrivals', t('入境', 'Arrivals'));
      await page.getByRole('button', { name: t('记录入境', 'Record the arrival') }).click();
      await page.locator('#arrival-from-error').waitFor();
      await s('12-arrivals');
      await go('places', t('场所与门岗', 'Places and gates'));
      await s('13-places');
      await page.getByRole('link', { name: t('门岗与海报', 'Gates and poster') }).first().click();
      await page.getByRole('button', { name: t('生成登记链接', 'Make an enrolment link') }).click();
      await page.getByRole('button', { name: t('显示海报', 'Show the poster') }).click();
      await page.locator('.sheet canvas').waitFor();
      await page.getByRole('button', { name: t('查看登录', 'Where signed in') }).click();
      await page.getByRole('button', { name: t('全部退出', 'Sign out everywhere') }).waitFor();
      await s('14-place');
      await go('staff', t('人员与机构', 'Staff and agencies'));
      await page.locator('#invite-agency').selectOption('a0000000000002');
      await page.locator('#invite-role').selectOption('lab_technician');
      await page.locator('#invite-name').fill('示例');
      await page.getByRole('button', { name: t('生成邀请链接', 'Make an invitation link') }).click();
      await page.getByRole('button', { name: t('复制链接', 'Copy link') }).waitFor();
      await page.getByRole('button', { name: t('查看登录', 'Where signed in') }).click();
      await page.getByRole('button', { name: t('退出该处', 'Sign out there') }).first().waitFor();
      await s('15-staff');
      mock.state.sessions = [mock.state.sessions[0], { id: '00112233445566778899aabb', device: 'phone' }];
      await go('sessions', t('您在哪里登录了', 'Where you are signed in'));
      const there = page.getByRole('button', { name: t('退出该处', 'Sign out there') });
      await there.waitFor();
      await s('16-sessions');
      expect((await there.count()) === 1, `${lang}: the session that asks is not ended by itself`);
      await there.click();
      await there.waitFor({ state: 'detached' });
      expect((await page.locator('.sessions li').count()) === 1, `${lang}: the ended session is gone`);
    };
    if (only === undefined || only === 'console' || only === 'counter') {
      for (const [size, width] of [['wide', 1280], ['phone', 320]]) {
        await page.setViewportSize({ width, height: 800 });
        const take = (name) => shot(page, lang, `console-${size}-${name}`, { full: true });
        await counterScenes({ page, t, go, mock, take, expect: (ok, text) => expect(ok, `${lang} ${size}: ${text}`) });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      if (only === 'counter') {
        await context.close();
        await mock.stop();
        return;
      }
    }
    if (only !== 'change' && only !== 'desk') {
      await scenes('wide');
      await page.setViewportSize({ width: 800, height: 1100 });
      await scenes('tablet');
    }
    for (const [size, width] of [['wide', 1280], ['phone', 360]]) {
      await page.setViewportSize({ width, height: 800 });
      const take = (name) => shot(page, lang, `console-${size}-${name}`, { full: true });
      const walk = { page, t, go, mock, take, expect: (ok, text) => expect(ok, `${lang} ${size}: ${text}`) };
      if (only !== 'desk') await changeScenes(walk);
      if (only !== 'change') await deskScenes(walk);
    }
    expect(!mock.state.bodies.some((b) => b.path.endsWith('/open') && b.body.purpose === undefined), `${lang}: nobody is opened without a purpose`);

    // Only what one may; and an ended session leads back to the sign-in.
    mock.state.may = ['record_test'];
    await page.goto('about:blank');
    await page.goto(`${mock.url}/console/#/cases`);
    await page.getByText(t('没有这一栏', 'no such section')).waitFor();
    const sections = await page.locator('nav a[href^="#/"]').evaluateAll((all) => all.map((a) => a.hash));
    expect(sections.join() === '#/tests,#/waiting,#/records,#/sessions', `${lang}: a laboratory sees its results, what waits, what it recorded and its own sessions, and nothing else`);
    mock.state.may = ['read_lists'];
    await page.evaluate(() => (location.hash = '#/tests'));
    await page.locator('[data-count=tubes]').waitFor();
    await page.locator('#test-number').fill('11010519491231002X');
    mock.state.staff = false;
    await page.getByRole('button', { name: t('记录结果', 'Record the result') }).click();
    await page.getByText(t('登录已失效', 'Your sign-in has ended')).first().waitFor();
    await context.close();
    await mock.stop();
  });
  await browser.close();
}

async function door() {
  const film = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=2'];
  const [blind, camera] = [await launch(), await launch(film)];
  await doorScenes({ blind, camera, expect, watch, shot });
  await camera.close();
  await blind.close();
}

if (only === undefined || only === 'gate') await gate();
if (only === undefined || only === 'door') await door();
if (only !== 'gate' && only !== 'door') await consolePage();
end();
