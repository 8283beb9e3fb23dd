import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { byId, eventually, inboxLoaded, launchBrowser, visit, wordsOf } from '../product.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Does something, and waits until the client has answered the page. */
async function answered(page, command, act) {
  const answer = page.waitForResponse((response) => response.url().endsWith(`/host/${command}`));
  await act();
  await (await answer).finished();
}

const problem = (page) => byId(page, 'sign-in-problem');

async function givePassword(page, email, password) {
  await byId(page, 'sign-in-email').fill(email);
  await byId(page, 'sign-in-password').fill(password);
  await answered(page, 'sign_in', () => byId(page, 'sign-in-submit').click());
}

async function giveCode(page, code) {
  await byId(page, 'code-input').fill(code);
  await answered(page, 'sign_in_code', () => byId(page, 'code-submit').click());
}

/** Tries again for as long as the server slows down who has failed too often. */
async function onceAllowed(page, attempt, until) {
  await eventually(async () => {
    await attempt();
    await until.or(problem(page)).first().waitFor();
    assert.ok(await until.isVisible(), await problem(page).allInnerTexts());
  });
}

const otherThan = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

for (const [language, locale] of [
  ['en', 'en-GB'],
  ['es', 'es-ES'],
]) {
  const words = wordsOf(language);

  test(`a wrong link, a wrong password, a wrong code and a used one are said so (${language})`, async (t) => {
    const { host, page } = await visit(t, browser, { locale });
    const { join_link, email, password } = host.facts;

    await byId(page, 'join-link').fill('recado://join?nothing');
    await byId(page, 'join-submit').click();
    await page.getByText(words('error-invalid-join-link')).waitFor();
    await byId(page, 'join-link').fill(join_link);
    await byId(page, 'join-submit').click();

    await givePassword(page, email, `${password}x`);
    await problem(page).getByText(words('error-invalid-credentials')).waitFor();
    const wrongPassword = await problem(page).innerText();
    await givePassword(page, 'nobody@customer.example', password);
    await problem(page).waitFor();
    assert.equal(await problem(page).innerText(), wrongPassword, 'nobody learns which addresses exist');

    const codeInput = byId(page, 'code-input');
    await onceAllowed(page, () => givePassword(page, email, password), codeInput);
    const { code } = await host.pull('code');
    await giveCode(page, otherThan(code));
    await problem(page).getByText(words('error-invalid-code')).waitFor();
    assert.equal(await byId(page, 'code-input').inputValue(), '', 'the next code is typed from the start');
    // As an authenticator shows it, and pasted.
    const paste = async () => {
      await page.evaluate((text) => navigator.clipboard.writeText(text), ` ${code.slice(0, 3)} ${code.slice(3)}\n`);
      await codeInput.focus();
      await page.keyboard.press('Control+v');
      await eventually(async () => assert.equal(await codeInput.inputValue(), code));
      await answered(page, 'sign_in_code', () => page.keyboard.press('Enter'));
    };
    await onceAllowed(page, paste, byId(page, 'status-bar'));
    await inboxLoaded(page);

    await byId(page, 'account-menu').click();
    await page.getByRole('menuitem', { name: words('command-account-sign-out') }).click();
    await byId(page, 'sign-out-confirm').click();
    await onceAllowed(page, () => givePassword(page, email, password), codeInput);
    await giveCode(page, code);
    await problem(page).getByText(words('error-invalid-code')).waitFor();
  });
}
