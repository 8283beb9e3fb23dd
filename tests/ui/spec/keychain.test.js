import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, byId, eventually, inboxLoaded, launchBrowser, visit, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const PASSPHRASE = 'a horse, a battery and a staple';

/** Types address and password; the keychain is asked before the password is sent. */
async function signIn(page, { email, password }) {
  await byId(page, 'sign-in-email').fill(email);
  await byId(page, 'sign-in-password').fill(password);
  await page.keyboard.press('Enter');
}

async function giveCode(host, page) {
  await byId(page, 'code-input').fill((await host.pull('code')).code);
  await page.keyboard.press('Enter');
  await inboxLoaded(page);
}

async function storage(host) {
  return (await host.ask('app_state')).secret_storage;
}

for (const [language, locale] of [
  ['en', 'en-GB'],
  ['es', 'es-ES'],
]) {
  const words = wordsOf(language);

  test(`without a keychain a passphrase is set by keyboard alone, and what was typed is sent (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    await host.ask('workspace_join', { link: host.facts.join_link });
    await host.pull('keychain', { fault: 'missing' });
    await signIn(page, host.facts);
    await byId(page, 'vault-choice').waitFor();
    await page.getByRole('heading', { name: words('vault-choice-title') }).waitFor();
    assert.equal(await storage(host), 'undecided');

    await page.keyboard.type('too short');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: '15' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await byId(page, 'vault-passphrase').fill(PASSPHRASE);
    await byId(page, 'vault-repeat').fill(`${PASSPHRASE}s`);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: words('vault-differs') }).waitFor();
    await byId(page, 'vault-repeat').fill(PASSPHRASE);
    await page.keyboard.press('Enter');
    await byId(page, 'code-input').waitFor();
    await page.getByText(words('sign-in-foot-vault')).waitFor();
    assert.equal(await storage(host), 'vault');
    await giveCode(host, page);

    // There is no keychain to move to; then there is one.
    const leave = async () => {
      await page.keyboard.press('Control+,');
      await byId(page, 'settings-security').click();
      await byId(page, 'security-vault-leave').click();
    };
    await leave();
    await byId(page, 'security').getByText(words('error-keychain-missing')).waitFor();
    assert.equal(await storage(host), 'vault');
    await page.keyboard.press('Escape');
    await host.pull('keychain', {});
    await leave();
    await eventually(async () => assert.equal(await storage(host), 'keychain'));
    await inboxLoaded(page);
  });

  test(`without a keychain one can go on with nothing stored, and it says so (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    await host.ask('workspace_join', { link: host.facts.join_link });
    await host.pull('keychain', { fault: 'missing' });
    await signIn(page, host.facts);
    await byId(page, 'storage-decline').click();
    await byId(page, 'code-input').waitFor();
    await page.getByText(words('sign-in-foot-memory')).waitFor();
    await giveCode(host, page);
    await byId(page, 'status-bar').getByText(words('status-not-stored')).waitFor();
    assert.equal(await storage(host), 'memory');
  });
}

test('a keychain that is there is never replaced, and one that comes back is used', async (t) => {
  const { host, page } = await visit(t, browser);
  const words = wordsOf('en');
  await host.ask('workspace_join', { link: host.facts.join_link });
  await host.pull('keychain', { fault: 'locked' });
  await signIn(page, host.facts);
  await byId(page, 'sign-in-problem').getByText(words('error-keychain-locked')).waitFor();
  assert.equal(await storage(host), 'keychain');
  await host.pull('keychain', { fault: 'missing' });
  await byId(page, 'sign-in-submit').click();
  await byId(page, 'vault-choice').waitFor();
  await host.pull('keychain', {});
  await byId(page, 'vault-look-again').click();
  await byId(page, 'code-input').waitFor();
  assert.equal(await storage(host), 'keychain');
});
