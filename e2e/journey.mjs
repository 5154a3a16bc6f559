// Register -> show -> scan -> case -> trace -> red with a reason -> check-ins -> release, with two
// people, a gate with a camera, and staff with passkeys. Time is moved by the demo's own clock.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { scanInEachWay, scanUnreadably } from './scanners.mjs';
import { ENGINE, EVERYTHING, PATIENCE, RESULTS, accessible, ask, authenticator, blankFilm, browser, device, filmCode, residentId, start, step } from './harness.mjs';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Where both live; the region steps raise and lower its level. */
const HOME = ['CN-33', 'CN-3301', 'CN-330106'];
/** The demo's other commissioner. */
const SECOND_OFFICER = 'commissioner2';
const ANNA = { name: 'Testa Muster', number: residentId('19900601', 901), phone: '10099990001' };
const BEN = { name: '甲示例乙', number: residentId('19850715', 902), phone: '10099990002' };

const pass = (page, colour) => page.locator(`[data-testid=pass][data-state=current][data-colour=${colour}]`);
export const verdict = (page, kind) => page.locator(`dialog[data-verdict=${kind}]`);

export async function journey() {
  console.log(`The life of a code, in ${ENGINE}`);
  const server = await step('the demo starts and says where', () => start(['demo', '--people', '300', '--seed', '7', '--port', '0'], /(http:\/\/localhost:\d+)\/demo/));
  const url = server.found[1];
  const clean = await browser();
  const camera = join(RESULTS, 'camera.y4m');
  blankFilm(camera);
  const film = [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${camera}`,
  ];
  const seeing = EVERYTHING ? await browser(film) : clean;

  const desk = await device(clean, 'demo');
  await desk.goto(`${url}/demo`);
  const anna = await device(clean, 'anna');
  const ben = await device(clean, 'ben', { locale: 'zh-CN' });
  const gate = await device(seeing, 'gate', { permissions: ['camera'] });
  const wide = { viewport: { width: 1280, height: 900 } };
  const officer = await device(clean, 'officer', wide);
  const admin = await device(clean, 'admin', wide);
  const commissioner = await device(clean, 'commissioner', wide);

  /** Moves the clock; pages learn of it by being loaded anew, as they would by their next request. */
  const forward = async (seconds) => {
    const answer = await ask(desk, '/demo/clock', { advance_seconds: seconds });
    assert.equal(answer.status, 200, answer.text);
  };
  const enter = async (page, who) => {
    await page.goto(`${url}/demo`);
    const answer = await ask(page, '/demo/enter', { as: who });
    assert.equal(answer.status, 200, answer.text);
    await page.goto(url + answer.json.page);
  };
  await step('the clock goes to the next morning, so that no step crosses midnight', async () => {
    const now = Date.parse((await ask(desk, '/v1/info')).json.server_time) / 1000;
    // Days are those of Beijing; 10:00 there is 02:00 UTC.
    await forward((((2 * HOUR - now) % DAY) + DAY) % DAY);
  });
  const home = async (page) => {
    await page.goto('about:blank');
    await page.goto(`${url}/`);
  };
  const code = async (page) => {
    await home(page);
    const shown = page.locator('[data-testid=pass][data-state=current] [data-qr]');
    await shown.waitFor();
    return shown.getAttribute('data-qr');
  };

  // --- Register and show ---
  await step('a person registers, mistypes the one-time code once, and is green', async () => {
    await anna.goto(`${url}/`);
    await anna.getByRole('button', { name: 'Register for the first time' }).click();
    await fill(anna, { ...ANNA, number: `${ANNA.number.slice(0, 17)}${ANNA.number[17] === '1' ? '2' : '1'}` });
    await anna.getByRole('button', { name: 'Send me a code' }).click();
    await anna.locator('#f-number-error').waitFor();
    await anna.locator('#f-number').fill(ANNA.number);
    await anna.getByRole('button', { name: 'Send me a code' }).click();
    await anna.locator('#f-code').waitFor();
    const right = await messageFor(desk, url, ANNA.phone);
    await anna.locator('#f-code').fill(right === '000000' ? '000001' : '000000');
    await anna.getByRole('button', { name: 'Confirm' }).click();
    await anna.getByText('not the code we sent').waitFor();
    await anna.locator('#f-code').fill(right);
    await anna.getByRole('button', { name: 'Confirm' }).click();
    await pass(anna, 'green').waitFor();
    assert.equal(await anna.locator('[data-testid=name]').textContent(), 'T*** M***');
    await accessible(anna, 'the holder page');
  });

  await step('a second person registers, in Chinese; the language can be switched and is remembered', async () => {
    await ben.goto(`${url}/`);
    // The others speak the machine's language until told otherwise.
    if (!EVERYTHING) await ben.getByRole('button', { name: '中文' }).click();
    await ben.getByRole('button', { name: '首次登记' }).click();
    await fill(ben, BEN);
    await ben.getByRole('button', { name: '获取验证码' }).click();
    await ben.locator('#f-code').waitFor();
    await ben.locator('#f-code').fill(await messageFor(desk, url, BEN.phone));
    await ben.getByRole('button', { name: '确认' }).click();
    await pass(ben, 'green').waitFor();
    await ben.getByText('绿').first().waitFor();
    await ben.getByRole('button', { name: 'English' }).click();
    await ben.getByText('Green').first().waitFor();
    await ben.reload();
    await ben.getByText('Green').first().waitFor();
  });

  await step('one person, one code: registering the same document again leads to the same holder', async () => {
    const again = await device(clean, 'again');
    await again.goto(`${url}/`);
    // A clock that stands still would refuse a second message to the same phone within a minute.
    await forward(120);
    const sent = await ask(again, '/v1/registrations', {
      name: 'Testa Andere',
      document: { type: 'resident_id', number: ANNA.number },
      nationality: 'CN',
      phone: '10099990003',
      home_division: HOME[2],
      language: 'en',
    });
    assert.equal(sent.status, 202, sent.text);
    const answer = await ask(again, `/v1/challenges/${sent.json.challenge}/answer`, { code: await messageFor(desk, url, ANNA.phone) });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([answer.json.new, answer.json.holder.name_masked], [false, 'T*** M***']);
    await again.context().close();
  });

  // --- Staff ---
  const invited = () => step('an invited officer makes a passkey, signs out and in again with it', async () => {
    await enter(admin, 'admin');
    await admin.goto(`${url}/console/#/staff`);
    const option = admin.locator('#invite-agency option', { hasText: 'Example prevention team' });
    await option.waitFor({ state: 'attached' });
    await admin.locator('#invite-agency').selectOption(await option.getAttribute('value'));
    await admin.locator('#invite-role').selectOption('officer');
    await admin.locator('#invite-name').fill('Testa Amtlich');
    await admin.getByRole('button', { name: 'Make an invitation link' }).click();
    const link = await admin.getByRole('textbox', { name: 'Invite somebody' }).inputValue();
    await authenticator(officer);
    await officer.goto(link);
    // Not where the one who made it is signed in.
    const own = await ask(admin, '/v1/staff/invitations/begin', { token: link.split('invite=')[1] });
    assert.deepEqual([own.status, own.json.code], [403, 'invitation.signed_in'], own.text);
    await officer.getByRole('button', { name: 'Make a passkey' }).click();
    // The administrator gave no power over people: the health commission does, for this passkey.
    await officer.getByRole('heading', { name: 'Not confirmed yet', level: 1 }).waitFor();
    await accessible(officer, 'the console of somebody not confirmed');
    const shown = await officer.locator('[data-testid=passkey]').textContent();
    const before = await ask(officer, '/v1/staff/cases');
    assert.deepEqual([before.status, before.json.code], [403, 'staff.not_confirmed'], before.text);
    await enter(commissioner, 'commissioner');
    await commissioner.goto(`${url}/console/#/staff`);
    const row = commissioner.getByRole('row').filter({ hasText: 'Testa Amtlich' });
    assert.equal(await row.locator('[data-testid=passkey]').textContent(), shown);
    await accessible(commissioner, 'staff and agencies, as a commissioner sees them');
    await row.getByRole('button', { name: 'Confirm' }).click();
    await row.getByRole('button', { name: 'Yes' }).click();
    await row.locator('[data-testid=passkey]').waitFor({ state: 'detached' });
    await officer.getByRole('button', { name: 'Look again' }).click();
    await officer.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await officer.getByRole('button', { name: 'Sign out' }).click();
    await passkey(officer);
    await accessible(officer, 'the console');
    // The link is used up.
    const other = await device(clean, 'other');
    await other.goto(link);
    await other.getByText('This link does not work').waitFor();
    await other.context().close();
  });
  const signIn = () => (EVERYTHING ? passkey(officer) : enter(officer, 'officer'));
  if (EVERYTHING) await invited();
  else
    await step('staff enter by the doors of the demo: this engine has no passkey device to try with', async () => {
      await signIn();
      await enter(commissioner, 'commissioner');
    });

  // --- Gate ---
  await step('a device becomes a gate and its camera reads the code on a holder page: admitted', async () => {
    const made = await ask(desk, '/demo/gate', {});
    await gate.goto(url + made.json.page);
    await gate.locator('#label').fill('North door');
    await gate.getByRole('button', { name: 'Enrol', exact: true }).click();
    await gate.getByRole('button', { name: 'Start checking' }).waitFor();
    await accessible(gate, 'the gate page');
    const annas = await code(anna);
    if (EVERYTHING) await filmCode(anna, camera);
    await gate.getByRole('button', { name: 'Start checking' }).click();
    if (!EVERYTHING) await paste(gate, annas);
    await verdict(gate, 'admitted').waitFor();
    await gate.locator('dialog').waitFor({ state: 'detached' });
    await counts(gate, { admitted: 1 });
  });

  await step('a second person is let in by paste; the same code shown again counts once', async () => {
    const bens = await code(ben);
    await paste(gate, bens);
    await verdict(gate, 'admitted').waitFor();
    await away(gate);
    await paste(gate, bens);
    await verdict(gate, 'admitted').waitFor();
    await away(gate);
    await counts(gate, { admitted: 2 });
    await uploaded(gate);
  });

  const scanners = () => step('hand scanners as they are sold are read, and their keys reach nothing else', async () => {
    let ways = 0;
    const left = await scanInEachWay(
      gate,
      () => code(ben),
      async (name) => {
        ways += 1;
        await verdict(gate, 'admitted').waitFor().catch((e) => {
          throw new Error(`${name}: ${e.message}`);
        });
        await next(gate);
        assert.equal(await gate.locator('#paste').inputValue(), '');
      },
    );
    assert.deepEqual(left, [], 'keys with Ctrl that opened something of the browser');
    await counts(gate, { admitted: 2 + ways });
    await uploaded(gate);
    await scanUnreadably(gate);
    await gate.locator('[data-testid=unread]').waitFor();
    await accessible(gate, 'the gate with a scanner that cannot be read');
    await gate.locator('[data-testid=unread]').getByRole('button', { name: 'Scanner settings' }).click();
    await gate.getByRole('heading', { name: 'Scanner settings' }).waitFor();
    await accessible(gate, 'the scanner settings');
    await gate.getByRole('button', { name: 'Back' }).click();
  });
  if (EVERYTHING) await scanners();

  await step('a venue poster scanned by a holder makes an unproven visit', async () => {
    const poster = await ask(gate, '/v1/gate/poster');
    // As the phone's own camera opens it. A link alone records nothing: somebody else may have sent it.
    const before = (await ask(ben, '/v1/me/visits')).json.visits.length;
    await ben.goto(`${url}/#v=${poster.json.poster_code.replaceAll('%', '%25').replaceAll(' ', '%20')}`);
    await ben.locator('[data-testid=venue-link] .btn.main').waitFor();
    assert.equal((await ask(ben, '/v1/me/visits')).json.visits.length, before);
    assert.ok(!(await ben.evaluate(() => location.href)).includes('JGV1'), 'the code does not stay in the address');
    await ben.locator('[data-testid=venue-link] .btn.main').click();
    await ben.locator('[data-testid=visit-recorded] .note.warn').waitFor();
    const { json } = await ask(ben, '/v1/me/visits');
    assert.ok(json.visits.some((v) => v.presence === 'unproven'), 'a forwarded poster proves nothing');
  });

  await step('after half an hour the first person leaves through the gate', async () => {
    await forward(HOUR / 2);
    await work(gate, url);
    const leaving = await code(anna);
    await gate.getByText('Out', { exact: true }).click();
    await paste(gate, leaving);
    await verdict(gate, 'left').waitFor();
    await away(gate);
    await gate.getByText('In', { exact: true }).click();
    await uploaded(gate);
    const { json } = await ask(anna, '/v1/me/visits');
    assert.ok(json.visits[0].left, 'the visit has its end');
  });

  await step('in twice and out once, with the code of the entry, is one visit with its end', async () => {
    await forward(HOUR);
    await work(gate, url);
    let shown = '';
    for (const wait of [0, 20 * 60]) {
      if (wait > 0) await forward(wait);
      await work(gate, url);
      shown = await code(anna);
      await paste(gate, shown);
      await verdict(gate, 'admitted').waitFor();
      await away(gate);
    }
    await forward(5 * 60);
    await work(gate, url);
    await gate.getByText('Out', { exact: true }).click();
    await paste(gate, shown);
    await verdict(gate, 'left').waitFor();
    await away(gate);
    await gate.getByText('In', { exact: true }).click();
    await uploaded(gate);
    const { json } = await ask(anna, '/v1/me/visits');
    const minutes = (v) => (Date.parse(v.left) - Date.parse(v.entered)) / 60_000;
    assert.deepEqual([json.visits.length, Math.round(minutes(json.visits[0]))], [2, 25], JSON.stringify(json.visits));
  });

  await step('a code of a minute ago, a forged one and a stranger are refused', async () => {
    const stale = await code(ben);
    await forward(120);
    await work(gate, url);
    for (const text of [stale, `${(await code(ben)).slice(0, -3)}000`, 'https://example.org/not-a-code']) {
      await paste(gate, text);
      await verdict(gate, 'unclear').waitFor();
      await next(gate);
    }
  });

  // --- Case, trace, reasons ---
  await step('the officer records a case and traces it; the contact is found', async () => {
    await officer.goto('about:blank');
    await officer.goto(`${url}/console/#/cases`);
    const results = officer.getByRole('link', { name: 'Result' });
    await results.first().waitFor();
    const before = await results.count();
    await officer.locator('#case-number').fill(ANNA.number);
    await officer.getByRole('button', { name: 'Record the case' }).click();
    await officer.getByText('about whoever owns this document').waitFor();
    // The list follows the words; until then its first case is another.
    await results.nth(before).waitFor();
    await results.first().click();
    await officer.getByRole('heading', { name: 'Result of a trace' }).waitFor();
    await officer.locator('[data-count=close]').waitFor();
    // Nobody of the town is about at that hour: the two who met at the gate's place are all there is.
    assert.equal(await officer.locator('[data-count=close]').textContent(), '1');
  });

  await step('who was never aboard the train of another case is taken back where the trace shows it', async () => {
    const found = await aboard(officer);
    await officer.goto(`${url}/console/#/traces/${found.trace}`);
    await officer.locator(`[id="row-${found.contact.holder}${found.contact.degree}"] button[aria-expanded]`).click();
    const ticket = officer.locator('[data-ticket=contact]').filter({ hasText: found.ticket.seat });
    await ticket.getByRole('button', { name: /^Withdraw: / }).click();
    await ticket.locator('select').selectOption('never_happened');
    await ticket.getByRole('button', { name: 'Withdraw it' }).click();
    await officer.locator('[data-testid=withdrawn]').waitFor();
    // The search was made anew without that ride, and the page leads there.
    await officer.getByRole('link', { name: 'Result', exact: true }).click();
    await officer.locator('[data-count=close]').waitFor();
    await officer.locator(`[id^="row-${found.contact.holder}"]`).waitFor({ state: 'detached' });
    const again = await ask(officer, '/v1/staff/withdrawals', { ride: found.ticket.ride, reason: 'never_happened' });
    assert.deepEqual([again.status, again.json.code], [409, 'record.withdrawn'], again.text);
  });

  const contactReason = 'close contact';
  await step('the contact is red and sees why, who says so and until when', async () => {
    await home(ben);
    await pass(ben, 'red').waitFor();
    await ben.getByText(contactReason).first().waitFor();
    await ben.getByText('Example prevention team').first().waitFor();
    // The day of the last contact is day 0: the count of the 14 days starts at the next midnight.
    await ben.getByText(/ends \d+ \w+/).first().waitFor();
    // The device comes to the same by itself, and knows when it ends.
    await verified(ben);
    await ben.locator('[data-testid=timeline] [data-colour=red][aria-current=time]').waitFor();
    await home(anna);
    await pass(anna, 'red').waitFor();
    await verified(anna);
    const looks = await ask(anna, '/v1/me/accesses');
    assert.ok(looks.json.accesses.some((a) => a.agency?.name.includes('prevention team')), 'each look is shown to the person');
    await accessible(ben, 'the red holder page');
  });

  await step('public security asks who a contact is; another agency agrees; the person sees it', async () => {
    const police = await device(clean, 'police', wide);
    const { id: number, latest_trace: trace } = (await ask(officer, '/v1/staff/cases')).json.cases[0];
    const { contacts } = (await ask(officer, `/v1/staff/traces/${trace}`)).json;
    await enter(police, 'police');
    await police.goto(`${url}/console/#/identities`);
    await police.locator('#target').selectOption('contact');
    await police.locator('#case').fill(number);
    await police.locator('#contact').fill(contacts[0].holder);
    await police.locator('#why').fill('Nobody opens the door.');
    await police.getByRole('button', { name: 'Ask', exact: true }).click();
    await police.getByTestId('said').waitFor();
    await accessible(police, 'asking who somebody is');
    assert.equal(await police.getByRole('button', { name: 'Show who it is' }).count(), 0, 'not on its own word');
    await officer.goto(`${url}/console/#/identities`);
    await officer.getByTestId('deciding').getByRole('button', { name: 'Agree' }).click();
    await officer.getByRole('button', { name: 'Yes' }).click();
    await officer.getByTestId('said').waitFor();
    await police.getByRole('button', { name: 'Refresh' }).click();
    await police.getByRole('button', { name: 'Show who it is' }).click();
    await police.getByRole('button', { name: 'Yes' }).click();
    await police.getByTestId('person').getByText(BEN.phone).waitFor();
    assert.equal(await police.getByText(BEN.name).count(), 0, 'whom one can call, one need not know by name');
    await ben.goto(`${url}/#/accesses`);
    const seen = ben.getByTestId('identity').filter({ hasText: 'Example public security' });
    await seen.getByText('Example prevention team').waitFor();
    await seen.getByText(/were read/).waitFor();
    await accessible(ben, 'who asked for one’s name');
    await police.context().close();
  });

  await step('a red code is refused at the gate; an emergency is always admitted', async () => {
    await paste(gate, await code(ben));
    await verdict(gate, 'red').waitFor();
    await gate.getByRole('button', { name: 'Let in anyway' }).click();
    await gate.locator('.choice.urgent').click();
    await verdict(gate, 'override').waitFor();
    await away(gate);
    await gate.getByRole('button', { name: 'It was right' }).click();
    // Also without any code.
    await gate.getByRole('button', { name: 'Emergency: let in now' }).click();
    await verdict(gate, 'override').waitFor();
    await away(gate);
    await gate.getByRole('button', { name: 'It was right' }).click();
    await counts(gate, { overridden: 2 });
    await uploaded(gate);
  });

  // --- Quarantine to its end ---
  await step('daily check-ins; a missed one is seen by both sides', async () => {
    for (let day = 1; day <= 5; day++) {
      if (day !== 3) await checkIn(ben, url);
      await forward(DAY);
    }
    await ben.goto('about:blank');
    await ben.goto(`${url}/#/check-in`);
    await ben.locator('.days li.missed').first().waitFor();
    assert.equal(await ben.locator('.days li.missed').count(), 1, 'one day was missed');
    // The officer's session has ended meanwhile; the passkey opens a new one.
    await officer.goto('about:blank');
    await officer.goto(`${url}/console/`);
    await signIn();
    await officer.goto(`${url}/console/#/quarantine/missed`);
    await officer.getByRole('cell', { name: /甲\*/ }).first().waitFor();
    // What happens next, as the holder sees it too.
    // The town has others of this masked name; whoever is red as a contact will be green again by time alone.
    const contact = officer.getByRole('row', { name: /甲\*/ }).filter({ hasText: contactReason }).filter({ hasText: /\bRed\b/ });
    await contact.first().getByRole('button', { name: 'Open' }).click();
    await officer.getByRole('button', { name: 'Open the record' }).click();
    await officer.locator('[data-testid=timeline] [data-colour=red][aria-current=time]').waitFor();
    await officer.locator('[data-testid=timeline] [data-colour=green]').last().waitFor();
  });

  await step('after the fortnight the contact is green again, and the history says why', async () => {
    for (let day = 6; day <= 16; day++) await forward(DAY);
    await home(ben);
    await pass(ben, 'green').waitFor();
    const { json } = await ask(ben, '/v1/me/history');
    assert.deepEqual(json.changes.slice(0, 2).map((c) => [c.from, c.to]), [['red', 'green'], ['green', 'red']]);
    await ben.goto(`${url}/#/history`);
    await ben.getByText(contactReason).first().waitFor();
    await home(anna);
    await pass(anna, 'green').waitFor();
  });

  // --- Regions ---
  const second = await device(clean, 'second', wide);
  let proposal = '';
  await step('a risk level is replayed first: who would be confined, and that it takes a second officer', async () => {
    await enter(commissioner, 'commissioner');
    const refused = await ask(commissioner, '/v1/staff/regions', { division: HOME[2], level: 'medium', from: (await ask(desk, '/v1/info')).json.server_time });
    assert.deepEqual([refused.status, refused.json.code], [409, 'region.what_if_needed'], refused.text);
    await commissioner.goto(`${url}/console/#/regions`);
    await choose(commissioner, 'region', HOME);
    await commissioner.locator('#region-level').selectOption('medium');
    await commissioner.getByRole('button', { name: 'Run the what-if' }).click();
    await commissioner.locator('[data-second=true]').waitFor();
    const count = async (name) => Number((await commissioner.locator(`[data-count=${name}]`).textContent()).replace(/\D/g, ''));
    assert.ok((await count('newly_confined')) > 0, 'those who live there would be confined');
    assert.equal(await count('without_lab'), await count('newly_confined'), 'a region has no case behind it');
    await accessible(commissioner, 'the what-if');
    await commissioner.locator('#reason').fill('Cases of unknown source in the district');
    await commissioner.getByRole('button', { name: 'Hand to the second officer' }).click();
    await commissioner.locator('[data-testid=proposal][data-state=waiting]').waitFor();
    proposal = /#\/proposals\/(\w+)/.exec(commissioner.url())[1];
    // The proposer cannot decide, neither on the page nor past it; nobody's colour has changed.
    assert.equal(await commissioner.getByRole('button', { name: 'Approve and put into force' }).count(), 0);
    const alone = await ask(commissioner, `/v1/staff/proposals/${proposal}/approve`, {});
    assert.deepEqual([alone.status, alone.json.code], [403, 'proposal.same_officer'], alone.text);
    await home(ben);
    await pass(ben, 'green').waitFor();
  });

  await step('the second officer approves; those who live there are yellow, and the gate refuses them', async () => {
    await enter(second, SECOND_OFFICER);
    await second.goto(`${url}/console/#/proposals`);
    await second.locator(`a[href="#/proposals/${proposal}"]`).click();
    await second.getByRole('button', { name: 'Approve and put into force' }).click();
    await second.getByRole('button', { name: 'Yes' }).click();
    await second.locator('[data-testid=proposal][data-state=applied]').waitFor();
    await second.getByRole('heading', { name: 'When proposed and when decided' }).waitFor();
    await home(ben);
    await pass(ben, 'yellow').waitFor();
    await ben.getByText('medium-risk').first().waitFor();
    await work(gate, url);
    await paste(gate, await code(ben));
    await verdict(gate, 'yellow').waitFor();
    await next(gate);
    await second.locator('[data-testid=recolouring][data-state=idle]').waitFor();
  });

  await step('lowering it turns them green again', async () => {
    await commissioner.goto(`${url}/console/#/regions`);
    const row = commissioner.getByRole('row').filter({ hasText: HOME[2] });
    await row.getByRole('button', { name: 'End now' }).click();
    await row.getByRole('button', { name: 'Yes' }).click();
    await commissioner.getByText(HOME[2]).first().waitFor();
    await home(ben);
    await pass(ben, 'green').waitFor();
  });

  // --- Laboratory ---
  let lab;
  await step('a laboratory file: right lines are taken, wrong ones named, twice changes nothing', async () => {
    lab = await device(clean, 'lab', wide);
    await enter(lab, 'lab');
    await lab.goto(`${url}/console/#/tests`);
    const sampled = (await ask(lab, '/v1/info')).json.server_time.replace(/:\d\dZ$/, ':00Z');
    const bad = `${BEN.number.slice(0, 17)}${BEN.number[17] === '1' ? '2' : '1'}`;
    const line = (number, result) => `resident_id,${number},,${result},nucleic_acid,${sampled}`;
    const csv = ['document_type,document_number,document_country,result,method,sampled_at', line(BEN.number, 'negative'), line(bad, 'negative'), line(BEN.number, 'perhaps'), line(ANNA.number, 'negative')].join('\n');
    for (const [taken, unchanged] of [[2, 0], [0, 2]]) {
      await lab.locator('#csv').setInputFiles({ name: 'results.csv', mimeType: 'text/csv', buffer: Buffer.from(`${csv}\n`) });
      await lab.getByRole('button', { name: 'Import', exact: true }).click();
      await lab.locator(`[data-count=taken]:text-is("${taken}")`).waitFor();
      assert.equal(await lab.locator('[data-count=unchanged]').textContent(), String(unchanged));
      assert.equal(await lab.locator('[data-count=rejected]').textContent(), '2');
      assert.deepEqual(await lab.locator('tbody td.n').allTextContents(), ['3', '4']);
    }
  });

  await step('a corrected test: the person is no longer red for the first, and sees both', async () => {
    const now = Date.parse((await ask(lab, '/v1/info')).json.server_time);
    const sampled = `${new Date(now - 2 * HOUR * 1000).toISOString().slice(0, 17)}00Z`;
    const send = async (result) => {
      await lab.goto('about:blank');
      await lab.goto(`${url}/console/#/tests`);
      const csv = `document_type,document_number,document_country,result,method,sampled_at,sample_reference\nresident_id,${ANNA.number},,${result},nucleic_acid,${sampled},TUBE-1\n`;
      await lab.locator('#csv').setInputFiles({ name: 'results.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
      await lab.getByRole('button', { name: 'Import', exact: true }).click();
      await lab.locator('[data-count=taken]:text-is("1")').waitFor();
      await home(anna);
    };
    await send('positive');
    await pass(anna, 'red').waitFor();
    await send('negative');
    await pass(anna, 'green').waitFor();
    const { json } = await ask(anna, '/v1/me/evidence');
    const said = json.evidence.filter((e) => e.fact.kind === 'test' && Date.parse(e.fact.sampled_at) === Date.parse(sampled));
    assert.deepEqual(said.map((e) => [e.fact.result, e.superseded_by !== null]).sort(), [['negative', false], ['positive', true]]);
  });

  // --- Declaration, and a new version of the policy ---
  const declare = (symptoms) => ask(ben, '/v1/me/declaration', { symptoms, contact_with_case: false, stays: [] });
  await step('declared symptoms turn a code yellow', async () => {
    const first = await declare(['cough']);
    assert.equal(first.status, 201, first.text);
    assert.equal(first.json.assessment.colour, 'yellow');
  });

  const newTitle = 'You reported symptoms. Please rest.';
  await step('a new version of the policy is checked, replayed and published; the code follows it at once', async () => {
    const policy = await ask(commissioner, '/v1/policy');
    const version = Number(/^version = (\d+)$/m.exec(policy.text)[1]);
    await commissioner.goto(`${url}/console/#/policies`);
    await commissioner.locator(`[data-testid=policy][data-version="${version}"]`).waitFor();
    await commissioner.getByRole('link', { name: 'Propose a new version' }).click();
    await commissioner.getByRole('button', { name: 'Begin with the policy in force' }).click();
    const field = commissioner.locator('#policy-text');
    await commissioner.waitForFunction((text) => document.getElementById('policy-text').value === text, policy.text);
    const next = policy.text
      .replace(/^version = \d+$/m, `version = ${version + 1}`)
      .replace(/(id = "symptoms"\ntitle = \{ en = ")[^"]*/, `$1${newTitle}`);
    await field.fill(next.replace('[[rule]]', '[[rul]]'));
    await commissioner.getByRole('button', { name: 'Check', exact: true }).click();
    await commissioner.getByText('unknown_key').first().waitFor();
    await field.fill(next);
    await commissioner.getByRole('button', { name: 'Check', exact: true }).click();
    await commissioner.getByText(newTitle).first().waitFor();
    await commissioner.getByRole('button', { name: 'Run the what-if' }).click();
    // New words confine nobody: no second officer is needed.
    await commissioner.locator('[data-second=false]').waitFor();
    await commissioner.locator('#reason').fill('Plainer words');
    await commissioner.getByRole('button', { name: 'Put into force' }).click();
    await commissioner.locator('[data-testid=proposal][data-state=applied]').waitFor();
    await home(ben);
    await pass(ben, 'yellow').waitFor();
    await ben.getByText(newTitle).first().waitFor();
    const { json } = await ask(ben, '/v1/me/code');
    assert.equal(json.assessment.policy.version, version + 1, 'each assessment names the policy it came from');
    await commissioner.goto(`${url}/console/#/policies`);
    await commissioner.locator('[data-testid=recolouring][data-state=idle]').waitFor();
    await commissioner.locator(`[data-testid=policy][data-version="${version + 1}"]`).waitFor();
    await commissioner.getByRole('cell', { name: `version ${version}` }).first().waitFor();
  });

  await step('a correction turns it back', async () => {
    const corrected = await declare([]);
    assert.equal(corrected.json.assessment.colour, 'green');
    const { json } = await ask(ben, '/v1/me/declaration');
    assert.equal(json.versions.length, 2);
  });

  // --- Offline ---
  const offline = () => step('offline the last code is shown and said to be offline, then EXPIRED', async () => {
    await home(anna);
    await pass(anna, 'green').waitFor();
    await anna.waitForFunction(() => navigator.serviceWorker?.controller !== null);
    await anna.context().setOffline(true);
    await anna.reload();
    await pass(anna, 'green').waitFor();
    await anna.locator('[data-testid=trouble][data-kind=offline]').waitFor();
    await anna.locator('[data-testid=pass][data-state=expired]').waitFor({ timeout: 90_000 });
    await anna.getByText('EXPIRED', { exact: true }).waitFor();
    assert.equal(await anna.locator('[data-qr]').count(), 0, 'an expired code is not shown');
    await anna.context().setOffline(false);
    await pass(anna, 'green').waitFor({ timeout: 90_000 });
  });
  if (EVERYTHING) await offline();

  const wrongClock = () => step('a gate without network takes no old code for fresh by a clock that was set back', async () => {
    await work(gate, url);
    await gate.waitForFunction(() => navigator.serviceWorker?.controller !== null);
    const old = await code(anna);
    await forward(HOUR);
    await work(gate, url);
    // The device shows an hour less; the old code would be fresh by it.
    await gate.addInitScript(() => {
      const real = Date.now.bind(Date);
      Date.now = () => real() - Number(localStorage.getItem('test.slow') ?? 0);
    });
    await gate.evaluate((ms) => localStorage.setItem('test.slow', String(ms)), HOUR * 1000);
    await gate.context().setOffline(true);
    await gate.reload();
    await gate.locator('[data-clock=behind]').waitFor();
    await paste(gate, old);
    await verdict(gate, 'unclear').waitFor();
    await gate.getByText('Clock not sure').first().waitFor();
    await next(gate);
    await accessible(gate, 'the gate with a wrong clock');
    await gate.evaluate(() => localStorage.removeItem('test.slow'));
    await gate.context().setOffline(false);
    await work(gate, url);
    await gate.locator('[data-clock]').waitFor({ state: 'detached' });
    await paste(gate, await code(anna));
    await verdict(gate, 'admitted').waitFor();
    await away(gate);
  });
  if (EVERYTHING) await wrongClock();

  await step('the server ends in order', async () => {
    await clean.close();
    if (seeing !== clean) await seeing.close();
    await server.stop();
  });
}

// Parts of steps -----------------------------------------------------------------------------

export async function fill(page, who) {
  await page.locator('#f-name').fill(who.name);
  await page.locator('#f-number').fill(who.number);
  if (who.phone) await page.locator('#f-phone').fill(who.phone);
  await choose(page, 'f-home', HOME);
}

/** Chooses a division, level by level; what is chosen already stays. */
async function choose(page, id, path) {
  for (const [depth, value] of path.entries()) {
    const select = page.locator(depth === 0 ? `#${id}` : `#${id}-${depth}`);
    await select.locator(`option[value="${value}"]`).waitFor({ state: 'attached' });
    if ((await select.inputValue()) !== value) await select.selectOption(value);
  }
}

/** A contact of a case of the town by nothing but a ride, with their ticket. */
async function aboard(officer) {
  const { json } = await ask(officer, '/v1/staff/cases');
  for (const { latest_trace: trace } of json.cases.filter((c) => c.latest_trace)) {
    const detail = await ask(officer, `/v1/staff/traces/${trace}`);
    for (const contact of detail.json.contacts) {
      const [only, ...others] = contact.exposures;
      const ticket = only.aboard?.contact[0];
      if (others.length === 0 && ticket?.seat && ticket.may_withdraw) return { trace, contact, ticket };
    }
  }
  throw new Error('nobody took the train with a case');
}

/** The newest one-time code that a phone would have got. */
export async function messageFor(page, url, phone) {
  const end = phone.slice(-4);
  for (const begun = Date.now(); Date.now() - begun < PATIENCE; ) {
    const { text } = await ask(page, `${url}/demo/outbox`);
    const mine = text.split('<li>').find((m) => m.includes(`***${end}`));
    const found = mine && /\b(\d{6})\b/.exec(mine.replace(/<time>.*?<\/time>/, ''));
    if (found) return found[1];
    await page.waitForTimeout(200);
  }
  throw new Error('no message arrived');
}

/** The colour was made again on the device, and nothing differs. */
async function verified(page) {
  await page.locator('[data-testid=verify][data-verified=verified]').waitFor();
}

async function passkey(page) {
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
}

/** Loads the gate page anew, so that it learns the moved time, and begins to work. */
export async function work(gate, url) {
  await gate.goto('about:blank');
  await gate.goto(`${url}/gate/`);
  await gate.getByRole('button', { name: 'Start checking' }).waitFor();
  await gate.getByText('Online').waitFor();
}

export async function paste(gate, text) {
  await gate.locator('#paste').fill(text);
  await gate.getByRole('button', { name: 'Check', exact: true }).click();
}

export async function away(gate) {
  await gate.locator('dialog').waitFor({ state: 'detached' });
}

export async function next(gate) {
  await gate.locator('.face').click();
  await away(gate);
}

async function counts(gate, wanted) {
  for (const [name, n] of Object.entries(wanted)) await gate.locator(`[data-count=${name}]:text-is("${n}")`).waitFor();
}

/** Waits until the server has every scan. */
export async function uploaded(gate) {
  await gate.waitForFunction(() => !/\d+ waiting/.test(document.body.innerText), undefined, { timeout: PATIENCE });
}

async function checkIn(page, url) {
  await page.goto('about:blank');
  await page.goto(`${url}/#/check-in`);
  await page.locator('#f-temperature').fill('36.6');
  await page.getByRole('button', { name: 'Check in for today' }).click();
  await page.locator('[data-testid=checked-in]').waitFor();
}
