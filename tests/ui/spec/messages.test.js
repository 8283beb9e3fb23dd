import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, openConversation, PATIENCE_MS, visitInbox, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Goes up in the open conversation until the message is there. Each page that is missing comes when one is near. */
async function readBackTo(page, message) {
  const thread = byId(page, 'thread');
  // What lies far below is let go, so the height says nothing.
  const uppermost = () => byId(page, 'message').first().getAttribute('data-part-id');
  let top = await uppermost();
  let deadline = Date.now() + PATIENCE_MS;
  while ((await message.count()) === 0) {
    assert.ok(Date.now() < deadline, 'the beginning comes');
    await thread.focus();
    await page.keyboard.press('Home');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve())));
    const now = await uppermost();
    if (now !== top) deadline = Date.now() + PATIENCE_MS;
    top = now;
  }
}

/** Every way that is known to run, load or ask something, each of which would leave its mark. */
const HOSTILE = readFileSync(new URL('../../hostile/message.html', import.meta.url), 'utf8');

test('HTML of a customer runs nothing and loads nothing, and can be read', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('Lena Novak');
  const everything = [];
  page.context().on('request', (request) => everything.push(request.url()));
  page.context().on('page', (opened) => everything.push(`a window: ${opened.url()}`));
  await host.pull('message', { conversation_id: id, html: HOSTILE });
  await openConversation(page, id);

  const frame = page.locator('[data-testid="message"] iframe');
  await frame.waitFor();
  assert.equal(await frame.getAttribute('sandbox'), '', 'the frame may do nothing');
  const inside = page.frameLocator('[data-testid="message"] iframe');
  await inside.getByText('Tea').waitFor();
  await inside.getByText('Thank you, see you soon').click();
  const active = await frame.evaluate((element) => {
    const elements = [...new DOMParser().parseFromString(element.srcdoc, 'text/html').body.querySelectorAll('*')];
    const names = elements.map(({ localName }) => localName);
    const attributes = elements.flatMap((it) => it.getAttributeNames());
    return [
      ...names.filter((name) => !/^(font|h2|table|tbody|tr|td|p|div|a|center|b|i)$/.test(name)),
      ...attributes.filter((name) => /^on|^style$|src|href|action|background|^ping$|^id$|^name$/.test(name)),
    ];
  });
  assert.deepEqual(active, [], 'nothing is left that runs, loads, asks or leaves');

  await page.getByRole('link', { name: 'Your order online' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'A trap' }).count(), 0, 'a link that runs something is no link');
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('[data-testid="message"] iframe[srcdoc*=\'color-scheme" content="dark\']').waitFor();
  const outside = everything.filter((url) => !url.startsWith(host.origin) && !/^(data|blob|about):/.test(url));
  assert.deepEqual(outside, []);
});

test('signs that upset programs are shown and leave everything else as it is', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('Lena Novak');
  const say = (text) => host.pull('message', { conversation_id: id, text });
  await say('before\u0000after');
  await say('مرحبا، رقم الطلب 4411 من فضلك');
  await say(`Zalgo ${'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334'.repeat(20)} end`);
  await say('\u202eevil turned around\u202c and \u{1f468}\u200d\u{1f469}\u200d\u{1f467}');
  await say('<b>not bold</b> & "plain"');
  await openConversation(page, id);

  const message = (text) => byId(page, 'message').filter({ hasText: text });
  await message(/before.?after/).waitFor();
  const arabic = message('مرحبا').locator('[dir="auto"]').first();
  assert.equal(await arabic.evaluate((element) => getComputedStyle(element).direction), 'rtl');
  const zalgo = await message('Zalgo').boundingBox();
  const pane = await byId(page, 'thread').boundingBox();
  assert.ok(zalgo.width <= pane.width, 'combining signs do not widen the pane');
  await message('turned around').waitFor();
  await message('<b>not bold</b> & "plain"').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
});

test('a message of a megabyte opens, and shows more of itself when asked', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('Lena Novak');
  const words = 'All of this was already said, and it is said again here. ';
  const text = `It begins. ${words.repeat(Math.floor(990_000 / words.length))}It ends.`;
  await host.pull('message', { conversation_id: id, text });
  await openConversation(page, id);
  const long = byId(page, 'message').filter({ hasText: 'It begins.' });
  await long.waitFor();
  const length = async () => (await long.locator('[dir="auto"]').first().textContent()).length;
  const first = await length();
  assert.ok(first < 20_000, `the window lays out a beginning, not ${first} characters`);
  await long.getByRole('button', { name: /^Show more/ }).click();
  await page.waitForFunction(
    ([element, shown]) => element.textContent.length > shown * 2,
    [await long.elementHandle(), first],
  );
  await page.keyboard.press('r');
  await byId(page, 'composer-editor').fill('Thank you for the details.');
  await byId(page, 'composer-editor').press('Control+Enter');
  await byId(page, 'message').filter({ hasText: 'Thank you for the details.' }).getByText('sent').waitFor();
});

test('a reply of a whole mebibyte is sent as it is, and one of a byte more is kept and says so', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await openConversation(page, host.conversation('Lena Novak'));
  const MEBIBYTE = 1_048_576;
  // Two bytes a sign, so that the limit is not that of characters.
  const text = `Begin ${'é'.repeat((MEBIBYTE - 10) / 2)} end`;
  assert.equal(Buffer.byteLength(text), MEBIBYTE);
  await page.keyboard.press('r');
  await byId(page, 'composer-editor').fill(`${text}.`);
  await page.getByText(wordsOf('en')('composer-too-long')).waitFor();
  await page.keyboard.press('Control+Enter');
  assert.ok(await byId(page, 'composer-send').isDisabled());
  await byId(page, 'composer-editor').fill(text);
  await page.keyboard.press('Control+Enter');
  await byId(page, 'message').filter({ hasText: 'Begin' }).getByText('sent').waitFor();
  const replies = await host.replies();
  assert.equal(replies.length, 1);
  assert.ok(replies[0] === text, 'the customer has all of it');
  assert.equal(await byId(page, 'composer-editor').inputValue(), '');
});

test('a conversation of 10,000 messages opens at its end, reads back to its beginning and takes an answer', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await host.pull('import', { customer: 'Ruth Abel', team: 'Bank', messages: 10_000 });
  await byId(page, 'sidebar-view-all').click();
  await byId(page, 'conversation-row').filter({ hasText: 'Ruth Abel' }).click();
  const message = (number) => byId(page, 'message').filter({ hasText: `Message number ${number}.` });
  await message(10_000).waitFor();
  assert.ok((await byId(page, 'message').count()) < 120, 'what is out of sight is not laid out');

  await readBackTo(page, message(1).first());
  assert.ok((await byId(page, 'message').count()) < 120, 'what was read is not laid out any more');
  await page.keyboard.press('r');
  await byId(page, 'composer-editor').fill('Thank you for your patience.');
  await byId(page, 'composer-editor').press('Control+Enter');
  await byId(page, 'message').filter({ hasText: 'Thank you for your patience.' }).getByText('sent').waitFor();
});

test('of a long conversation only what is near is held, and the way back shows every message', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const COUNT = 1_500;
  await host.pull('import', { customer: 'Ruth Abel', team: 'Bank', messages: COUNT });
  const asked = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/host/conversation_parts')) asked.push(request.postDataJSON().before_seq);
  });
  await byId(page, 'sidebar-view-all').click();
  await byId(page, 'conversation-row').filter({ hasText: 'Ruth Abel' }).click();
  const message = (number) => byId(page, 'message').filter({ hasText: `Message number ${number}.` });
  await message(COUNT).waitFor();
  await readBackTo(page, message(1).first());
  const thread = byId(page, 'thread');
  await thread.evaluate((element) => {
    element.scrollTop = 0;
  });

  asked.length = 0;
  /** The numbers of the messages that are in sight, all of them at least in part; none while the lower part of the
   * thread is still to be drawn, as it is for a moment after a scroll. */
  const inSight = () =>
    thread.evaluate((element, newest) => {
      const { top, bottom } = element.getBoundingClientRect();
      const shown = [...element.querySelectorAll('[data-testid="message"]')].flatMap((message) => {
        const box = message.getBoundingClientRect();
        const number = Number(/Message number (\d+)\./.exec(message.textContent)?.[1]);
        return number && box.bottom > top && box.top < bottom ? [{ number, box }] : [];
      });
      const last = shown.at(-1);
      const drawn = last && (last.number === newest || bottom - last.box.bottom < 2 * last.box.height);
      return drawn ? shown.map(({ number }) => number) : [];
    }, COUNT);
  let seen = 0;
  while (seen < COUNT) {
    // Where some are missing in between they come.
    const numbers = await eventually(async () => {
      const found = await inSight();
      assert.ok(found.length > 0);
      assert.deepEqual(found, found.map((_, index) => found[0] + index), 'none is missing in between');
      return found;
    });
    assert.ok(numbers[0] <= seen + 1, `after ${seen} comes ${numbers[0]}`);
    const before = seen;
    seen = Math.max(seen, numbers.at(-1));
    await thread.evaluate((element) => {
      element.scrollTop += element.clientHeight * 0.7;
    });
    // Where the next ones have to be read first they come.
    if (seen < COUNT) await eventually(async () => assert.ok((await inSight()).at(-1) > Math.max(before, seen - 1)));
  }
  assert.ok(asked.some((seq) => seq > 500), `what was let go is read again: ${asked}`);
});

test('a conversation of 300 messages opens at its end and reads back to its beginning', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('Lena Novak');
  for (let index = 1; index <= 300; index += 1) {
    await host.pull('message', { conversation_id: id, text: `Message number ${index}.` });
  }
  await openConversation(page, id);
  const message = (text) => byId(page, 'message').filter({ hasText: text });
  await message('Message number 300.').waitFor();
  assert.ok((await byId(page, 'message').count()) < 120, 'what is out of sight is not laid out');

  await readBackTo(page, message('Is the viewing on Thursday still on?'));
  await message('Message number 1.').first().waitFor();
});

test('an answer sent while the thread still scrolls to its beginning comes into sight and stays there', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const id = host.conversation('Lena Novak');
  for (let index = 1; index <= 100; index += 1) {
    await host.pull('message', { conversation_id: id, text: `Message number ${index}.` });
  }
  await openConversation(page, id);
  await byId(page, 'message').filter({ hasText: 'Message number 100.' }).waitFor();
  const thread = byId(page, 'thread');
  // Where it fails, it fails in one of three: how far the scrolling got by then is chance.
  for (let round = 1; round <= 8; round += 1) {
    await page.keyboard.press('r');
    await byId(page, 'composer-editor').fill(`Answer of round ${round}.`);
    await thread.focus();
    await page.keyboard.press('Home');
    await byId(page, 'composer-editor').focus();
    await page.keyboard.press('Control+Enter');
    await byId(page, 'message').filter({ hasText: `Answer of round ${round}.` }).waitFor();
    const away = await thread.evaluate(
      (element) =>
        new Promise((resolve) => {
          let frames = 0;
          const look = () => {
            frames += 1;
            if (frames < 40) requestAnimationFrame(look);
            else resolve(element.scrollHeight - element.scrollTop - element.clientHeight);
          };
          look();
        }),
    );
    assert.ok(away < 40, `round ${round}: the end is ${away} pixels below`);
  }
});
