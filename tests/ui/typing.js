// What a key press in the composer costs, beside a bare text field in the same browser: `npm run typing`.
//
// Counted is the time in which the page's main thread works, from the browser's own counter: it holds scripts, styles,
// layout and painting, and does not depend on when the screen is refreshed.

import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { byId, inboxLoaded, launchBrowser, openConversation, openPage, signInBehind, startHost } from './product.js';

const ROUNDS = 9;
const TEXT = 'Thank you for waiting, it is on its way. ';

const BARE = `<!doctype html><meta charset="utf-8"><title>bare</title>
<textarea data-testid="bare" rows="4" cols="60"></textarea>`;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds of the main thread for each key of a text. */
async function costOfTyping(page, field) {
  const browser = await page.context().newCDPSession(page);
  await browser.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async () => {
    const { metrics } = await browser.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  };
  await field.fill('');
  await field.focus();
  const before = await worked();
  await page.keyboard.type(TEXT, { delay: 25 });
  const after = await worked();
  await browser.detach();
  return (after - before) / TEXT.length;
}

/** Measures the field beside a bare one, in turns. */
export async function compare(page, field) {
  const beside = await page.context().newPage();
  await beside.setContent(BARE);
  const bareField = byId(beside, 'bare');
  const costs = { composer: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    await beside.bringToFront();
    const bare = await costOfTyping(beside, bareField);
    await page.bringToFront();
    const composer = await costOfTyping(page, field);
    // The first round fills caches.
    if (round > 0) {
      costs.bare.push(bare);
      costs.composer.push(composer);
    }
  }
  const ratio = median(costs.composer.map((cost, index) => cost / costs.bare[index]));
  const ms = (values) => `${median(values).toFixed(2)} ms`;
  return `ui/typing, one key: composer ${ms(costs.composer)}, bare ${ms(costs.bare)}, ratio ${ratio.toFixed(2)}\n`;
}

async function measure() {
  const browser = await launchBrowser();
  const host = await startHost();
  try {
    await signInBehind(host);
    const page = await openPage(browser, host);
    await inboxLoaded(page);
    await openConversation(page, host.conversation('Marta Téllez'));
    process.stdout.write(await compare(page, byId(page, 'composer-editor')));
  } finally {
    await browser.close();
    await host.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await measure();
