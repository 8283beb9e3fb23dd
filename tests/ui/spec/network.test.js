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

test('a reply whose answer was lost is shown as on its way, and is sent once', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const marta = host.conversation('Marta Téllez');
  await openConversation(page, marta);
  // The next command is to be the reply, not the mark that this was read.
  await page.locator(`[data-conversation-id="${marta}"]:not([data-unread="true"])`).waitFor();
  await untilSent(host);
  await host.pull('network', { weather: 'lost_from_next_command' });
  const reply = await write(page, 'La terraza es vuestra.');
  // The server has it; nobody on this side can know.
  await eventually(async () => assert.deepEqual(await host.replies(), ['La terraza es vuestra.']));
  await reply.getByText(/queued|sending/).waitFor();
  assert.equal(await reply.getByText('sent', { exact: true }).count(), 0);

  await host.pull('network', { weather: 'fair' });
  await byId(page, 'message').filter({ hasText: 'La terraza es vuestra.' }).getByText('sent').waitFor();
  await untilSent(host);
  assert.deepEqual(await host.replies(), ['La terraza es vuestra.']);
  assert.equal(await byId(page, 'message').filter({ hasText: 'La terraza es vuestra.' }).count(), 1);
});

test('one need not wait for the next attempt', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  // The more attempts failed, the longer the wait before the next.
  await eventually(async () => {
    const { since, next_attempt_at } = (await host.ask('app_state')).connection;
    assert.ok(next_attempt_at - since > 5_000_000);
  });
  await host.pull('network', { weather: 'fair' });
  await byId(page, 'connection-retry').click();
  await statusBar(page, 'online').waitFor();
  assert.equal(await byId(page, 'connection-retry').count(), 0);
});

test('the outbox is a view of its own, walked through and emptied by keys', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const marta = host.conversation('Marta Téllez');
  const john = host.conversation('John Smith');
  await openConversation(page, marta);
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  const submit = (conversation_id, action) => host.ask('command_submit', { conversation_id, action });
  const reply = (body_text) => ({ type: 'conversation_reply', body_text, last_seen_seq: 2 });
  await submit(marta, reply('first'));
  await submit(john, reply('second'));
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });
  await statusBar(page, 'online').getByText('2 refused').waitFor();
  await host.pull('access', { role: 'agent' });
  await eventually(async () => assert.equal((await host.ask('app_state')).account.role, 'agent'));
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  await submit(john, { type: 'conversation_close' });

  await byId(page, 'status-queued').click();
  const entries = byId(page, 'outbox-entry');
  await entries.nth(2).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const focused = () => page.evaluate(() => document.activeElement?.closest('li')?.innerText ?? '');
  assert.match(await focused(), /Reply to John Smith[^]*second/);
  // The key is about the one with the focus.
  await page.keyboard.press('Shift+Z');
  await page.locator('[data-testid="outbox-entry"][data-delivery="queued"]').filter({ hasText: 'second' }).waitFor();
  await page.locator('[data-delivery="refused"]').filter({ hasText: 'first' }).waitFor();
  // What only waits can be given up.
  await entries.filter({ hasText: 'John Smith: close' }).getByTestId('outbox-discard').click();
  await entries.filter({ hasText: 'John Smith: close' }).waitFor({ state: 'detached' });

  await page.keyboard.press('Control+k');
  await byId(page, 'palette-input').fill('retry everything');
  await page.keyboard.press('Enter');
  await page.locator('[data-delivery="refused"]').waitFor({ state: 'detached' });
  await host.pull('network', { weather: 'fair' });
  await untilSent(host);
  assert.deepEqual((await host.replies()).sort(), ['first', 'second']);
  await page.getByText('Nothing waits.').waitFor();
});

test('what a colleague did while a reply waited is told in a sentence, with the key that does it again', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const conversation_id = host.conversation('Marta Téllez');
  await openConversation(page, conversation_id);
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  const reply = await write(page, 'Os espero el jueves.');
  await host.pull('colleague', { conversation_id, action: { type: 'conversation_close' } });
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });
  await reply.getByTestId('refusal').waitFor();
  await reply.getByText(/^Ben Okafor closed this while you were away/).waitFor();

  await page.keyboard.press('g');
  await page.keyboard.press('o');
  const entry = byId(page, 'outbox-entry').filter({ hasText: 'Os espero el jueves.' });
  await entry.getByText(/^Ben Okafor closed this while you were away/).waitFor();
  await entry.getByRole('button', { name: /Reply to Marta/ }).press('Enter');

  await host.pull('access', { role: 'agent' });
  await eventually(async () => assert.equal((await host.ask('app_state')).account.role, 'agent'));
  await page.keyboard.press('Shift+Z');
  await reply.getByText('sent').waitFor();
  assert.deepEqual(await host.replies(), ['Os espero el jueves.']);
});

test('an assignment that was refused because of a colleague says so in the thread, and one key does it again', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const conversation_id = host.conversation('王小雨');
  await openConversation(page, conversation_id);
  await host.pull('network', { weather: 'cut' });
  await statusBar(page, 'offline').waitFor();
  await page.keyboard.press('i');
  const events = byId(page, 'event');
  await events.filter({ hasText: /You took this/ }).getByText('queued').waitFor();
  const ben = (await host.ask('directory')).teammates.find(({ name }) => name === 'Ben Okafor');
  const action = { type: 'conversation_assign', admin_assignee_id: ben.id };
  await host.pull('colleague', { conversation_id, action });
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });
  const mine = events.filter({ hasText: /You took this/ });
  await mine.getByTestId('refusal').waitFor();
  await mine.getByText(/^Ben Okafor took this while you were away/).waitFor();
  await host.pull('access', { role: 'agent' });
  await eventually(async () => assert.equal((await host.ask('app_state')).account.role, 'agent'));
  await page.keyboard.press('Shift+Z');
  await mine.getByTestId('refusal').waitFor({ state: 'detached' });
  await untilSent(host);
  const { head } = await host.ask('conversation_open', { conversation_id, limit: 1 });
  assert.equal(head.admin_assignee_id, (await host.ask('app_state')).account.teammate_id);
});

test('closing that a colleague overtook before its answer came says so, and one key closes again', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const conversation_id = host.conversation('John Smith');
  const state = async () => (await host.ask('conversation_open', { conversation_id, limit: 1 })).head.state;
  await openConversation(page, conversation_id);
  await page.locator(`[data-conversation-id="${conversation_id}"]:not([data-unread="true"])`).waitFor();
  await untilSent(host);
  await host.pull('network', { weather: 'lost_from_next_command' });
  await page.keyboard.press('e');
  const mine = byId(page, 'event').filter({ hasText: /You closed this/ });
  await mine.waitFor();
  const seen = () => host.pull('seen_by_colleague', { conversation_id });
  await eventually(async () => assert.equal((await seen()).head.state, 'closed'));
  // The server has it, and the agent is away for longer than a moment.
  await host.pull('colleague', { conversation_id, action: { type: 'conversation_open' } });
  await host.pull('time', { seconds: 60 });
  await host.pull('network', { weather: 'fair' });
  await untilSent(host);
  await mine.getByText(/^Ben Okafor reopened this while you were away/).waitFor();
  assert.equal(await state(), 'open');
  await mine.getByTestId('meanwhile-redo').waitFor();
  await page.keyboard.press('Shift+Z');
  await eventually(async () => assert.equal(await state(), 'closed'));
  await byId(page, 'meanwhile-redo').waitFor({ state: 'detached' });
});
