import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, launchBrowser, visit, visitInbox, wordsOf } from '../product.js';

const GOOD = 'otter violin gravel seventeen';
const LOCALES = { en: 'en-GB', es: 'es-ES' };

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** The inbox of an admin. */
async function visitAsAdmin(t, options) {
  const visited = await visitInbox(t, browser, options);
  await visited.host.pull('access', { role: 'admin' });
  await eventually(async () => {
    const { account } = await visited.host.ask('app_state');
    assert.ok(account.permissions.includes('teammate.invite'));
  });
  return visited;
}

/** Runs a command of the palette, by its name. */
async function command(page, name) {
  await page.keyboard.press('Control+k');
  await byId(page, 'palette-input').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
}

const focused = (page, id) =>
  page.waitForFunction((wanted) => document.activeElement?.getAttribute('data-testid') === wanted, id);

const linkOf = (letter) => letter.split('\n').find((line) => line.startsWith('recado://'));

/** Goes through a personal link on a machine of its own, up to the inbox. */
async function comeInBy(t, link) {
  const other = await visit(t, browser);
  await byId(other.page, 'join-link').fill(link);
  await other.page.keyboard.press('Enter');
  await byId(other.page, 'enrol-new-password').fill(GOOD);
  await other.page.keyboard.press('Enter');
  const secret = (await byId(other.page, 'authenticator-secret').innerText()).replace(/\s/g, '');
  await eventually(async () => {
    const { code } = await other.host.pull('code_of', { secret });
    await byId(other.page, 'code-input').fill(code);
    await other.page.keyboard.press('Enter');
    await byId(other.page, 'recovery-codes').waitFor({ timeout: 2_000 });
  });
  await byId(other.page, 'recovery-done').click();
  await other.page.locator('[data-testid="status-bar"][data-state="online"]').waitFor();
  return other;
}

for (const [language, locale] of Object.entries(LOCALES)) {
  const words = wordsOf(language);

  test(`an admin invites somebody by the keyboard alone, and they come in (${language})`, async (t) => {
    const { host, page } = await visitAsAdmin(t, { locale });
    await command(page, words('command-people-invite'));
    await focused(page, 'invite-name');
    await page.keyboard.type('Marta Téllez');
    await page.keyboard.press('Tab');
    await page.keyboard.type('marta@cactus.example');
    await page.keyboard.press('Enter');
    await focused(page, 'personal-link-copy');
    const letter = await byId(page, 'personal-link-letter').inputValue();
    assert.ok(letter.includes('Marta Téllez') && letter.includes('Ana Ruiz'));
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), letter);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await focused(page, 'people-invite');
    const row = byId(page, 'personal-link');
    await row.getByText('marta@cactus.example').waitFor();
    assert.equal(await byId(page, 'personal-link-letter').count(), 0, 'it was shown once');

    const { host: theirs } = await comeInBy(t, linkOf(letter));
    const { account } = await theirs.ask('app_state');
    assert.deepEqual([account.name, account.role], ['Marta Téllez', 'agent']);
    // Whoever is in is waited for no more, and nobody has to ask.
    await row.waitFor({ state: 'detached' });
    await byId(page, 'people-none').getByText(words('people-none')).waitFor();
    const { links } = await host.ask('personal_links');
    assert.deepEqual(links.map((link) => link.standing), ['used']);
  });

  test(`after a while the second factor is asked for first, and nothing is typed again (${language})`, async (t) => {
    const { host, page } = await visitAsAdmin(t, { locale });
    await host.pull('server_time', { seconds: 301 });
    await command(page, words('command-people-invite'));
    await focused(page, 'invite-name');
    await page.keyboard.type('Marta');
    await byId(page, 'invite-email').fill('marta@cactus.example');
    await page.keyboard.press('Enter');
    await byId(page, 'step-up').getByText(words('step-up-lead')).waitFor();
    const { code } = await host.pull('code');
    await byId(page, 'code-input').pressSequentially(code);
    await page.keyboard.press('Enter');
    await byId(page, 'personal-link-letter').waitFor();
    const { links } = await host.ask('personal_links');
    assert.deepEqual(links.map(({ name, standing }) => [name, standing]), [['Marta', 'open']]);
  });
}

test('a withdrawn link turns away whoever opens it', async (t) => {
  const { host, page } = await visitAsAdmin(t);
  const words = wordsOf('en');
  const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta' });
  await command(page, words('command-people-open'));
  const row = byId(page, 'personal-link');
  await row.getByText('Invited by Ben Okafor').waitFor();
  await byId(page, 'personal-link-withdraw').click();
  await focused(page, 'personal-link-keep');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByText(words('people-withdrawn')).waitFor();
  await row.waitFor({ state: 'detached' });

  const other = await visit(t, browser);
  await byId(other.page, 'join-link').fill(link);
  await other.page.keyboard.press('Enter');
  await other.page.getByText(words('error-personal-link-invalid')).waitFor();
});

test('a colleague who cannot get in is given a link, and an older one gives way to it', async (t) => {
  const { host, page } = await visitAsAdmin(t);
  const words = wordsOf('en');
  await command(page, words('command-people-open'));
  await byId(page, 'people-reset').click();
  await focused(page, 'reset-whose');
  await byId(page, 'reset-whose').selectOption({ index: 1 });
  await page.getByRole('radio', { name: words('people-reset-authenticator') }).check();
  await page.getByRole('radio', { name: words('people-lifetime-hour') }).check();
  await byId(page, 'reset-submit').click();
  assert.match(await byId(page, 'personal-link-letter').inputValue(), /Hello Ben Okafor/);
  await byId(page, 'personal-link-done').click();
  await focused(page, 'people-reset');
  const row = byId(page, 'personal-link');
  await row.getByText('Sets up password and authenticator anew').waitFor();
  await byId(page, 'personal-link-again').click();
  await byId(page, 'reset-submit').click();
  await byId(page, 'personal-link-letter').waitFor();
  await byId(page, 'personal-link-done').click();
  await row.waitFor();
  const { links } = await host.ask('personal_links');
  assert.deepEqual(
    links.map(({ kind, standing, created_at, expires_at }) => [
      kind,
      standing,
      (expires_at - created_at) / 3_600_000_000,
    ]),
    [
      // Where nothing is chosen, a reset is good for a day.
      ['account_reset', 'open', 24],
      ['account_reset', 'replaced', 1],
    ],
  );
});

test('without a network it is said what to do, and what was typed stays', async (t) => {
  const { host, page } = await visitAsAdmin(t);
  const words = wordsOf('en');
  await command(page, words('command-people-invite'));
  await focused(page, 'invite-name');
  await host.pull('network', { weather: 'cut' });
  await page.keyboard.type('Marta');
  await byId(page, 'invite-email').fill('marta@cactus.example');
  await page.keyboard.press('Enter');
  await byId(page, 'invite-panel').getByText(words('error-unreachable')).waitFor();
  await host.pull('network', { weather: 'fair' });
  await eventually(async () => {
    await byId(page, 'invite-submit').click();
    await byId(page, 'personal-link-letter').waitFor({ timeout: 2_000 });
  });
});

test('whoever is no admin is offered nothing, and refused by the server', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await page.keyboard.press('Control+,');
  await byId(page, 'settings-security').waitFor();
  assert.equal(await byId(page, 'settings-people').count(), 0, 'agents do not know that it is there');
  await assert.rejects(host.ask('personal_links'), /permission_denied/);
});
