import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, inboxLoaded, launchBrowser, openConversation, visit, visitInbox, wordsOf } from '../product.js';
import { standingAt } from '../screens.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const DAY_S = 24 * 3600;

for (const [language, locale] of [
  ['en', 'en-GB'],
  ['es', 'es-ES'],
]) {
  const words = wordsOf(language);

  test(`after a day without the server the inbox closes, and opens with it as it was (${language})`, async (t) => {
    const { host, page } = await visitInbox(t, browser, { locale });
    const id = host.conversation('Marta Téllez');
    await openConversation(page, id);
    await host.pull('network', { weather: 'cut' });
    await page.keyboard.press('r');
    await byId(page, 'composer-editor').fill('Os espero el jueves a las');
    await page.locator('[role="status"]').getByText(words('draft-saved')).waitFor();
    await host.pull('time', { seconds: DAY_S + 60 });

    await byId(page, 'problem').waitFor();
    await page.getByRole('heading', { name: words('problem-lease-ended') }).waitFor();
    await page.getByText(words('error-lease-ended')).waitFor();
    assert.equal(await byId(page, 'message').count(), 0, 'nothing can be read any more');

    await host.pull('network', { weather: 'fair' });
    await byId(page, 'problem-retry').click();
    await inboxLoaded(page);
    await openConversation(page, id);
    assert.equal(await byId(page, 'composer-editor').inputValue(), 'Os espero el jueves a las');
  });

  test(`a full disk says what to do (${language})`, async (t) => {
    const { page } = await visit(t, browser, { locale });
    await standingAt('disk_full')(page);
    await byId(page, 'problem').waitFor();
    await page.getByRole('heading', { name: words('problem-disk-full') }).waitFor();
    await page.getByText(words('error-disk-full')).waitFor();
    await byId(page, 'problem-retry').waitFor();
  });

  test(`a server that is not there and one with another authority are said so (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    const join = async (link) => {
      await byId(page, 'join-link').fill(link);
      await byId(page, 'join-submit').click();
    };
    const stopped = new URL(host.facts.join_link);
    // Nothing listens there.
    stopped.searchParams.set('url', 'https://127.0.0.1:1/');
    await join(stopped.href);
    await page.getByText(words('error-unreachable')).waitFor();
    await join((await host.pull('foreign_link')).link);
    await page.getByText(words('error-untrusted-certificate')).waitFor();
    await join(host.facts.join_link);
    await byId(page, 'sign-in-email').waitFor();
  });
}
