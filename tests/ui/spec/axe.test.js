import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axeViolations, closePage, inboxLoaded, launchBrowser, openPage, startHost, watch } from '../product.js';
import { beforeTheInbox, furnish, fromAConversation, withoutNetwork } from '../screens.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const LOCALES = { en: 'en-GB', es: 'es-ES' };
// The themes differ in nothing but their colours, so the rest is judged once.
const THEMES = { light: undefined, dark: ['color-contrast', 'link-in-text-block'] };

/** Looks at a screen in each theme, on a page of its own. */
function looker(host, language, found) {
  return async (name, ...steps) => {
    const page = await openPage(browser, host, { locale: LOCALES[language] });
    const wrongs = watch(page, host);
    for (const step of steps) await step(page);
    for (const [theme, rules] of Object.entries(THEMES)) {
      await page.emulateMedia({ colorScheme: theme });
      await page.locator(`html[data-theme="${theme}"]`).waitFor();
      for (const violation of await axeViolations(page, rules)) found.push(`${name} (${theme}): ${violation}`);
    }
    found.push(...wrongs.map((wrong) => `${name}: ${wrong}`));
    await closePage(page);
  };
}

for (const language of Object.keys(LOCALES)) {
  test(`axe finds nothing wrong on any screen in either theme (${language})`, async (t) => {
    const host = await startHost();
    t.after(() => host.stop());
    const found = [];
    const look = looker(host, language, found);
    await beforeTheInbox(host, look);
    await look('signed in', inboxLoaded);
    await furnish(host, language);
    for (const [name, ...steps] of fromAConversation(host)) await look(name, ...steps);
    for (const [name, ...steps] of await withoutNetwork(host, language)) await look(name, ...steps);
    assert.deepEqual(found, []);
  });
}
