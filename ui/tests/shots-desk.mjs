// The walk through taking records back, what waits, and what the operator has to look at, at one width.
import { ALL_POWERS } from './mock-staff.mjs';

export async function deskScenes({ page, t, go, mock, take, expect }) {
  const button = (zh, en) => page.getByRole('button', { name: t(zh, en), exact: true });
  const world = mock.state;
  world.withdrawn.clear();
  const sent = () => world.bodies.filter((b) => b.path.endsWith('/withdrawals')).map((b) => b.body);
  const group = page.getByRole('group', { name: t('撤销这条记录', 'Withdraw this record') });
  let asked = '';
  /** Asks, is told what falls with it, gives a reason, and sends. */
  const takeBack = async (within, picture, name = /^(撤销|Withdraw): /) => {
    await within.getByRole('button', { name }).first().click();
    await group.waitFor();
    expect(await group.evaluate((e) => document.activeElement === e), `${picture}: the question has the focus`);
    asked = await group.getByTestId('which').innerText();
    await take(`${picture}-asked`);
    const before = sent().length;
    await group.getByRole('button', { name: t('撤销', 'Withdraw it'), exact: true }).click();
    await group.locator('.field-error').waitFor();
    expect(sent().length === before, `${picture}: nothing is sent without a reason`);
    await group.locator('select').selectOption('wrong_person');
    await group.getByRole('button', { name: t('撤销', 'Withdraw it'), exact: true }).click();
    await page.getByTestId('withdrawn').waitFor();
    await group.waitFor({ state: 'detached' });
    return sent().at(-1);
  };

  // --- Taking back ---
  await go('cases', t('病例与追踪', 'Cases and traces'));
  await page.locator('table').first().waitFor();
  await page.locator('table').getByRole('button', { name: /^(撤销|Withdraw): / }).nth(1).click();
  await group.waitFor();
  expect((await group.textContent()).includes('14'), 'the contacts that fall with a case are counted');
  await button('不撤销', 'Keep it').click();
  await group.waitFor({ state: 'detached' });
  const one = await takeBack(page.locator('table').first(), '30-case');
  expect(one.case === 'c0000000000002' && one.reason === 'wrong_person', `a case is withdrawn with its reason: ${JSON.stringify(one)}`);
  await go('records', t('记录与文件', 'Records and files'));
  await page.getByTestId('own').locator('tbody tr').nth(3).waitFor();
  expect((await page.getByTestId('audited').count()) === 0, 'who recorded what is for auditors');
  const record = await takeBack(page.getByTestId('own'), '31-records');
  expect(record.evidence === 'e0000000000031' && asked.includes('LAB-2207'), 'the own record is withdrawn, and the question says which it is');
  await take('31-records-withdrawn');
  const ride = await takeBack(page.getByTestId('own').locator('tr', { hasText: t('乘车记录', 'ride') }), '31-ride');
  expect(ride.ride === 'r0000000000003', 'the ride is withdrawn among what was recorded');
  const file = await takeBack(page.getByTestId('files'), '32-file');
  expect(file.import === 'm0000000000001', 'the whole file is withdrawn');
  const levels = await takeBack(page.getByTestId('files'), '32-levels');
  expect(levels.import === 'm0000000000003', 'the whole list of risk levels is withdrawn');
  const visits = page.getByTestId('files').locator('tr', { hasText: t('到访记录', 'Visits') });
  expect((await visits.getByRole('button').count()) === 0, 'a file of visits cannot be withdrawn, so it is not offered');
  await go('regions', t('风险地区', 'Risk regions'));
  await page.locator('table').first().waitFor();
  const level = await takeBack(page.locator('table').first(), '33-region');
  expect(level.risk_level === 'e0000000000021', 'the risk level is withdrawn');
  await go('people', t('查找一个人', 'Find a person'));
  await page.locator('#find-type').selectOption('passport');
  await page.locator('#find-number').fill('X1234567');
  await page.locator('#find-country').selectOption('JPN');
  await page.locator('#find-purpose').selectOption('quarantine');
  await button('查找', 'Find').click();
  await button('打开记录', 'Open the record').click();
  await page.getByRole('heading', { name: t('此人看到什么', 'What they see') }).waitFor();
  const test = await takeBack(page.locator('main'), '34-person');
  expect(test.evidence === 'e0000000000002', 'the test is withdrawn where it is seen');
  expect((await page.locator('main').innerText()).match(/document_|wrong_person|sample_mixed/) === null, 'no word of the program reaches the page');
  await take('34-person-withdrawn');

  // Who was not aboard is taken back where the trace shows them.
  await page.evaluate(() => (location.hash = '#/traces/t0000000000001'));
  await page.getByRole('heading', { level: 1, name: t('追踪结果', 'Result of a trace') }).waitFor();
  await page.locator('tbody button[aria-expanded]').first().click();
  const aboard = page.locator('[data-ticket=contact]').filter({ hasText: '05-13F' });
  const gone = await takeBack(aboard, '35-trace', /^(撤销|Withdraw): .*05-13F/);
  expect(gone.ride === 'r0000000000002', 'the ride of the contact is withdrawn, not that of the case');
  expect((await page.locator('[data-ticket=source]').first().textContent()).includes('05-12A'), 'that of the case stands');
  await take('35-trace-withdrawn');

  // --- What is missing is said ---
  await go('waiting', t('等待第二人确认', 'Waiting for a second pair of eyes'));
  await button('查看样本', 'Show the samples').click();
  await page.getByTestId('unreadable').waitFor();
  await take('35-waiting');
  for (const [hash, heading] of [['overview', t('概览', 'Overview')], ['quarantine', t('隔离管理', 'Quarantine')]]) {
    await go(hash, heading);
    await page.getByTestId('unreadable').waitFor();
  }

  // --- Appeals: the list, one of them, the decision ---
  await go('appeals', t('申诉', 'Appeals'));
  await button('打开', 'Open').first().click();
  await page.getByTestId('appeal').waitFor();
  await take('36-appeal');
  await page.locator('#finding').selectOption('wrong_person');
  await page.locator('#reply').fill(t('样本管属于他人，记录已撤销。', 'The tube was somebody else’s; the record is withdrawn.'));
  await button('作出决定', 'Decide').click();
  await page.locator('.ask button').first().click();
  await page.getByTestId('decided').waitFor();
  await take('36-appeal-decided');

  // --- Who is it: asked, refused by the rules, decided on, read ---
  await go('identities', t('查询身份', 'Who is it?'));
  await page.getByTestId('deciding').locator('tbody tr').waitFor();
  await page.locator('#target').selectOption('seat');
  await button('申请', 'Ask').click();
  expect((await page.locator('form .field-error').count()) === 4, 'what is missing is said before anything is sent');
  await page.locator('#case').fill('c0000000000009');
  await page.locator('#trip').fill('p0000000000001');
  await page.locator('#seat').fill('05-12B');
  await page.locator('#why').fill(t('已用其他方式联系，均无人应答。', 'Nobody answers in any other way.'));
  await button('申请', 'Ask').click();
  await page.locator('form [role=alert] .note').waitFor();
  await take('36-identity-asked');
  await page.getByTestId('deciding').getByRole('button', { name: t('拒绝', 'Refuse'), exact: true }).click();
  await page.getByTestId('deciding').locator('.field-error').waitFor();
  await button('查看是谁', 'Show who it is').click();
  await page.locator('.ask button').first().click();
  await page.getByTestId('person').waitFor();
  await take('36-identity-read');
  // --- Alarms: on each page, the list, an answer; the list of protected people ---
  await page.getByTestId('alarm-banner').waitFor();
  Object.assign(world, { alarmAnswered: false, may: ['answer_alarms', 'protect_people', 'confirm_powers', 'read_lists'] });
  await page.reload();
  await go('alarms', t('警报', 'Alarms'));
  await button('答复', 'Answer').first().click();
  await page.locator('[id^="answer-"]').selectOption('wrong_records');
  await take('37-alarms');
  await button('答复', 'Answer').first().click();
  await page.locator('.ask button').first().click();
  await page.getByTestId('answered').waitFor();
  await page.getByTestId('protected').getByRole('button').first().click();
  await page.locator('.ask button').first().click();
  await page.getByTestId('protected-said').waitFor();
  await take('37-alarms-answered');

  // --- What the operator has to look at ---
  const as = async (may, trouble) => {
    Object.assign(world, { may, trouble });
    await page.reload();
  };
  const operator = ['manage_places', 'invite_staff', 'read_operation'];
  await as(operator, null);
  await go('operation', t('运行状况', 'Operation'));
  await page.getByText(t('没有需要处理的事项', 'nothing to look at')).waitFor();
  await take('36-operation-fine');
  await as(operator, 'warning');
  await page.getByTestId('warnings').waitFor();
  expect((await page.getByTestId('warnings').innerText()).includes('12'), 'the days are told');
  expect((await page.locator('main').innerText()).includes('made up') === false, 'each finding has words of its own');
  await take('37-operation-keys');
  await go('places', t('场所与门岗', 'Places and gates'));
  await page.getByTestId('attention').locator('[data-code="keys.end_soon"]').waitFor();
  await take('38-attention');
  await as(operator, 'problem');
  await go('operation', t('运行状况', 'Operation'));
  await page.getByTestId('problems').waitFor();
  await take('39-operation-problem');
  await as(['read_audit', 'read_operation'], null);
  await go('records', t('记录与文件', 'Records and files'));
  await page.getByTestId('audited').locator('tbody tr').first().waitFor();
  await take('40-audited');
  await as(ALL_POWERS, null);
  await page.locator('nav a').first().waitFor();
}
