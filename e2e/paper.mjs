// A grandmother without a phone: added by a relative, printed, through a gate with and without network,
// lost and printed anew; the old paper opens nothing. What is shown at the gate is what a reader of others
// reads from the printed page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE, EVERYTHING, RESULTS, accessible, ask, browser, device, residentId, start, step } from './harness.mjs';
import { away, fill, messageFor, next, paste, uploaded, verdict, work } from './journey.mjs';

const DAUGHTER = { name: 'Testa Tochter', number: residentId('19650602', 921), phone: '10099990021' };
const GRANDMOTHER = { name: 'Oma Muster', number: residentId('19400101', 922) };

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** What a reader of others finds on a page that a printer would print. */
function scanned(pdf, name) {
  const picture = join(RESULTS, name);
  execFileSync('pdftoppm', ['-png', '-singlefile', '-r', '200', pdf, picture]);
  const text = execFileSync('zbarimg', ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', `${picture}.png`], { encoding: 'utf8' });
  return text.replace(/\n$/, '');
}

export async function paper() {
  console.log(`A grandmother with paper, in ${ENGINE}`);
  mkdirSync(RESULTS, { recursive: true });
  const server = await step('another demo starts', () => start(['demo', '--people', '20', '--seed', '9', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/));
  const url = server.found[1];
  const clean = await browser();
  const desk = await device(clean, 'demo');
  await desk.goto(`${url}/demo`);
  const daughter = await device(clean, 'daughter');
  const gate = await device(clean, 'door');
  const later = async (seconds) => {
    const answer = await ask(desk, '/demo/clock', { advance_seconds: seconds });
    assert.equal(answer.status, 200, answer.text);
  };
  const home = async (page) => {
    await page.goto('about:blank');
    await page.goto(`${url}/`);
  };
  /** Loaded anew in the same tab: whose code is shown is kept for the tab, and an empty page in between may end that. */
  const anew = async (page) => {
    await page.goto(`${url}/#/`);
    await page.reload();
  };
  /** Presses a button that makes a page, and reads it. */
  const printed = async (name, file) => {
    const saved = daughter.waitForEvent('download');
    await button(daughter, name).click();
    const pdf = join(RESULTS, `${file}.pdf`);
    await (await saved).saveAs(pdf);
    const code = scanned(pdf, file);
    assert.match(code, /^JGP1:[0-9A-Z $%*+\-./:]+$/);
    return code;
  };

  await step('her daughter registers, and adds her with her document', async () => {
    await daughter.goto(`${url}/`);
    await button(daughter, 'Register for the first time').click();
    await fill(daughter, DAUGHTER);
    await button(daughter, 'Send me a code').click();
    await daughter.locator('#f-code').waitFor();
    await daughter.locator('#f-code').fill(await messageFor(desk, url, DAUGHTER.phone));
    await button(daughter, 'Confirm').click();
    await daughter.locator('[data-testid=pass][data-state=current]').waitFor();
    await later(5 * 3600);
    await home(daughter);
    await daughter.goto(`${url}/#/family`);
    await button(daughter, 'Add a person').click();
    await daughter.locator('#f-name').waitFor();
    await fill(daughter, GRANDMOTHER);
    await button(daughter, 'Send me a code').click();
    await daughter.locator('#f-code').waitFor();
    await daughter.locator('#f-code').fill(await messageFor(desk, url, DAUGHTER.phone));
    await button(daughter, 'Confirm').click();
    await daughter.locator('[data-testid=cared-for]').waitFor();
  });

  let sheet = '';
  await step('she prints her a sheet and a card: the same paper', async () => {
    await button(daughter, 'Show this code').click();
    await daughter.locator('[data-testid=acting]').waitFor();
    await daughter.getByRole('link', { name: /Code on paper/ }).click();
    await daughter.locator('[data-testid=no-paper]').waitFor();
    await daughter.getByText('For O*** M***').waitFor();
    await accessible(daughter, 'the page for paper');
    sheet = await printed('Print as a sheet', 'sheet');
    await daughter.locator('[data-testid=paper]').waitFor();
    assert.equal(await printed('Print as a card', 'card'), sheet);
  });

  await step('at a gate with network it is looked up: green, and the guard is asked to compare the name', async () => {
    const made = await ask(desk, '/demo/gate', {});
    await gate.goto(url + made.json.page);
    await gate.locator('#label').fill('South door');
    await button(gate, 'Enrol').click();
    await later(60);
    await work(gate, url);
    await button(gate, 'Start checking').click();
    await paste(gate, sheet);
    await verdict(gate, 'admitted').waitFor();
    await gate.locator('dialog [data-paper]', { hasText: 'O*** M***' }).waitFor();
    await accessible(gate, 'the verdict on a paper');
    await away(gate);
    await uploaded(gate);
  });

  const withoutNetwork = async (work) => {
    if (!EVERYTHING) return;
    await gate.context().setOffline(true);
    await work();
    await gate.context().setOffline(false);
  };

  await step('without network it goes by the list, and says how old that is', () =>
    withoutNetwork(async () => {
      await gate.waitForTimeout(10_500);
      await paste(gate, sheet);
      await verdict(gate, 'admitted').waitFor();
      await gate.locator('dialog [data-paper]', { hasText: 'by the list' }).waitFor();
      await away(gate);
    }));

  await step('who sees her page finds where she was', async () => {
    await work(gate, url);
    await button(gate, 'Start checking').click();
    await uploaded(gate);
    await anew(daughter);
    await daughter.locator('[data-testid=acting]').waitFor();
    await daughter.goto(`${url}/#/visits`);
    await daughter.locator('li.card').first().waitFor();
  });

  let again = '';
  await step('it is lost and printed anew in one step; the old one opens nothing', async () => {
    await later(600);
    await anew(daughter);
    await daughter.goto(`${url}/#/paper`);
    await button(daughter, 'It was lost').click();
    again = await printed('Lost: print a new card', 'again');
    assert.notEqual(again, sheet);
    await daughter.getByText('The old paper opens no door any more', { exact: false }).waitFor();
    await later(600);
    await work(gate, url);
    await button(gate, 'Start checking').click();
    await paste(gate, sheet);
    await verdict(gate, 'unclear').waitFor();
    await gate.locator('dialog').getByText('Paper ended').waitFor();
    await next(gate);
    await paste(gate, again);
    await verdict(gate, 'admitted').waitFor();
    await away(gate);
    await uploaded(gate);
  });

  await step('nor without network, once the list has come', () =>
    withoutNetwork(async () => {
      await gate.waitForTimeout(10_500);
      await paste(gate, sheet);
      await verdict(gate, 'unclear').waitFor();
      await gate.locator('dialog').getByText('Paper ended').waitFor();
      await next(gate);
      await paste(gate, again);
      await verdict(gate, 'admitted').waitFor();
      await away(gate);
    }));

  await step('she sees what was printed and ended; a made-up paper is refused', async () => {
    await daughter.goto(`${url}/#/me`);
    await daughter.getByText('The paper is good no more').waitFor();
    await work(gate, url);
    await button(gate, 'Start checking').click();
    await paste(gate, `${again.slice(0, -3)}${again.endsWith('000') ? '111' : '000'}`);
    await verdict(gate, 'unclear').waitFor();
    await next(gate);
  });

  await step('all of it ends in order', async () => {
    await clean.close();
    await server.stop();
  });
}
