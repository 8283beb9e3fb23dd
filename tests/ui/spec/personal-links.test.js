import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, inboxLoaded, launchBrowser, signInBehind, visit, wordsOf } from '../product.js';

const GOOD = 'otter violin gravel seventeen';
const LOCALES = { en: 'en-GB', es: 'es-ES' };

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

async function openLink(page, link) {
  await byId(page, 'join-link').fill(link);
  await page.keyboard.press('Enter');
}

/** Types the code that the authenticator on the screen shows now. */
async function typeCodeOfScreen(page, host) {
  const secret = (await byId(page, 'authenticator-secret').innerText()).replace(/\s/g, '');
  const { code } = await host.pull('code_of', { secret });
  await byId(page, 'code-input').fill(code);
  await page.keyboard.press('Enter');
}

for (const [language, locale] of Object.entries(LOCALES)) {
  const words = wordsOf(language);

  test(`an invitation is enough on a new machine, by the keyboard alone (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta' });
    await openLink(page, link);
    await byId(page, 'enrol-password').waitFor();
    await page.getByText(/Ben Okafor/).waitFor();
    assert.equal(await byId(page, 'enrol-name').inputValue(), 'Marta');
    await page.keyboard.type('recado12');
    const feedback = byId(page, 'password-feedback');
    await feedback.locator('li').waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(GOOD);
    await feedback.getByText(words('password-score-4')).waitFor();
    await page.keyboard.press('Enter');

    await byId(page, 'authenticator-secret').waitFor();
    await byId(page, 'code-input').fill('000000');
    await page.keyboard.press('Enter');
    await page.getByText(words('error-invalid-code')).waitFor();
    await eventually(async () => {
      await typeCodeOfScreen(page, host);
      await byId(page, 'recovery-codes').waitFor({ timeout: 2_000 });
    });
    assert.equal(await byId(page, 'recovery-codes').locator('li').count(), 10);
    await byId(page, 'recovery-save').click();
    await page.getByRole('status').filter({ hasText: 'recado-recovery-codes' }).waitFor();
    await byId(page, 'recovery-done').click();
    await page.locator('[data-testid="status-bar"][data-state="online"]').waitFor();
    const { account } = await host.ask('app_state');
    assert.deepEqual([account.email, account.name], ['marta@cactus.example', 'Marta']);
    const security = await host.ask('account_security');
    assert.equal(security.recovery_codes_left, 10);
    assert.ok(security.password_changed_at && security.authenticator_since);
  });

  test(`a link that is no good says what to do next (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta' });
    await host.pull('revoke_links');
    await openLink(page, link);
    await byId(page, 'sign-in-email').waitFor();
    await byId(page, 'sign-in-notice').getByText(words('error-personal-link-invalid')).waitFor();
    await byId(page, 'sign-in-link').click();
    await openLink(page, link);
    await page.getByRole('alert').getByText(words('error-personal-link-invalid')).waitFor();
    await openLink(page, host.facts.join_link);
    await page.getByText(words('own-link-impersonal')).waitFor();
    await byId(page, 'own-link-back').click();
    await byId(page, 'sign-in-email').waitFor();
  });
}

test('whoever is interrupted goes on with the same link where they were', async (t) => {
  const { host, page } = await visit(t, browser);
  const words = wordsOf('en');
  const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta' });
  await openLink(page, link);
  await byId(page, 'enrol-new-password').fill(GOOD);
  await host.pull('network', { weather: 'answers_lost' });
  await byId(page, 'enrol-submit').click();
  await byId(page, 'sign-in-problem').getByText(words('error-unreachable')).waitFor();
  await host.pull('network', { weather: 'fair' });
  await byId(page, 'enrol-submit').click();
  await byId(page, 'authenticator-secret').waitFor();
  const secret = await byId(page, 'authenticator-secret').innerText();

  await byId(page, 'enrol-cancel').click();
  await byId(page, 'sign-in-link').click();
  await openLink(page, link);
  await byId(page, 'authenticator-secret').waitFor();
  assert.equal(await byId(page, 'authenticator-secret').innerText(), secret, 'what was scanned is good');
  await byId(page, 'enrol-back').click();
  await byId(page, 'enrol-new-password').fill(`${GOOD} and nine`);
  await byId(page, 'enrol-submit').click();
  await byId(page, 'authenticator-secret').waitFor();
  assert.equal(await byId(page, 'authenticator-secret').innerText(), secret);

  // The last answer is lost, and asked for again by whatever is typed.
  await host.pull('network', { weather: 'answers_lost' });
  await typeCodeOfScreen(page, host);
  await page.getByText(words('error-unreachable')).waitFor();
  await host.pull('network', { weather: 'fair' });
  await byId(page, 'code-input').fill('000000');
  await page.keyboard.press('Enter');
  await byId(page, 'recovery-codes').waitFor();
  await byId(page, 'recovery-done').click();
  await page.locator('[data-testid="status-bar"][data-state="online"]').waitFor();
});

test('a new password takes the present authenticator', async (t) => {
  const { host, page } = await visit(t, browser);
  const words = wordsOf('en');
  await host.ask('workspace_join', { link: host.facts.join_link });
  const { link } = await host.pull('reset', { authenticator: false });
  await byId(page, 'sign-in-link').click();
  await openLink(page, link);
  await page.getByText(words('enrol-reset-title')).waitFor();
  await byId(page, 'enrol-new-password').fill(GOOD);
  await page.keyboard.press('Enter');
  await page.getByText(words('enrol-factor-title')).waitFor();
  const { code } = await host.pull('code');
  await byId(page, 'code-input').fill(code);
  await page.keyboard.press('Enter');
  await inboxLoaded(page);
});

test('who has lost the authenticator sets up both, and every other session ends', async (t) => {
  const { host, page } = await visit(t, browser);
  await host.pull('sign_in_elsewhere');
  await host.ask('workspace_join', { link: host.facts.join_link });
  const { link } = await host.pull('reset', { authenticator: true });
  await byId(page, 'sign-in-link').click();
  await openLink(page, link);
  await byId(page, 'enrol-new-password').fill(GOOD);
  await page.keyboard.press('Enter');
  await byId(page, 'authenticator-secret').waitFor();
  await typeCodeOfScreen(page, host);
  await byId(page, 'recovery-done').click();
  await inboxLoaded(page);
  await eventually(async () => {
    const state = await host.pull('elsewhere', {});
    assert.deepEqual([state.phase, state.problem?.code], ['sign_in', 'session_ended']);
  });
});

test('a link that arrives while somebody is signed in changes nothing', async (t) => {
  const { host, page } = await visit(t, browser);
  await signInBehind(host);
  await inboxLoaded(page);
  const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta' });
  await assert.rejects(host.ask('workspace_join', { link }));
  assert.equal((await host.ask('app_state')).phase, 'ready');
});

test('within the days of grace there is a reminder with the date, and a way to what it asks for', async (t) => {
  const { host, page } = await visit(t, browser);
  const words = wordsOf('en');
  await host.pull('require_own', { days: 14 });
  await signInBehind(host);
  await inboxLoaded(page);
  const reminder = byId(page, 'own-factor-reminder');
  await reminder.getByText(/Set up yours by \d+ \w+ \d{4}/).waitFor();
  await byId(page, 'own-factor-set-up').click();
  await byId(page, 'security-authenticator').click();
  await byId(page, 'authenticator-secret').waitFor();
  await typeCodeOfScreen(page, host);
  await page.getByText(words('authenticator-done')).waitFor();
  await page.keyboard.press('Escape');
  await reminder.waitFor({ state: 'detached' });
});

test('after the days of grace signing in leads through setting it up and to nothing else', async (t) => {
  const { host, page } = await visit(t, browser);
  const words = wordsOf('en');
  const { join_link, email, password } = host.facts;
  await host.pull('require_own', { days: 0 });
  await host.ask('workspace_join', { link: join_link });
  await byId(page, 'sign-in-email').fill(email);
  await byId(page, 'sign-in-password').fill(password);
  await page.keyboard.press('Enter');
  await byId(page, 'code-input').waitFor();
  const { code } = await host.pull('code');
  await byId(page, 'code-input').fill(code);
  await page.keyboard.press('Enter');
  await page.getByText(words('enrol-own-title')).waitFor();
  await assert.rejects(host.ask('inbox_page', { view: { type: 'all' }, sort: 'newest', after: null, limit: 10 }));
  await byId(page, 'authenticator-secret').waitFor();
  await typeCodeOfScreen(page, host);
  await byId(page, 'recovery-done').click();
  await inboxLoaded(page);
});
