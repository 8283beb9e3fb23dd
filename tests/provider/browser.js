// Somebody's browser: opens the page that the app asks for in a real Chromium and does there what a person does at the
// provider's own pages: signs in, agrees, and goes where they lead. The app's session starts it in place of the system's
// browser.
//
//   node browser.js PAGE        RECADO_BROWSER_PERSON: who signs in; RECADO_CHROMIUM: the browser; RECADO_BROWSER_LOG:
//                               a file for each page's address and, at the end, `done` or what went wrong

import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The browser's hands are those of the browser tests.
const { chromium } = createRequire(new URL('../ui/package.json', import.meta.url))('playwright-core');

const { RECADO_BROWSER_PERSON: person, RECADO_CHROMIUM, RECADO_BROWSER_LOG: log } = process.env;
const say = (line) => appendFileSync(log, `${line}\n`);
/** How long a page may take on a busy machine, in milliseconds. */
const PATIENCE_MS = 60_000;
/** More pages than any way through the provider has. */
const LONGEST_WAY = 10;

const browser = await chromium.launch({
  executablePath: RECADO_CHROMIUM,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  headless: true,
});
try {
  // The test server's certificate is of its own authority, which a company would have told its browsers.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(process.argv[2]);
  for (let step = 0; step < LONGEST_WAY; step += 1) {
    const { origin, pathname } = new URL(page.url());
    say(`${origin}${pathname.replace(/\/interaction\/.*/, '/interaction')}`);
    const name = page.locator('input[name=login]');
    if ((await name.count()) > 0) {
      await name.fill(person);
      await page.locator('input[name=password]').fill('what the provider alone knows');
    }
    const button = page.locator('button[type=submit]');
    if ((await button.count()) === 0) break;
    await Promise.all([page.waitForNavigation(), button.first().click()]);
  }
  say(`text ${(await page.locator('body').innerText()).replaceAll('\n', ' ')}`);
  say('done');
} catch (error) {
  say(`failed ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
