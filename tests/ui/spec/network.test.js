import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, openConversation, untilSent, visitInbox } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const statusBar = (page, state) => page.locator(`[data-testid="status-bar"][data-state="${state}"]`);

async function write(page, text) {
  await page.keyboard.press('r');
  await byId(page, 'composer-editor').fill(text);
  await byId(page, 'composer-editor').press('Control+Enter');
  await page.keyboard.press('Escape');
  return byId(page, 'message').filter({ hasText: text });
}

test('without a network the status bar says so, a reply waits in words, and goes out once', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await openConversation(page, host.conversation('Marta Téllez'));
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').getByText(/^Offline since/).waitFor();

  const reply = await write(page, 'La mesa está reservada.');
  await reply.getByText(/queued, offline since/).waitFor();
  await statusBar(page, 'offline').getByText(/1 action queued/).waitFor();
  assert.deepEqual(await host.replies(), []);

  await host.pull('network', { weather: 'fair' });
  await reply.getByText('sent').waitFor();
  await statusBar(page, 'online').getByText('Connected').waitFor();
  assert.deepEqual(await host.replies(), ['La mesa está reservada.']);
});

test('a refused reply says why, and can be copied, retried and discarded', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await openConversation(page, host.conversation('John Smith'));
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  const reply = await write(page, 'I have looked into it.');
  await reply.getByText(/queued/).waitFor();
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });

  const refusal = reply.getByTestId('refusal');
  await refusal.getByText('Your role may not do this. Ask an admin.').waitFor();
  await statusBar(page, 'online').getByText('1 refused').waitFor();
  assert.deepEqual(await host.replies(), []);
  await refusal.getByRole('button', { name: 'Copy' }).click();
  await eventually(async () => {
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'I have looked into it.');
  });

  await host.pull('access', { role: 'agent' });
  await refusal.getByRole('button', { name: 'Retry' }).click();
  await reply.getByText('sent').waitFor();
  await untilSent(host);
  assert.deepEqual(await host.replies(), ['I have looked into it.']);
  await eventually(async () => assert.equal((await host.ask('app_state')).account.role, 'agent'));
  await page.locator('[data-testid="composer-tab-reply"]:not([aria-disabled])').waitFor();

  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  const second = await write(page, 'Forget the last one.');
  await second.getByText(/queued/).waitFor();
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });
  await second.getByRole('button', { name: 'Discard' }).click();
  await second.waitFor({ state: 'detached' });
  await untilSent(host);
  assert.deepEqual(await host.replies(), ['I have looked into it.']);
});
