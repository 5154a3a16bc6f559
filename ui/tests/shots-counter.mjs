// The walk through the counter by keyboard alone, at one width: read, register with a carer, known, elsewhere.

const zone = (number) => `P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n${number}6UTO7408122F1204159ZE184226B<<<<<10`;

export async function counterScenes({ page, t, go, mock, take, expect }) {
  const has = (id) => page.evaluate((id) => document.activeElement?.id === id, id);
  const types = (text) => page.keyboard.type(text, { delay: 1 });

  await go('overview', t('概览', 'Overview'));
  await go('counter', t('柜台', 'Counter'));
  await page.locator('#reader').waitFor();
  expect(await has('reader'), 'the reader’s field has the focus');
  await take('40-counter');
  // Misread: said, and the next reading replaces it.
  await types(`misread ${zone('L898902C3')}`);
  await page.getByText(t('证件号码读错了', 'The number was misread')).waitFor();
  expect(await has('reader'), 'the focus stays in the field');
  await take('41-counter-misread');
  await types(`odd ${zone('L898902C3')}`);
  await page.locator('#person-name').waitFor();
  expect((await page.locator('#person-name').inputValue()) === 'ERIKSSON ANNA MARIA', 'the name is filled in');
  expect((await page.locator('#person-country').inputValue()) === 'UTO' || (await page.locator('#person-number').inputValue()) === 'L898902C3', 'the number is filled in');
  expect(await has('person-phone'), 'the focus is on what the reader did not say');
  expect((await page.getByTestId('reading-notes').locator('li').count()) === 3, 'what is to be looked at is said');
  await page.keyboard.press('F4');
  await page.locator('#carer-reader').waitFor();
  expect(await has('carer-reader'), 'the carer’s field has the focus');
  await types(zone('X0000001<'));
  await page.locator('#carer-number').waitFor();
  await page.waitForFunction(() => document.querySelector('#carer-number')?.value === 'X0000001');
  await take('42-counter-register');
  const before = mock.state.bodies.length;
  await page.waitForFunction(() => document.activeElement?.matches('#register button[type=submit]'));
  await page.keyboard.press('Enter');
  await page.getByTestId('counter-known').waitFor();
  const sent = mock.state.bodies.slice(before).find((b) => b.path.endsWith('/staff/people'))?.body;
  expect(sent?.carer?.number === 'X0000001' && sent.phone === undefined && sent.born === '1974-08-12', `sent as read: ${JSON.stringify(sent)}`);
  await take('43-counter-done');
  await page.keyboard.press('F2');
  await page.locator('#reader').waitFor();
  expect(await has('reader'), 'F2 leads to the next person');
  await types(zone('X0000001<'));
  await page.getByTestId('counter-known').waitFor();
  await page.locator('#det-phone').waitFor();
  await page.keyboard.press('F8');
  await page.getByTestId('print').getByRole('link').waitFor();
  const printed = mock.state.bodies.filter((b) => b.path.endsWith('/people/paper')).at(-1)?.body;
  expect(printed?.form === 'a6' && printed.replace === false && printed.document.number === 'X0000001', 'F8 prints the paper of whoever shows the document');
  expect((await page.locator('#det-number').count()) === 0, 'the document is not asked for again');
  await take('44-counter-known');
  await page.keyboard.press('F2');
  await page.locator('#reader').waitFor();
  await types(zone('E00000001'));
  await page.getByText(t('辖区以外登记', 'registered outside your region')).waitFor();
  await take('45-counter-elsewhere');
  // By hand, and no trap: Tab leaves the field.
  await page.keyboard.press('F2');
  await page.locator('#reader').waitFor();
  await page.keyboard.press('Tab');
  expect(!(await has('reader')), 'Tab leaves the field');
  await page.keyboard.press('F4');
  await page.locator('#hand-type').waitFor();
  expect(await has('hand-type'), 'by hand begins with the type');
  await take('46-counter-by-hand');
}
