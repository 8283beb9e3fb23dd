import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  byId,
  eventually,
  inboxLoaded,
  launchBrowser,
  openConversation,
  row,
  untilSent,
  visit,
  visitInbox,
} from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const selected = (page) => page.locator('[data-testid="conversation-row"][aria-selected="true"]');

test('the main job is done with the keyboard alone, and the customer has the reply once', async (t) => {
  const { host, page } = await visit(t, browser);
  const { keyboard } = page;
  const { join_link, email, password } = host.facts;
  const focused = (id) => page.locator(`[data-testid="${id}"]:focus`).waitFor();

  await focused('join-link');
  await keyboard.insertText(join_link);
  await keyboard.press('Enter');
  await focused('sign-in-email');
  await keyboard.type(email);
  await keyboard.press('Tab');
  await keyboard.type(password);
  await keyboard.press('Enter');
  await focused('code-input');
  await keyboard.type((await host.pull('code')).code);
  await keyboard.press('Enter');
  await inboxLoaded(page);

  const john = host.conversation('John Smith');
  await keyboard.press('j');
  await selected(page).waitFor();
  const first = await selected(page).getAttribute('data-conversation-id');
  await keyboard.press('j');
  await page.waitForFunction(
    (id) => document.querySelector('[aria-selected="true"][data-conversation-id]')?.dataset.conversationId !== id,
    first,
  );
  await keyboard.press('k');
  await row(page, first).and(selected(page)).waitFor();
  if (first !== john) await keyboard.press('j');
  await row(page, john).and(selected(page)).waitFor();
  await byId(page, 'message').filter({ hasText: 'declined twice' }).waitFor();
  await keyboard.press('Enter');
  await focused('thread');

  await keyboard.press('r');
  await focused('composer-editor');
  await keyboard.type('Your card works again. Please try it.');
  await keyboard.press('Control+Enter');
  const reply = byId(page, 'message').filter({ hasText: 'Your card works again.' });
  await reply.getByText('sent').waitFor();
  await keyboard.press('Escape');

  await keyboard.press('n');
  await focused('composer-editor');
  await keyboard.type('The limit was raised by Ben.');
  await keyboard.press('Control+Enter');
  const note = page.locator('[data-testid="message"][data-kind="note"]');
  await note.filter({ hasText: 'The limit was raised' }).getByText('sent').waitFor();
  await keyboard.press('Escape');

  await keyboard.press('e');
  await byId(page, 'action-open').waitFor();
  await untilSent(host);
  await keyboard.press('z');
  await byId(page, 'action-close').waitFor();
  await untilSent(host);

  const { head } = await host.ask('conversation_open', { conversation_id: john, limit: 50 });
  assert.equal(head.state, 'open');
  // Once, and nothing else: a note never leaves the team.
  assert.deepEqual(await host.replies(), ['Your card works again. Please try it.']);
});

test('what arrives moves neither the place nor the focus nor the half-typed text', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('John Smith');
  for (let index = 0; index < 25; index += 1) {
    await host.pull('message', { conversation_id: id, text: `Line ${index} of a long story.` });
  }
  await openConversation(page, id);
  await byId(page, 'message').filter({ hasText: 'Line 24' }).waitFor();
  await page.keyboard.press('r');
  const editor = byId(page, 'composer-editor');
  await editor.pressSequentially('I am looking int');
  await editor.press('ArrowLeft');

  const thread = byId(page, 'thread');
  await thread.hover();
  await page.mouse.wheel(0, -300);
  await page.waitForFunction(() => {
    const element = document.querySelector('[data-testid="thread"]');
    // What has just come into sight is measured before it is shown.
    const messages = [...element.querySelectorAll('[data-testid="message"]')];
    return (
      element.scrollHeight - element.clientHeight - element.scrollTop > 200 &&
      messages.every((message) => message.innerText !== '')
    );
  });
  const look = () =>
    page.evaluate(() => {
      const find = (id) => document.querySelector(`[data-testid="${id}"]`);
      const field = find('composer-editor');
      const seen = find('thread').getBoundingClientRect();
      const message = [...document.querySelectorAll('[data-testid="message"]')].find(
        (element) => element.getBoundingClientRect().top >= seen.top,
      );
      return {
        message: message.innerText,
        messageTop: Math.round(message.getBoundingClientRect().top),
        rowTop: Math.round(document.querySelector('[aria-selected="true"]').getBoundingClientRect().top),
        composerTop: Math.round(field.getBoundingClientRect().top),
        text: field.value,
        caret: field.selectionStart,
        focused: document.activeElement === field,
      };
    });
  // A wheel's scroll takes several frames, which on a busy machine are far apart.
  let before = await look();
  await eventually(async () => {
    const earlier = before;
    before = await look();
    assert.deepEqual(before, earlier);
  });
  assert.ok(before.focused);

  await host.pull('message', { conversation_id: id, text: 'Are you still there?' });
  await host.pull('open', { customer: 'Ruth Abel', team: 'Bank', text: 'A new question.' });
  await page.getByRole('button', { name: '1 new message' }).waitFor();
  await byId(page, 'conversation-row').filter({ hasText: 'Ruth Abel' }).waitFor();
  assert.deepEqual(await look(), before);

  await page.getByRole('button', { name: '1 new message' }).click();
  await byId(page, 'message').filter({ hasText: 'Are you still there?' }).waitFor();
});

test('a conversation that leaves the view says so and keeps the half-written reply', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('نور الهدى');
  await openConversation(page, id);
  await page.keyboard.press('r');
  await byId(page, 'composer-editor').fill('Yes, you can change it in the a');
  await host.pull('move_to', { conversation_id: id, team: 'Rides' });

  const left = byId(page, 'conversation-left');
  await left.waitFor();
  assert.match(await left.innerText(), /has left your view/);
  await left.getByText('Yes, you can change it in the a').waitFor();
  await row(page, id).waitFor({ state: 'detached' });
  await left.getByRole('button', { name: 'Copy what I wrote' }).click();
  await eventually(async () => {
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'Yes, you can change it in the a');
  });

  await left.getByRole('button', { name: 'Back to the list' }).click();
  await byId(page, 'sidebar-outbox').click();
  await byId(page, 'kept-draft').filter({ hasText: 'Yes, you can change it in the a' }).waitFor();
});
