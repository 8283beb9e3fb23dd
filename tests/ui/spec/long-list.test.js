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
