// Pictures of every screen, in both themes and both languages: `npm run pictures -- [FOLDER]`.
// The best two, of the inbox on the demo's conversations, go to the documentation as well.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byId, eventually, inboxLoaded, launchBrowser, openPage, row, startHost } from './product.js';
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
    await page.context().close();
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
  const facts = await eventually(async () => JSON.parse(await readFile(announcement, 'utf8')));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true });
  };
  return { facts, stop };
}

/** A conversation worth looking at: of some length, with words of both sides, none of them long. */
async function conversationToShow(host, language) {
  const inbox = { view: { type: 'mine' }, sort: 'longest_waiting', after: null, limit: 60 };
  const { rows } = await host.ask('inbox_page', inbox);
  let best = null;
  for (const { head } of rows.slice(2)) {
    const view = await host.ask('conversation_open', { conversation_id: head.id, limit: 40 });
    const messages = view.parts.map(({ part }) => part).filter((part) => part.body_text !== '');
    const ours = messages.filter((part) => part.author.type !== 'contact').length;
    const foreign = messages.some((part) => /[^\u0000-\u024f\u2000-\u206f]/.test(part.body_text));
    const score =
      Math.min(messages.length, 8) +
      Math.min(ours, 4) * 2 +
      (head.tags.length > 0 ? 2 : 0) -
      (foreign ? 8 : 0) -
      messages.filter((part) => part.body_text.length > 180).length * 2;
    if (!best || score > best.score) best = { id: head.id, score, part_count: head.part_count };
  }
  return best;
}

const SHOWN = [
  { language: 'en', theme: 'light', note: 'Ben, please check the order before we promise a date.', draft: 'Thanks for waiting. I have just checked your order, and' },
  { language: 'es', theme: 'dark', note: 'Ben, revisa el pedido antes de prometer una fecha.', draft: 'Gracias por la espera. Acabo de revisar tu pedido y' },
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
    if (connection.state !== 'online' || connection.bootstrap) throw new Error('still loading');
  });
  const { id } = await conversationToShow(host);
  for (const { language, theme, note, draft } of SHOWN) {
    const page = await openPage(browser, host, { locale: LOCALES[language], theme });
    await inboxLoaded(page);
    await row(page, id).click();
    await byId(page, 'message').first().waitFor();
    await page.keyboard.press('n');
    await byId(page, 'composer-editor').fill(note);
    await byId(page, 'composer-send').click();
    await byId(page, 'message').filter({ hasText: note }).waitFor();
    await byId(page, 'composer-tab-reply').click();
    await byId(page, 'composer-editor').fill(draft);
    await page.locator('[data-composer] [role="status"]').filter({ hasText: /\S/ }).waitFor();
    await page.evaluate(() => document.fonts.ready);
    const name = `inbox-${theme}-${language}.png`;
    await page.screenshot({ path: join(FOLDER, `demo-${name}`) });
    await copyFile(join(FOLDER, `demo-${name}`), join(FOR_DOCUMENTATION, name));
    await page.context().close();
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
