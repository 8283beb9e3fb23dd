// Pictures of every screen, in both themes and both languages: `npm run pictures -- [FOLDER]`.
// The best two, of the inbox on the demo's conversations, go to the documentation as well.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byId, closePage, eventually, inboxLoaded, launchBrowser, openPage, row, startHost, untilSent } from './product.js';
import { beforeTheInbox, fromAConversation, furnish, withoutNetwork } from './screens.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SERVER = process.env.RECADO_SERVER ?? join(ROOT, 'target/debug/recado-server');
const FOLDER = resolve(process.argv[2] ?? join(ROOT, 'target/pictures'));
const FOR_DOCUMENTATION = join(ROOT, 'docs/pictures');

const LOCALES = { en: 'en-GB', es: 'es-ES' };
const THEMES = ['light', 'dark'];

async function take(page, name, language) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(FOLDER, `${name}-${theme}-${language}.png`) });
  }
  process.stdout.write(`${name} (${language})\n`);
}

/** Every screen of a small workspace. */
async function everyScreen(browser, language) {
  const host = await startHost();
  const show = async (name, ...steps) => {
    const page = await openPage(browser, host, { locale: LOCALES[language] });
    for (const step of steps) await step(page);
    await take(page, name, language);
    await closePage(page);
  };
  await beforeTheInbox(host, show);
  await furnish(host, language);
  for (const [name, ...steps] of fromAConversation(host)) await show(name, ...steps);
  for (const [name, ...steps] of await withoutNetwork(host, language)) await show(name, ...steps);
  await host.stop();
}

/** The six digits of a secret at a time (RFC 6238). */
function codeAt(secret, nowMs) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((sign) => alphabet.indexOf(sign).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const at = digest[digest.length - 1] & 0xf;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), 'recado-pictures-'));
  const announcement = join(folder, 'demo.json');
  const child = spawn(SERVER, ['demo', '--quiet', '--announce', announcement], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  process.on('exit', () => child.kill());
  const facts = await eventually(async () => JSON.parse(await readFile(announcement, 'utf8')));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true });
  };
  return { facts, stop };
}

/** The conversations worth looking at, best first: of some length, with words of both sides, none of them long. */
async function conversationsToShow(host) {
  const inbox = { view: { type: 'mine' }, sort: 'longest_waiting', after: null, limit: 60 };
  const { rows } = await host.ask('inbox_page', inbox);
  const scored = [];
  for (const { head } of rows.slice(0, 9)) {
    const view = await host.ask('conversation_open', { conversation_id: head.id, limit: 40 });
    const messages = view.parts.map(({ part }) => part).filter((part) => part.body_text !== '');
    const ours = messages.filter((part) => part.author.type !== 'contact').length;
    const off = messages.some(({ body_text }) => /[^\u0020-\u024f\u2000-\u206f]|\bpin\b/i.test(body_text));
    const long = messages.filter((part) => part.body_text.length > 150).length;
    const score = Math.min(messages.length, 10) + Math.min(ours, 5) * 2 - (off ? 20 : 0) - long * 3;
    scored.push({ id: head.id, score });
  }
  return scored.sort((a, b) => b.score - a.score).map(({ id }) => id);
}

const SHOWN = [
  {
    language: 'en',
    theme: 'light',
    note: 'Ben knows this one: please look before we promise anything.',
    draft: 'Thank you for waiting. I have just checked it, and',
  },
  {
    language: 'es',
    theme: 'dark',
    note: 'Ben lo conoce: que lo mire antes de que prometamos nada.',
    draft: 'Thank you for waiting. I have just checked it, and',
  },
];

/** The inbox on the demo's conversations, as the documentation shows it. */
async function forDocumentation(browser) {
  const demo = await startDemo();
  const [account] = demo.facts.accounts;
  const host = await startHost(['--join', demo.facts.join_link]);
  await host.ask('sign_in', { email: account.email, password: account.password });
  await host.ask('sign_in_code', { code: codeAt(account.totp_secret, Date.now()) });
  await eventually(async () => {
    const { connection } = await host.ask('app_state');
    assert.ok(connection.state === 'online' && !connection.bootstrap, 'everything is loaded');
  });
  const ids = await conversationsToShow(host);
  for (const [index, { language, theme, note, draft }] of SHOWN.entries()) {
    const page = await openPage(browser, host, { locale: LOCALES[language], theme });
    await inboxLoaded(page);
    const shown = row(page, ids[index]);
    for (let moves = 0; moves < 40 && (await shown.count()) === 0; moves += 1) await page.keyboard.press('j');
    await shown.click();
    await byId(page, 'message').first().waitFor();
    await page.keyboard.press('n');
    await page.locator('form[data-kind="note"]').waitFor();
    await byId(page, 'composer-editor').fill(note);
    await byId(page, 'composer-send').click();
    await page.locator('[data-kind="note"][data-delivery="sent"]').filter({ hasText: note }).waitFor();
    await byId(page, 'composer-tab-reply').click();
    await byId(page, 'composer-editor').fill(draft);
    await page.locator('[data-composer] [role="status"]').getByText(/^(Saved|Guardado)$/).waitFor();
    await untilSent(host);
    await page.locator('[data-testid="sidebar-outbox"] [data-tone]').waitFor({ state: 'detached' });
    await page.evaluate(() => document.fonts.ready);
    const name = `inbox-${theme}-${language}.png`;
    await page.screenshot({ path: join(FOLDER, `demo-${name}`), caret: 'initial' });
    await copyFile(join(FOLDER, `demo-${name}`), join(FOR_DOCUMENTATION, name));
    await closePage(page);
    process.stdout.write(`demo ${name}\n`);
  }
  await host.stop();
  await demo.stop();
}

await mkdir(FOLDER, { recursive: true });
await mkdir(FOR_DOCUMENTATION, { recursive: true });
const browser = await launchBrowser();
try {
  if (existsSync(SERVER)) await forDocumentation(browser);
  else process.stdout.write(`no demo pictures: ${SERVER} is not built\n`);
  for (const language of Object.keys(LOCALES)) await everyScreen(browser, language);
} finally {
  await browser.close();
}
process.stdout.write(`The pictures are in ${FOLDER}\n`);
