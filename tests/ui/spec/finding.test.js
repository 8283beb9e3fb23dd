import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, openConversation, row, visitInbox, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const english = wordsOf('en');
const spanish = wordsOf('es');

test('the search finds while one types and opens what it found', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await page.keyboard.press('/');
  await page.keyboard.type('viewin');
  const result = byId(page, 'search-result');
  await result.filter({ hasText: 'Lena Novak' }).waitFor();
  await page.keyboard.type('g thursday');
  await result.filter({ hasText: 'Is the viewing on Thursday still on?' }).waitFor();
  assert.equal(await result.count(), 1);
  await page.keyboard.press('Enter');
  await byId(page, 'message').filter({ hasText: 'Is the viewing on Thursday still on?' }).waitFor();
  await result.waitFor({ state: 'detached' });

  await page.keyboard.press('/');
  await page.keyboard.type('预订');
  await page.getByText('Nothing found').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await byId(page, 'search-input').inputValue(), '');
  await host.pull('message', { conversation_id: host.conversation('王小雨'), text: '我想预订两个房间。' });
  await page.keyboard.press('/');
  await page.keyboard.type('预订');
  await result.filter({ hasText: '王小雨' }).waitFor();
});

test('what is found from another page takes the keys', async (t) => {
  const { page } = await visitInbox(t, browser);
  await byId(page, 'sidebar-outbox').click();
  await byId(page, 'outbox').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('viewing thursday');
  await byId(page, 'search-result').first().waitFor();
  await page.keyboard.press('Enter');
  await byId(page, 'message').filter({ hasText: 'Is the viewing on Thursday still on?' }).waitFor();
  await page.keyboard.press('r');
  await page.locator('[data-testid="composer-editor"]:focus').waitFor();
});

test('the palette finds an action by its name, and the picker behind it does it', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('John Smith');
  await openConversation(page, id);
  await page.keyboard.press('Control+k');
  await page.locator('[data-testid="palette-input"]:focus').waitFor();
  await page.keyboard.type('snoo');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="picker-input"]:focus').waitFor();
  await page.keyboard.type('tomorrow');
  await page.keyboard.press('Enter');
  await page.getByText(/^Snoozed until/).first().waitFor();
  await byId(page, 'sidebar-view-snoozed').click();
  await row(page, id).waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('no such action');
  await page.getByText(english('picker-nothing')).waitFor();
  await page.keyboard.press('Escape');
  await byId(page, 'palette-input').waitFor({ state: 'detached' });
});

test('the question mark shows every key, and Esc gives the focus back', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await openConversation(page, host.conversation('John Smith'));
  await byId(page, 'conversation-list').focus();
  await page.keyboard.press('?');
  const sheet = byId(page, 'cheat-sheet');
  for (const command of ['conversation-reply', 'composer-send', 'palette-open', 'go-mine']) {
    await sheet.getByText(english(`command-${command}`), { exact: true }).first().waitFor();
  }
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await page.locator('[data-testid="conversation-list"]:focus').waitFor();
});

test('language and theme change at once and stay', async (t) => {
  const { page } = await visitInbox(t, browser);
  const root = page.locator('html');
  await page.keyboard.press('Control+,');
  await page.getByRole('radio', { name: 'Español' }).check();
  await page.getByRole('heading', { name: spanish('settings-title') }).waitFor();
  const dark = page.getByRole('radio', { name: spanish('settings-theme-dark') });
  await dark.click();
  await page.locator('html[lang="es"][data-theme="dark"]').waitFor();
  await dark.and(page.locator(':checked')).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText(spanish('status-online')).waitFor();

  await page.reload();
  await page.locator('html[lang="es"][data-theme="dark"]').waitFor();
  await byId(page, 'conversation-row').first().waitFor();
  await byId(page, 'sidebar-view-mine').getByText(spanish('view-mine')).waitFor();
  assert.equal(await root.getAttribute('lang'), 'es');
});

test('a key that is taken is changed only when one takes it, and then works', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('John Smith');
  await openConversation(page, id);
  await page.keyboard.press('Control+,');
  await byId(page, 'settings-keys').click();
  const change = page.getByRole('button', { name: 'Change the key for Reply', exact: true });
  const conflict = byId(page, 'key-conflict');

  await change.click();
  await byId(page, 'key-recorder').waitFor();
  await page.keyboard.press('e');
  await conflict.getByText('e belongs to: Close').waitFor();
  await conflict.getByRole('button', { name: english('cancel') }).click();
  await conflict.waitFor({ state: 'detached' });
  assert.deepEqual((await host.ask('app_state')).settings.keys, {});

  await change.click();
  await byId(page, 'key-recorder').waitFor();
  await page.keyboard.press('e');
  await conflict.getByRole('button', { name: english('keys-take') }).click();
  await eventually(async () => {
    const { keys } = (await host.ask('app_state')).settings;
    assert.deepEqual(keys, { 'conversation.reply': ['e'], 'conversation.close': [] });
  });
  await page.keyboard.press('Escape');
  await byId(page, 'settings').waitFor({ state: 'detached' });
  await byId(page, 'conversation-list').focus();
  await page.keyboard.press('e');
  await page.locator('[data-testid="composer-editor"]:focus').waitFor();
  const { head } = await host.ask('conversation_open', { conversation_id: id, limit: 1 });
  assert.equal(head.state, 'open', 'the key closes nothing any more');
});

test('what is not on this computer is found on the server, and opens', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = 'Glad to hear it';
  await page.keyboard.press('/');
  await page.keyboard.type(words);
  await page.getByText('Nothing found').waitFor();
  assert.equal(await byId(page, 'search-result').count(), 0, 'what was closed before is not in a new cache');
  await byId(page, 'search-server').click();
  await byId(page, 'search-result').filter({ hasText: 'Priya Desai' }).click();
  await byId(page, 'message').filter({ hasText: words }).waitFor();
  const { head } = await host.ask('conversation_open', {
    conversation_id: host.conversation('Priya Desai'),
    limit: 1,
  });
  assert.equal(head.state, 'closed');
});

test('what is found far back is shown where it stands, and what cannot be had offline is told', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await host.pull('import', { customer: 'Ruth Abel', team: 'Bank', messages: 1_000 });
  await byId(page, 'sidebar-view-all').click();
  await byId(page, 'conversation-row').filter({ hasText: 'Ruth Abel' }).click();
  const message = (number) => byId(page, 'message').filter({ hasText: `Message number ${number}.` });
  await message(1_000).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('Message number 137');
  await byId(page, 'search-server').click();
  const found = byId(page, 'search-result').filter({ hasText: 'Message number 137.' });
  await found.waitFor();

  await host.pull('network', { weather: 'cut' });
  await page.locator('[data-testid="status-bar"][data-state="offline"]').waitFor();
  await found.click();
  await page.getByText(english('thread-target-offline')).waitFor();
  await message(1_000).waitFor();

  await host.pull('network', { weather: 'fair' });
  await page.locator('[data-testid="status-bar"][data-state="online"]').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('Message number 137');
  await byId(page, 'search-server').click();
  await found.click();
  const inSight = (number) =>
    eventually(async () => {
      const [box, pane] = [await message(number).boundingBox(), await byId(page, 'thread').boundingBox()];
      assert.ok(box.y >= pane.y && box.y + box.height <= pane.y + pane.height, `${number} is in sight`);
    });
  await message(137).waitFor();
  await inSight(137);
  await inSight(136);
  await inSight(138);
});

test('the drafts are one key away, and go on where they were left', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const conversation_id = host.conversation('Marta Téllez');
  await host.ask('draft_save', { conversation_id, kind: 'reply', body_text: 'Para mañana a las' });
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  const draft = byId(page, 'kept-draft').filter({ hasText: 'Para mañana a las' });
  await draft.locator('button:focus').waitFor();
  await page.keyboard.press('Enter');
  await byId(page, 'composer-editor').waitFor();
  assert.equal(await byId(page, 'composer-editor').inputValue(), 'Para mañana a las');
});
