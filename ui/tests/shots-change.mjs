// The walk through policies, what-ifs, proposals and recolouring, at one width.
export async function changeScenes({ page, t, go, mock, take, expect }) {
  const button = (zh, en, exact = true) => page.getByRole('button', { name: t(zh, en), exact });
  const world = mock.state;
  Object.assign(world, { proposals: null, share: 5.77, looks: 3, recolouring: 0 });

  // --- Policies ---
  await go('policies', t('防控规则', 'Policies'));
  await page.locator('[data-testid=policy]').waitFor();
  await page.locator('[data-testid=recolouring] p').first().waitFor();
  await take('20-policies');
  await page.getByRole('link', { name: t('提出新版本', 'Propose a new version') }).click();
  await page.locator('#policy-text').waitFor();
  await page.locator('#policy-text').fill('');
  await button('检查', 'Check').click();
  await page.locator('#policy-text-error').waitFor();
  await page.locator('#policy-file').setInputFiles({ name: 'p.toml', mimeType: 'text/plain', buffer: Buffer.from('id = "x"\n\nversion = two\n\n\n[[rul]]\n\n\n[[rule]]\n') });
  await button('跳到第 3 行第 11 列', 'Go to line 3, column 11', false).click();
  const chosen = await page.locator('#policy-text').evaluate((e) => [document.activeElement === e, e.value.slice(e.selectionStart, e.selectionEnd)]);
  expect(chosen[0] && chosen[1] === 'two', `the place of a problem is chosen: ${chosen}`);
  expect((await page.locator('main img').count()) === 0, 'data is never HTML');
  await take('21-problems');
  await button('以现行规则为底稿', 'Begin with the policy in force').click();
  await page.waitForFunction(() => document.getElementById('policy-text').value.includes('three-colour'));
  await page.getByText(t('再检查一次', 'Check it again')).waitFor();
  await button('检查', 'Check').click();
  await page.getByText(t('没有可推演的', 'nothing to replay')).waitFor();
  expect((await button('推演', 'Run the what-if').count()) === 0, 'the same policy is not replayed');
  const text = await page.locator('#policy-text').inputValue();
  await page.locator('#policy-text').fill(text.replace('days = 14', 'days = 10'));
  await button('检查', 'Check').click();
  await button('推演', 'Run the what-if').waitFor();
  await take('22-checked');

  // --- What-if: stopped, then run to its end ---
  world.looks = 1000;
  await button('推演', 'Run the what-if').click();
  await page.locator('progress').first().waitFor();
  await take('23-running');
  await button('停止推演', 'Stop the what-if').click();
  await page.getByText(t('推演已停止', 'was stopped')).waitFor();
  world.looks = 3;
  await page.locator('main').getByRole('link', { name: t('重新开始', 'Begin anew') }).last().click();
  expect((await page.locator('#policy-text').inputValue()).includes('days = 10'), 'the text is still there');
  await button('检查', 'Check').click();
  await button('推演', 'Run the what-if').click();
  await page.locator('[data-testid=what-if]').waitFor();
  expect((await page.locator('[data-count=newly_confined]').textContent()) === '412', 'the number of the newly confined');
  expect((await page.locator('[data-count=without_lab]').textContent()) === '388', 'the number of those without a tested case');
  await page.locator('[data-second=true]').waitFor();
  // The way to the worst division is open; the others are not.
  expect((await page.getByText(t('西湖区', 'Xihu'), { exact: true }).count()) === 1, 'the worst division is seen');
  await page.getByText(t('看数字', 'The numbers')).click();
  await take('24-what-if');
  const rows = () => page.locator('table').filter({ has: page.locator('th[aria-sort]') }).locator('tbody tr').count();
  const all = await rows();
  await page.locator('th[scope=row] button[aria-expanded=true]').first().click();
  expect((await rows()) === 1 && all > 3, 'a division can be closed');
  // A reload finds the same result.
  await page.reload();
  await page.locator('[data-testid=what-if]').waitFor();
  await button('提交复核', 'Hand to the second officer').click();
  await page.locator('#reason-error').waitFor();
  await page.locator('#reason').fill('Sample');
  await button('提交复核', 'Hand to the second officer').click();
  await page.locator('[data-testid=proposal][data-state=waiting]').waitFor();
  expect((await button('同意并生效', 'Approve and put into force').count()) === 0, 'the proposer cannot approve');
  await page.getByText(t('这是您提出的', 'You proposed this')).waitFor();
  await take('25-mine');
  await button('收回提案', 'Withdraw the proposal').click();
  await button('确定', 'Yes').click();
  await page.locator('[data-testid=proposal][data-state=withdrawn]').waitFor();

  // --- The second officer ---
  await go('proposals', t('提案', 'Proposals'));
  await page.locator('tbody tr').nth(3).waitFor();
  await take('26-proposals');
  await page.evaluate(() => (location.hash = '#/proposals/n0000000000001'));
  await page.locator('#decision').waitFor();
  await button('否决', 'Reject').click();
  await page.locator('#decision-error').waitFor();
  await take('27-decide');
  await button('同意并生效', 'Approve and put into force').click();
  await button('确定', 'Yes').click();
  await page.locator('[data-testid=proposal][data-state=applied]').waitFor();
  await page.locator('[data-testid=recolouring][data-state=running]').waitFor();
  await take('28-applied');
  await page.locator('[data-testid=recolouring][data-state=idle]').waitFor();

  // --- Regions: below the limit it takes effect at once ---
  world.share = 0.31;
  await go('regions', t('风险地区', 'Risk regions'));
  await page.locator('#region-2').waitFor();
  await take('29-regions');
  await page.locator('#region-2').selectOption('CN-330106');
  await button('推演', 'Run the what-if').click();
  await page.locator('[data-second=false]').waitFor();
  await page.locator('#reason').fill('Sample');
  await button('使之生效', 'Put into force').click();
  await page.locator('[data-testid=proposal][data-state=applied]').waitFor();
  await go('overview', t('概览', 'Overview'));
  await page.locator('[data-count=green]').waitFor();
  await take('30-overview');
  // A what-if that the server no longer has.
  await page.evaluate(() => (location.hash = '#/policies/what-if/w0000000000999'));
  await page.getByRole('alert').filter({ hasText: t('推演', 'what-if') }).waitFor();
}
