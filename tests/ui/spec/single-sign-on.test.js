import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, inboxLoaded, launchBrowser, visit, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** The workspace trusts a provider, and the page stands where an address is asked for. */
async function atTheAddress(t, { refusal = false, locale = 'en-GB' } = {}) {
  const { host, page } = await visit(t, browser, { locale });
  const { join_link, email } = host.facts;
  await host.pull('provider', { refusal });
  await byId(page, 'join-link').fill(join_link);
  await byId(page, 'join-submit').click();
  await byId(page, 'sign-in-password').waitFor({ state: 'detached' });
  await byId(page, 'sign-in-email').fill(email);
  return { host, page, email };
}

/** Signs in at the provider, in a browser that is not the app's, and gives what it shows at the end. */
async function inTheSystemBrowser(host, locale = 'en-GB') {
  const { url } = await host.pull('page');
  // Nobody has told this browser to trust the test server's own authority.
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button').click();
  await page.waitForURL('http://127.0.0.1:*/sign-in/callback?**');
  const heading = await page.getByRole('heading').innerText();
  await context.close();
  return heading;
}

for (const [language, locale, back] of [
  ['en', 'en-GB', 'You can go back to Recado'],
  ['es', 'es-ES', 'Puedes volver a Recado'],
]) {
  test(`an agent signs in by the company's own sign-in, with the keyboard alone (${language})`, async (t) => {
    const { host, page } = await atTheAddress(t, { locale });
    await page.keyboard.press('Enter');
    const button = byId(page, 'sign-in-provider');
    await button.getByText('Cactus ID').waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    await byId(page, 'browser-waiting').waitFor();
    assert.match(await page.getByRole('timer').innerText(), /[0-3]:[0-5][0-9]/);
    assert.equal(await inTheSystemBrowser(host, locale), back);
    await inboxLoaded(page);
  });
}

test('the password stays a way in, and giving up leads back to it', async (t) => {
  const { host, page, email } = await atTheAddress(t);
  await byId(page, 'sign-in-submit').click();
  await byId(page, 'sign-in-provider').click();
  await byId(page, 'browser-open-again').click();
  await byId(page, 'browser-cancel').click();
  await byId(page, 'sign-in-email').fill(email);
  await byId(page, 'sign-in-submit').click();
  await byId(page, 'sign-in-password').fill(host.facts.password);
  await page.keyboard.press('Enter');
  await byId(page, 'code-input').waitFor();
});

test('a provider that refuses is said so, and the next attempt may go well', async (t) => {
  const words = wordsOf('en');
  const { host, page } = await atTheAddress(t, { refusal: true });
  await byId(page, 'sign-in-submit').click();
  await byId(page, 'sign-in-provider').click();
  await byId(page, 'browser-waiting').waitFor();
  assert.equal(await inTheSystemBrowser(host), 'Go back to Recado');
  await page.getByText(words('error-sso-denied')).waitFor();
  await host.pull('provider', { refusal: false });
  await byId(page, 'browser-retry').click();
  await byId(page, 'browser-waiting').waitFor();
  await inTheSystemBrowser(host);
  await inboxLoaded(page);
});
