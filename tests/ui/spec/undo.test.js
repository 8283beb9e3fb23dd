import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, openConversation, untilSent, visitInbox, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Picks the entry that begins so from the open picker. */
async function pick(page, text) {
  await page.locator('[data-testid="picker-input"]:focus').waitFor();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
  await byId(page, 'picker-input').waitFor({ state: 'detached' });
}

const DEEDS = [
  ['assigning', (page) => page.keyboard.press('a').then(() => pick(page, 'Ben')), ({ head }) => head.admin_assignee_id],
  [
    'moving to a team',
    (page) => page.keyboard.press('v').then(() => pick(page, 'Reserv')),
    ({ head }) => head.team_assignee_id,
  ],
  [
    'snoozing',
    (page) => page.keyboard.press('b').then(() => pick(page, 'tomorrow')),
    ({ head }) => [head.state, head.snoozed_until],
  ],
  ['closing', (page) => page.keyboard.press('e'), ({ head }) => head.state],
  ['the priority', (page) => page.keyboard.press('p'), ({ head }) => head.priority],
  ['a tag', (page) => page.keyboard.press('t').then(() => pick(page, 'urgent')), ({ head }) => head.tags],
  ['unread', (page) => page.keyboard.press('Shift+U'), ({ unread }) => unread],
];

test('everything that is done to a conversation is taken back by one key, here and on the server', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const conversation_id = host.conversation('John Smith');
  await openConversation(page, conversation_id);
  await page.locator(`[data-conversation-id="${conversation_id}"]:not([data-unread="true"])`).waitFor();
  await untilSent(host);
  const look = (of) => host.ask('conversation_open', { conversation_id, limit: 1 }).then(of);
  for (const [name, deed, of] of DEEDS) {
    const before = await look(of);
    await byId(page, 'conversation-list').focus();
    await deed(page);
    await eventually(async () => assert.notDeepEqual(await look(of), before, name));
    await byId(page, 'toast-undo').last().waitFor();
    await untilSent(host);
    await page.keyboard.press('z');
    await eventually(async () => assert.deepEqual(await look(of), before, name));
    await untilSent(host);
    assert.deepEqual(await look(of), before, `${name}, after the server's answer`);
  }
});

for (const [language, locale] of [
  ['en', 'en-GB'],
  ['es', 'es-ES'],
]) {
  const words = wordsOf(language);

  test(`a note is taken back before it is sent, with its words, and not after (${language})`, async (t) => {
    const { host, page } = await visitInbox(t, browser, { locale });
    const conversation_id = host.conversation('John Smith');
    await openConversation(page, conversation_id);
    const notes = async () => {
      const { parts } = await host.ask('conversation_open', { conversation_id, limit: 50 });
      return parts.filter(({ part }) => part.part_type === 'note').map(({ part }) => part.body_text);
    };
    const write = async (text) => {
      await page.keyboard.press('n');
      await page.locator('[data-testid="composer-editor"]:focus').waitFor();
      await byId(page, 'composer-editor').fill(text);
      await page.keyboard.press('Control+Enter');
      await page.getByText(words('done-note')).waitFor();
      await page.keyboard.press('Escape');
    };
    await write('To nobody');
    await page.keyboard.press('z');
    await page.getByText(words('undone')).waitFor();
    await page.locator('form[data-kind="note"]').waitFor();
    await eventually(async () => assert.equal(await byId(page, 'composer-editor').inputValue(), 'To nobody'));
    await untilSent(host);
    assert.deepEqual(await notes(), []);

    await write('To everybody');
    await untilSent(host);
    await page.keyboard.press('z');
    await page.getByText(words('undo-note-late')).waitFor();
    assert.deepEqual(await notes(), ['To everybody']);
  });
}
