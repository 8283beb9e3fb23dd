import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { byId, eventually, inboxLoaded, launchBrowser, visit, visitInbox, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const LOCALES = { en: 'en-GB', es: 'es-ES' };

/** Opens a section of the settings by the keyboard. */
async function openSettings(page, section) {
  await page.keyboard.press('Control+,');
  await byId(page, 'settings').waitFor();
  await byId(page, `settings-${section}`).click();
}

async function typeCode(page, host, lever = ['code', {}]) {
  const { code } = await host.pull(...lever);
  await byId(page, 'code-input').pressSequentially(code);
  await page.keyboard.press('Enter');
}

for (const [language, locale] of Object.entries(LOCALES)) {
  const words = wordsOf(language);

  test(`another machine is listed, signed out and erased from here (${language})`, async (t) => {
    const { host, page } = await visitInbox(t, browser, { locale });
    await host.pull('sign_in_elsewhere', {});
    await openSettings(page, 'sessions');
    await eventually(async () => assert.equal(await byId(page, 'session').count(), 2));
    await page.getByText(words('session-here')).waitFor();

    await byId(page, 'session-end').click();
    await page.getByText(words('session-ended')).waitFor();
    await eventually(async () => {
      const state = await host.pull('elsewhere', {});
      assert.deepEqual([state.phase, state.problem?.code], ['sign_in', 'session_ended']);
    });

    await host.pull('sign_in_elsewhere', {});
    await page.keyboard.press('Escape');
    await openSettings(page, 'sessions');
    await byId(page, 'session-end').waitFor();
    const running = byId(page, 'session').filter({ has: byId(page, 'session-end') });
    await running.getByTestId('session-wipe').click();
    await byId(page, 'session-wipe-confirm').click();
    await page.getByText(words('session-wiped'), { exact: true }).waitFor();
    const state = await host.pull('elsewhere', {});
    assert.deepEqual([state.phase, state.problem?.code], ['sign_in', 'session_wiped']);
  });
}

test('a sign-in elsewhere is told at once, and its owner says what it was', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = wordsOf('en');
  await host.pull('sign_in_elsewhere', {});
  await byId(page, 'new-sign-in').waitFor();
  await byId(page, 'new-sign-in-mine').click();
  await byId(page, 'new-sign-in').waitFor({ state: 'detached' });

  // Another machine, which nobody knows.
  await host.pull('sign_in_elsewhere', {});
  await byId(page, 'new-sign-in').waitFor();
  await openSettings(page, 'sessions');
  await page.getByText(words('session-unseen')).waitFor();
  await page.keyboard.press('Escape');
  await byId(page, 'new-sign-in-strange').click();
  await byId(page, 'security-password').waitFor();
  await byId(page, 'new-sign-in').waitFor({ state: 'detached' });
  await eventually(async () => {
    const state = await host.pull('elsewhere', {});
    assert.deepEqual([state.phase, state.problem?.code], ['sign_in', 'session_wiped']);
  });
});

test('an admin sees what would protect the workspace, and goes there', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = wordsOf('en');
  await page.keyboard.press('Control+,');
  await byId(page, 'settings-security').waitFor();
  assert.equal(await byId(page, 'settings-checkup').count(), 0, 'agents do not know that it is there');
  await host.pull('access', { role: 'admin' });
  await byId(page, 'settings-checkup').click();
  await page.getByText('5 of 10 done').waitFor();
  const step = byId(page, 'checkup-recovery_codes');
  await step.getByText(words('checkup-recovery-codes-why')).waitFor();
  await step.getByTestId('checkup-go-recovery_codes').click();
  await byId(page, 'security-recovery').click();
  await byId(page, 'recovery-make').click();
  await byId(page, 'recovery-codes').waitFor();
  await byId(page, 'recovery-done').click();
  await byId(page, 'settings-checkup').click();
  // It is looked at anew, and names who is left.
  await step.getByTestId('checkup-remind-recovery_codes').waitFor();
  assert.equal(await step.getByText('Ana Ruiz').count(), 0);

  await page.keyboard.press('Escape');
  await host.pull('sign_in_elsewhere', {});
  await byId(page, 'new-sign-in').waitFor();
  await openSettings(page, 'checkup');
  await byId(page, 'checkup-go-unseen_sign_ins').click();
  await page.getByText(words('session-unseen')).waitFor();
  // The same way leads there a second time.
  await byId(page, 'settings-checkup').click();
  await byId(page, 'checkup-go-unseen_sign_ins').click();
  await byId(page, 'session-mine').click();
  await page.getByText(words('session-unseen')).waitFor({ state: 'detached' });
});

test('a machine that was erased from elsewhere says why at the sign-in', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = wordsOf('en');
  await host.pull('sign_in_elsewhere', {});
  await host.pull('end_here', { wipe: true });
  await byId(page, 'sign-in-email').waitFor();
  await page.getByText(words('error-session-wiped')).waitFor();
  assert.equal(await byId(page, 'sign-in-email').inputValue(), '', 'nobody is named any more');
});

test('another password is judged while it is typed, and ends the other sessions', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = wordsOf('en');
  await host.pull('sign_in_elsewhere', {});
  await openSettings(page, 'security');
  await page.getByText(words('security-password-given')).waitFor();
  await byId(page, 'security-password').click();
  await byId(page, 'password-current').fill(host.facts.password);
  const feedback = byId(page, 'password-feedback');
  await byId(page, 'password-new').fill('short');
  await feedback.getByText('Too short: use at least 8 characters.').waitFor();
  await byId(page, 'password-new').fill('recado12');
  await feedback.getByText('It says little more than “recado”. Leave that out.').waitFor();
  await byId(page, 'password-new').fill('otter violin gravel seventeen');
  await feedback.getByText(words('password-score-4')).waitFor();
  await byId(page, 'password-current').fill('not my password');
  await byId(page, 'password-submit').click();
  await page.getByText(words('error-invalid-credentials')).waitFor();
  await byId(page, 'password-current').fill(host.facts.password);
  // The server is slow to hear the next guess after a wrong one.
  await eventually(async () => {
    await byId(page, 'password-submit').click();
    await page.getByText(words('password-done')).waitFor({ timeout: 2_000 });
  });
  await eventually(async () => assert.equal((await host.pull('elsewhere', {})).phase, 'sign_in'));
});

test('recovery codes are made behind a code, saved, and let in whoever lost the authenticator', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await openSettings(page, 'security');
  await byId(page, 'security-recovery').click();
  await byId(page, 'recovery-make').click();
  const list = byId(page, 'recovery-codes').locator('li');
  await list.first().waitFor();
  const codes = await list.allTextContents();
  assert.equal(new Set(codes).size, 10);
  await byId(page, 'recovery-save').click();
  const saved = await byId(page, 'recovery-panel').locator('[role="status"]').textContent();
  const written = readFileSync(saved.slice(saved.indexOf('/')).trim(), 'utf8');
  for (const code of codes) assert.ok(written.includes(code));
  await byId(page, 'recovery-done').click();
  await page.getByText('10 codes left of 10').waitFor();

  const other = await visit(t, browser);
  await other.host.ask('workspace_join', { link: host.facts.join_link });
  await byId(other.page, 'sign-in-email').fill(host.facts.email);
  await byId(other.page, 'sign-in-password').fill(host.facts.password);
  await byId(other.page, 'sign-in-submit').click();
  await byId(other.page, 'code-recovery').click();
  await byId(other.page, 'recovery-code').fill('aaaa-bbbb');
  await byId(other.page, 'recovery-submit').click();
  await byId(other.page, 'sign-in-problem').waitFor();
  await byId(other.page, 'recovery-code').fill(codes[4].toUpperCase());
  await eventually(async () => {
    if (await byId(other.page, 'recovery-submit').count()) await byId(other.page, 'recovery-submit').click();
    await byId(other.page, 'conversation-row').first().waitFor({ timeout: 2_000 });
  });
  await inboxLoaded(other.page);
});

test('the app is locked by a key and by idleness, and opens with its passphrase alone', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  const words = wordsOf('en');
  await page.keyboard.press('Control+Shift+L');
  await page.getByText(words('app-lock-missing')).waitFor();
  await openSettings(page, 'security');
  await byId(page, 'security-lock').click();
  await byId(page, 'app-lock-passphrase').fill('a wet cactus');
  await byId(page, 'app-lock-repeat').fill('a wet cactus');
  await byId(page, 'app-lock-submit').click();
  await page.getByText(words('app-lock-done')).waitFor();
  await byId(page, 'security').getByText('Locks after 15 minutes without you').waitFor();
  await page.keyboard.press('Escape');

  await page.keyboard.press('Control+Shift+L');
  await byId(page, 'lock').waitFor();
  assert.equal(await byId(page, 'conversation-row').count(), 0, 'nothing is on the screen');
  await byId(page, 'lock-passphrase').fill('a dry cactus');
  await page.keyboard.press('Enter');
  await page.getByText(words('error-wrong-passphrase')).waitFor();
  await byId(page, 'lock-passphrase').fill('a wet cactus');
  await page.keyboard.press('Enter');
  await inboxLoaded(page);

  // Nobody is there for longer than was chosen, as the page's own clock has it.
  await page.clock.install();
  await page.reload();
  await inboxLoaded(page);
  await page.clock.runFor(14 * 60_000);
  await page.mouse.move(300, 300);
  await page.clock.runFor(14 * 60_000);
  assert.equal((await host.ask('app_state')).phase, 'ready', 'somebody was there in between');
  await page.clock.runFor(2 * 60_000);
  await eventually(async () => assert.equal((await host.ask('app_state')).phase, 'locked'));
});

test('another authenticator is scanned, proved and used; after a while the present one is asked first', async (t) => {
  const { host, page } = await visitInbox(t, browser);
  await host.pull('server_time', { seconds: 301 });
  await openSettings(page, 'security');
  await byId(page, 'security-authenticator').click();
  await byId(page, 'step-up').waitFor();
  await typeCode(page, host);
  const secret = (await byId(page, 'authenticator-secret').textContent()).replaceAll(' ', '');
  await page.getByRole('img', { name: wordsOf('en')('authenticator-picture') }).waitFor();
  await typeCode(page, host, ['code_of', { secret }]);
  await page.getByText(wordsOf('en')('authenticator-done')).waitFor();
  await byId(page, 'security').getByText('Set up on').waitFor();
});
