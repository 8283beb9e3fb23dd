import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, visitInbox } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const COUNT = 3_000;

/** Answers for a list that is longer than any workspace of a test: each row is a real one under a number of its own. */
async function serveLongList(page) {
  let pattern;
  const asked = [];
  await page.route('**/host/inbox_page', async (route) => {
    const { after, limit } = route.request().postDataJSON();
    pattern ??= JSON.parse(await (await route.fetch()).text()).rows[0];
    const begin = after ? after.at : 0;
    const end = Math.min(COUNT, begin + limit);
    asked.push(begin);
    const rows = [];
    for (let at = begin; at < end; at += 1) {
      const head = { ...pattern.head, id: `cnv_${String(at).padStart(32, '0')}`, title: `Row ${at}` };
      rows.push({ ...pattern, contact_name: `Row ${at}`, head });
    }
    const next = end < COUNT ? { at: end, waiting: false, id: rows.at(-1).head.id } : null;
    await route.fulfill({ json: { rows, next, partial: false } });
  });
  return asked;
}

test('a list of thousands is scrolled to its end and back, and only what is near is read again', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const asked = await serveLongList(page);
  await page.reload();
  const list = byId(page, 'conversation-list');
  const named = (at) => list.getByText(`Row ${at}`, { exact: true });
  await named(0).first().waitFor();

  await eventually(async () => {
    await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    assert.ok((await named(COUNT - 1).count()) > 0);
  });
  assert.ok((await byId(page, 'conversation-row').count()) < 60);

  asked.length = 0;
  await host.pull('message', { conversation_id: host.conversation('John Smith'), text: 'Anything new?' });
  await eventually(() => assert.ok(asked.length > 0));
  assert.ok(Math.min(...asked) >= COUNT - 1_200, `what is far was read again: ${asked}`);

  await list.evaluate((element) => {
    element.scrollTop = 0;
  });
  await named(0).first().waitFor();
  await named(5).first().waitFor();
});

/** Answers for an outbox of thousands: each entry is a real one under a number of its own. */
async function serveLongOutbox(page) {
  let pattern;
  const asked = [];
  await page.route('**/host/outbox', async (route) => {
    const { skip, limit } = route.request().postDataJSON();
    pattern ??= JSON.parse(await (await route.fetch()).text()).entries[0];
    asked.push({ skip, limit });
    const entries = [];
    for (let at = skip; at < Math.min(COUNT, skip + limit); at += 1) {
      const command_id = `cmd_${String(at).padStart(32, '0')}`;
      const delivery = { type: 'queued', command_id, sending: false };
      entries.push({ ...pattern, command_id, contact_name: `Entry ${at}`, delivery });
    }
    await route.fulfill({ json: { entries, refused: 0, waiting: COUNT } });
  });
  return asked;
}

test('an outbox of thousands is scrolled and walked through, and only what is near is held', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await host.pull('network', { weather: 'cut' });
  await page.locator('[data-testid="status-bar"][data-state="offline"]').waitFor();
  const close = { conversation_id: host.conversation('John Smith'), action: { type: 'conversation_close' } };
  await host.ask('command_submit', close);
  const asked = await serveLongOutbox(page);
  await byId(page, 'sidebar-outbox').click();
  const outbox = byId(page, 'outbox');
  const entry = (at) => outbox.getByText(`Entry ${at}: close`, { exact: true });
  await entry(0).waitFor();
  await outbox.getByRole('heading', { name: `Waiting ${COUNT}` }).waitFor();

  // Key by key past what was held at first.
  for (let at = 0; at < 45; at += 1) {
    await eventually(async () => assert.equal(await entry(at).count(), 1));
    await page.keyboard.press('j');
    await eventually(async () =>
      assert.match(await page.evaluate(() => document.activeElement.textContent), new RegExp(`^Entry ${at}:`)),
    );
  }

  await eventually(async () => {
    await outbox.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    assert.equal(await entry(COUNT - 1).count(), 1);
  });
  assert.equal(await outbox.evaluate((element) => element.contains(document.activeElement)), true, 'the focus stays');
  assert.ok((await byId(page, 'outbox-entry').count()) < 60);
  assert.ok(Math.max(...asked.map(({ limit }) => limit)) <= 100, JSON.stringify(asked));
  await outbox.evaluate((element) => {
    element.scrollTop = 0;
  });
  await entry(0).waitFor();
});
