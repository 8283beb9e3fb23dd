// The product as a browser test meets it: the browser host with the real client and server behind it, and Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = new URL('../../', import.meta.url);
const HOST_PROGRAM =
  process.env.RECADO_BROWSER_HOST ?? fileURLToPath(new URL('target/debug/browser-host', ROOT));
const CHROMIUM = process.env.RECADO_CHROMIUM ?? '/usr/bin/chromium';

/** How long a test waits for what has to happen. It is never how long something takes. */
export const PATIENCE_MS = 30_000;

const CHROMIUM_ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launchBrowser = () =>
  chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS, headless: true });

/** Starts a browser host. It ends when the returned object's `stop` is called, or with this process. */
export async function startHost(programArguments = []) {
  const child = spawn(HOST_PROGRAM, programArguments, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    exited.then(([code]) => assert.fail(`the browser host ended with ${code} before it listened`)),
  ]);
  const { url, origin, token, facts } = JSON.parse(line);

  const post = async (path, body) => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-recado-host-token': token },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const received = async () => (await post('/control/replies', {})).map((reply) => reply.body_text);
  // What the scenario itself has sent is no test's concern.
  const before = facts.conversations ? (await received()).length : 0;
  return {
    url,
    origin,
    facts,
    /** Has customers, colleagues or the network do something. */
    pull: (lever, given = {}) => post(`/control/${lever}`, given),
    /** Asks the client itself, as the UI does. */
    ask: (command, request = {}) => post(`/host/${command}`, request),
    /** The words of every reply that the customer's system has received since this host started. */
    replies: async () => (await received()).slice(before),
    conversation(customer) {
      const found = facts.conversations.find((opened) => opened.customer === customer);
      assert.ok(found, `the workspace has a conversation with ${customer}`);
      return found.conversation_id;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

/** A browser context that is as somebody's system says, with one page on the host. */
export async function openPage(browser, host, { locale = 'en-GB', theme = 'light' } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale,
    timezoneId: 'Europe/Madrid',
    colorScheme: theme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(host.url);
  return page;
}

/** Closes a page and its context, once whatever it still asks of a route of the test has been answered. */
export async function closePage(page) {
  await page.unrouteAll({ behavior: 'wait' });
  await page.context().close();
}

/** What went wrong in a page that no test may cause: exceptions, and requests to anywhere but the host. */
export function watch(page, host) {
  const wrongs = [];
  page.on('pageerror', (error) => wrongs.push(`exception: ${error.stack ?? error}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(host.origin) && !/^(data|blob|about):/.test(url)) wrongs.push(`request: ${url}`);
  });
  page.on('console', (message) => {
    // Chromium reports each refusal of the client as a failed load; the UI shows it in words.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      wrongs.push(`console: ${message.text()}`);
    }
  });
  return wrongs;
}

/** A workspace of its own and a page on it, for one test; whatever went wrong in the page fails the test. */
export async function visit(t, browser, options) {
  const host = await startHost();
  const page = await openPage(browser, host, options);
  const wrongs = watch(page, host);
  t.after(async () => {
    const picture = fileURLToPath(new URL(`target/pictures/failed/${t.name.slice(0, 80)}.png`, ROOT));
    if (!t.passed) await page.screenshot({ path: picture });
    const seen = [...wrongs];
    await closePage(page);
    await host.stop();
    assert.deepEqual(seen, []);
  });
  return { host, page };
}

/** The same, signed in, with the inbox loaded. */
export async function visitInbox(t, browser, options) {
  const visited = await visit(t, browser, options);
  await signInBehind(visited.host);
  await inboxLoaded(visited.page);
  return visited;
}

/** Signs the client in without the screens: for tests of what comes after them. */
export async function signInBehind(host) {
  const { join_link, email, password } = host.facts;
  await host.ask('workspace_join', { link: join_link });
  await host.ask('sign_in', { email, password });
  const { code } = await host.pull('code');
  await host.ask('sign_in_code', { code });
}

export async function inboxLoaded(page) {
  await byId(page, 'conversation-row').first().waitFor();
  await page.locator('[data-testid="status-bar"][data-state="online"]').waitFor();
}

export const byId = (page, id) => page.getByTestId(id);

export const row = (page, id) => page.locator(`[data-testid="conversation-row"][data-conversation-id="${id}"]`);

/** Opens a conversation of the view All open, and waits until its messages are there. */
export async function openConversation(page, id) {
  await byId(page, 'sidebar-view-all').click();
  await row(page, id).click();
  await byId(page, 'message').first().waitFor();
}

/** Asks again and again until the assertions hold. */
export async function eventually(assertions) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await assertions();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Waits until everything that was done has reached the server. */
export const untilSent = (host) =>
  eventually(async () => assert.deepEqual((await host.ask('outbox')).entries, []));

/** The catalogue of a language: tests expect the words that it gives to a name. */
export function wordsOf(language) {
  const source = readFileSync(new URL(`ui/src/i18n/locales/${language}.ftl`, ROOT), 'utf8');
  const words = new Map();
  for (const [, id, text] of source.matchAll(/^([a-z][a-z0-9-]*) = (.+)$/gm)) words.set(id, text);
  return (id) => {
    const text = words.get(id);
    assert.ok(text && !text.includes('{'), `${language} has plain words for ${id}`);
    return text;
  };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with what the page shows, one line each; by all its rules, or by those named. */
export async function axeViolations(page, rules) {
  // Evaluated from outside: the page's own policy lets no further script in.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const options = { iframes: false, ...(rules && { runOnly: rules }) };
  const { violations } = await page.evaluate((given) => window.axe.run(document, given), options);
  return violations.flatMap((violation) =>
    violation.nodes.map(
      (node) => `${violation.id}: ${node.target.join(' ')} ${node.failureSummary.replace(/\s+/g, ' ')}`,
    ),
  );
}
