// Every screen of the product, in the order in which one meets them: for what is checked on each, and for pictures.

import assert from 'node:assert/strict';
import { byId, eventually, inboxLoaded, openConversation, untilSent } from './product.js';

const PASSPHRASE = 'a wet cactus';

/** What the screens say, in the language of those who look at them. */
const WORDS = {
  en: {
    reply: 'Of course. I have moved it to Thursday at five; you will have the confirmation in a minute.',
    note: 'Ben, the kitchen needs a day for a vegan menu. Offer three o’clock if they insist.',
    queued: 'I will look into it and come back to you today.',
    refused: 'I would rather not promise that.',
    draft: 'The kitchen can prepare the vegan menu for three o’clock. Would that',
  },
  es: {
    reply: '¡Claro! Os he reservado la terraza; en un minuto os llega la confirmación.',
    note: 'Ben, la cocina necesita un día para un menú vegano. Ofrece las tres si insisten.',
    queued: 'Lo miro y te digo algo hoy mismo.',
    refused: 'Prefiero no prometerlo.',
    draft: 'La cocina puede preparar el menú vegano para las tres. ¿Os viene',
  },
};

/** Has the page begin where a start of the program would have been stopped by this problem. */
export const standingAt =
  (code, secret_storage = 'keychain') =>
  async (page) => {
    await page.route('**/host/app_state', async (route) => {
      const response = await route.fetch();
      const problem = { code, detail: 'org.freedesktop.secrets', can_retry: true, can_reset_cache: code === 'cache_damaged', session_end: null };
      await route.fulfill({
        response,
        json: { ...(await response.json()), phase: 'blocked', problem, secret_storage },
      });
    });
    await page.reload();
  };

/** Has the page begin where somebody was signed out, for a reason that the server may have told. */
const signedOut =
  (code, session_end = null) =>
  async (page) => {
    await page.route('**/host/app_state', async (route) => {
      const response = await route.fetch();
      const problem = { code, detail: '', can_retry: true, can_reset_cache: false, session_end };
      await route.fulfill({ response, json: { ...(await response.json()), problem } });
    });
    await page.reload();
    await byId(page, 'sign-in-notice').waitFor();
  };

/** Has the page begin on a machine on which the organisation has fixed something. */
const managedBy = (policy) => async (page) => {
  await page.route('**/host/app_state', async (route) => {
    const response = await route.fetch();
    const state = await response.json();
    const files = ['/etc/recado/policies/managed/10-support.json'];
    await route.fulfill({ response, json: { ...state, managed: { ...state.managed, files, ...policy } } });
  });
  await page.reload();
};

/** Has the page find that the browser that was awaited came to nothing. */
const browserFailed = (failure) => async (page) => {
  await page.route('**/host/app_state', async (route) => {
    const response = await route.fetch();
    const state = await response.json();
    await route.fulfill({ response, json: { ...state, browser: { ...state.browser, failure } } });
  });
  await page.reload();
};

/** Shows what a company's own sign-in adds, from the last step on, since the first may still stand at the keychain. */
async function aboutSingleSignOn(host, show) {
  const { email } = host.facts;
  await host.pull('provider', { refusal: false });
  const { providers } = await host.ask('sign_in_ways', { email });
  await host.ask('sso_begin', { provider: providers[0], email });
  await show('browser', (page) => byId(page, 'browser-waiting').waitFor());
  await show('browser-failed', browserFailed('sso_denied'), (page) => byId(page, 'browser-failed').waitFor());
  await host.ask('sso_cancel');
  const addressFirst = async (page) => {
    await byId(page, 'sign-in-email').waitFor();
    await byId(page, 'sign-in-password').waitFor({ state: 'detached' });
  };
  await show('sign-in-address', addressFirst);
  await show('sign-in-ways', addressFirst, async (page) => {
    await byId(page, 'sign-in-email').fill(email);
    await byId(page, 'sign-in-submit').click();
    await byId(page, 'sign-in-provider').waitFor();
  });
}

/** Goes through personal links as far as nothing of the agent's own changes. The workspace must have been joined. */
async function byPersonalLinks(host, show) {
  const settled = async (page) => byId(page, 'password-feedback').locator('ul, p').first().waitFor();
  const { link } = await host.pull('invite', { email: 'marta@cactus.example', name: 'Marta Téllez' });
  await show('link', async (page) => {
    await byId(page, 'sign-in-link').click();
    await byId(page, 'join-link').fill(link);
    await byId(page, 'join-submit').waitFor();
  });
  await host.ask('workspace_join', { link });
  await show('invitation', (page) => byId(page, 'enrol-password').waitFor());
  await show('invitation-password', async (page) => {
    await byId(page, 'enrol-new-password').fill('recado12');
    await byId(page, 'password-feedback').locator('li').waitFor();
  });
  await host.pull('network', { weather: 'cut' });
  await show('invitation-offline', async (page) => {
    await byId(page, 'enrol-new-password').fill('otter violin gravel seventeen');
    await byId(page, 'enrol-submit').click();
    await byId(page, 'sign-in-problem').waitFor();
  });
  await host.pull('network', { weather: 'fair' });
  await host.ask('enrolment_password', { name: 'Marta Téllez', password: 'otter violin gravel seventeen' });
  await show('invitation-authenticator', async (page) => {
    await byId(page, 'authenticator-secret').waitFor();
    await byId(page, 'code-input').pressSequentially('000000');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
  });
  await show('invitation-codes', withCodes, (page) => byId(page, 'recovery-codes').waitFor());
  await host.pull('revoke_links');
  await show('link-spent', async (page) => {
    await byId(page, 'enrol-back').click();
    await byId(page, 'enrol-new-password').fill('otter violin gravel seventeen');
    await settled(page);
    await byId(page, 'enrol-submit').click();
    await byId(page, 'sign-in-notice').waitFor();
  });
  const reset = await host.pull('reset', { authenticator: false });
  await host.ask('workspace_join', reset);
  await show('reset', (page) => byId(page, 'enrol-password').waitFor());
  await host.ask('enrolment_password', { name: '', password: 'otter violin gravel seventeen' });
  await show('reset-code', (page) => byId(page, 'code-input').waitFor());
  await host.pull('revoke_links');
  await host.ask('enrolment_cancel');
}

/** Has the page stand where the account is taken and the recovery codes are shown. */
async function withCodes(page) {
  await page.route('**/host/app_state', async (route) => {
    const response = await route.fetch();
    const state = await response.json();
    const enrolment = { ...state.enrolment, stage: 'recovery_codes' };
    await route.fulfill({ response, json: { ...state, enrolment } });
  });
  const codes = Array.from({ length: 10 }, (_, index) => `k4px-9dwa-tz3m-h7cq-2vbe-nf8${index}-rj6s`);
  await page.route('**/host/recovery_codes_make', (route) => route.fulfill({ json: { codes } }));
  await page.reload();
}

/** Joins and signs in, showing each screen on the way. `show` is given the name of what the host stands at. */
export async function beforeTheInbox(host, show) {
  const { join_link, email, password } = host.facts;
  await show('join', (page) => byId(page, 'join-link').waitFor());
  await show('join-wrong-link', async (page) => {
    await byId(page, 'join-link').fill('https://support.cactus.example');
    await byId(page, 'join-submit').click();
    await page.getByRole('alert').waitFor();
  });
  const servers = [
    { name: 'Cactus Support', link: join_link },
    { name: 'Cactus Wholesale', link: join_link.replace(/(url=[^&]*?)(:|%3A)\d+/, '$1') },
  ];
  const offered = (page) => byId(page, 'managed-server').first().waitFor();
  await show('managed-server', managedBy({ servers: servers.slice(0, 1) }), offered);
  await show('managed-servers', managedBy({ servers }), offered);
  await show('policy-invalid', standingAt('policy_invalid'), (page) => byId(page, 'problem').waitFor());
  await host.ask('workspace_join', { link: join_link });
  await show('policy-forbids', standingAt('policy_forbids'), async (page) => {
    await byId(page, 'problem-forgotten').click();
    await byId(page, 'problem-erase').waitFor();
  });
  await show('managed-sign-in', managedBy({ login_methods: ['oidc'] }), async (page) => {
    await byId(page, 'sign-in-email').waitFor();
    await byId(page, 'sign-in-password').waitFor({ state: 'detached' });
  });
  await show('sign-in', (page) => byId(page, 'sign-in-email').waitFor());
  await show('signed-out-elsewhere', signedOut('session_ended', 'ended_elsewhere'));
  await show('signed-out-by-admin', signedOut('session_ended', 'ended_by_admin'));
  await show('signed-out-two-holders', signedOut('session_ended', 'refresh_reused'));
  await show('copy-erased', signedOut('session_wiped'));
  await show('wrong-password', async (page) => {
    await byId(page, 'sign-in-email').fill(email);
    await byId(page, 'sign-in-password').fill('not my password');
    await byId(page, 'sign-in-submit').click();
    await byId(page, 'sign-in-problem').waitFor();
  });
  await host.pull('keychain', { fault: 'missing' });
  await show('no-keychain', async (page) => {
    await byId(page, 'sign-in-email').fill(email);
    await byId(page, 'sign-in-password').fill(password);
    await page.keyboard.press('Enter');
    await byId(page, 'vault-choice').waitFor();
    await byId(page, 'vault-passphrase').fill('too short');
    await byId(page, 'vault-create').click();
    await page.getByRole('alert').waitFor();
  });
  await host.pull('keychain', {});
  await show('passphrase', standingAt('vault_locked', 'vault_locked'), (page) => byId(page, 'vault-unlock').waitFor());
  await show('keychain-locked', standingAt('keychain_locked'), (page) => byId(page, 'problem').waitFor());
  await show('keychain-missing', standingAt('keychain_missing'), (page) => byId(page, 'problem').waitFor());
  await show('keychain-denied', standingAt('keychain_denied'), (page) => byId(page, 'problem').waitFor());
  await show('keychain-timeout', standingAt('keychain_timeout'), (page) => byId(page, 'problem').waitFor());
  await show('keychain-mismatch', standingAt('keychain_mismatch'), (page) => byId(page, 'problem-forgotten').waitFor());
  await show('passphrase-forgotten', standingAt('vault_locked', 'vault_locked'), async (page) => {
    await byId(page, 'vault-forgotten').click();
    await byId(page, 'vault-erase').waitFor();
  });
  await show('cache-damaged', standingAt('cache_damaged'), (page) => byId(page, 'problem').waitFor());
  await show('lease-ended', standingAt('lease_ended'), (page) => byId(page, 'problem').waitFor());
  await show('disk-full', standingAt('disk_full'), (page) => byId(page, 'problem').waitFor());
  await aboutSingleSignOn(host, show);
  await byPersonalLinks(host, show);
  // Wrong passwords make the server slow for a moment.
  await eventually(() => host.ask('sign_in', { email, password }));
  await show('code', async (page) => {
    await byId(page, 'code-input').waitFor();
    await byId(page, 'code-input').pressSequentially('407');
  });
  await show('recovery-code', async (page) => {
    await byId(page, 'code-recovery').click();
    await byId(page, 'recovery-code').fill('wrong');
    await byId(page, 'recovery-submit').click();
    await byId(page, 'sign-in-problem').waitFor();
  });
  const giveCode = () =>
    eventually(async () => host.ask('sign_in_code', { code: (await host.pull('code')).code }));
  await host.pull('require_own', { days: 0 });
  await giveCode();
  await show('own-authenticator', (page) => byId(page, 'authenticator-secret').waitFor());
  await host.ask('enrolment_cancel');
  await host.pull('require_own', { days: 14 });
  await eventually(() => host.ask('sign_in', { email, password }));
  await giveCode();
  await show('own-factor-reminder', inboxLoaded, (page) => byId(page, 'own-factor-reminder').waitFor());
  await host.pull('require_own', {});
  await eventually(async () => {
    const { connection } = await host.ask('app_state');
    assert.ok(connection.state === 'online' && !connection.bootstrap, 'everything is loaded');
  });
}

const pressed = (key, id) => async (page) => {
  await page.keyboard.press(key);
  await byId(page, id).waitFor();
};

/** Has the agent, a colleague and the customer leave something of every kind in one conversation. */
export async function furnish(host, language) {
  const conversation_id = host.conversation('Marta Téllez');
  const words = WORDS[language];
  const { head } = await host.ask('conversation_open', { conversation_id, limit: 1 });
  const last_seen_seq = head.part_count;
  const submit = (action) => host.ask('command_submit', { conversation_id, action });
  await submit({ type: 'conversation_reply', body_text: words.reply, last_seen_seq });
  await submit({ type: 'conversation_note', body_text: words.note });
  await submit({ type: 'conversation_tag_add', tag: 'vip' });
  await host.pull('message', { conversation_id, html: '<h3>Menu</h3><table><tr><td>Vegan</td><td>6</td></tr></table>' });
  // It was the only one that is snoozed: now a view is empty.
  await host.pull('colleague', {
    conversation_id: host.conversation('Tom Okafor'),
    action: { type: 'conversation_open' },
  });
  await untilSent(host);
}

/** Panes that are read after the first picture stand as well. */
const paneStands = (page, pane) => page.locator(`[data-pane="${pane}"] :is(p, dt)`).first().waitFor();

const offline = (page) => page.locator('[data-testid="status-bar"][data-state="offline"]').waitFor();

/** The screens without a network, with something queued, something refused and a kept draft. */
export async function withoutNetwork(host, language) {
  const words = WORDS[language];
  const conversation_id = host.conversation('Marta Téllez');
  const reply = (body_text) =>
    host.ask('command_submit', {
      conversation_id,
      action: { type: 'conversation_reply', body_text, last_seen_seq: 0 },
    });
  const connection = async () => (await host.ask('app_state')).connection;
  const cut = async () => {
    await host.pull('network', { weather: 'cut' });
    await eventually(async () => assert.equal((await connection()).state, 'offline'));
  };
  await cut();
  await reply(words.refused);
  await host.pull('access', { role: 'light_agent' });
  await host.pull('network', { weather: 'fair' });
  await eventually(async () => assert.equal((await connection()).refused, 1));
  await host.pull('access', { role: 'agent' });
  await eventually(async () => assert.equal((await host.ask('app_state')).account.role, 'agent'));
  await cut();
  await reply(words.queued);
  await host.ask('draft_save', { conversation_id, kind: 'reply', body_text: words.draft });
  const open = async (page) => {
    await offline(page);
    await openConversation(page, conversation_id);
    await byId(page, 'refusal').waitFor();
    await paneStands(page, 'details');
  };
  return [
    ['offline', open],
    [
      'outbox',
      offline,
      async (page) => {
        await byId(page, 'sidebar-outbox').click();
        await byId(page, 'outbox-entry').first().waitFor();
        await byId(page, 'kept-draft').waitFor();
      },
    ],
    [
      'sign-out',
      offline,
      async (page) => {
        await byId(page, 'account-menu').click();
        await page.getByRole('menuitem').last().click();
        await byId(page, 'sign-out').waitFor();
      },
    ],
  ];
}

const UNREACHABLE = { code: 'unreachable', message: 'cut', retry_after_s: null };

/** What an admin sees of personal links. */
function people(host, open) {
  const fill = async (page) => {
    await byId(page, 'people-invite').click();
    await byId(page, 'invite-name').fill('Marta Téllez');
    await byId(page, 'invite-email').fill('marta@cactus.example');
  };
  const submit = (page) => byId(page, 'invite-submit').click();
  const stepUp = async () => {
    const { code } = await host.pull('code');
    await host.ask('step_up', { code });
  };
  return [
    ['people-none', open, (page) => byId(page, 'people-none').waitFor()],
    [
      'invite-wrong',
      open,
      async (page) => {
        await byId(page, 'people-invite').click();
        await byId(page, 'invite-name').fill('Marta Téllez');
        await byId(page, 'invite-email').fill('marta');
        await submit(page);
        await byId(page, 'invite-panel').getByRole('alert').waitFor();
      },
    ],
    [
      'invite-step-up',
      async () => host.pull('server_time', { seconds: 301 }),
      open,
      fill,
      submit,
      (page) => byId(page, 'step-up').waitFor(),
    ],
    [
      'invite-made',
      () => eventually(stepUp),
      open,
      fill,
      submit,
      (page) => byId(page, 'personal-link-letter').waitFor(),
    ],
    [
      'invite-leaving',
      open,
      fill,
      submit,
      async (page) => {
        await byId(page, 'personal-link-letter').waitFor();
        await page.keyboard.press('Escape');
        await byId(page, 'leaving-stay').waitFor();
      },
    ],
    [
      'reset-missing',
      open,
      async (page) => {
        await byId(page, 'people-reset').click();
        await byId(page, 'reset-submit').click();
        await byId(page, 'reset-panel').getByRole('alert').waitFor();
      },
    ],
    [
      'people',
      open,
      async (page) => {
        await byId(page, 'people-reset').click();
        await byId(page, 'reset-whose').selectOption({ index: 1 });
        await byId(page, 'reset-submit').click();
        await byId(page, 'personal-link-done').click();
        await byId(page, 'personal-link').nth(1).waitFor();
        await byId(page, 'personal-link-withdraw').first().click();
        await byId(page, 'personal-link-withdraw-confirm').waitFor();
      },
    ],
    [
      'people-offline',
      (page) => page.route('**/host/personal_links', (route) => route.fulfill({ status: 500, json: UNREACHABLE })),
      open,
      (page) => byId(page, 'people').getByRole('alert').waitFor(),
    ],
  ];
}

/** What one sees of one's own account. */
function ownAccount(host, open) {
  const settings = (section) => async (page) => {
    await open(page);
    await page.keyboard.press('Control+,');
    await byId(page, `settings-${section}`).click();
  };
  const panel = (id) => async (page) => {
    await settings('security')(page);
    await byId(page, `security-${id}`).click();
  };
  return [
    ['security', settings('security'), (page) => byId(page, 'security').waitFor()],
    [
      'security-password',
      panel('password'),
      async (page) => {
        await byId(page, 'password-current').fill('not my password');
        await byId(page, 'password-new').fill('recado12');
        await byId(page, 'password-feedback').locator('li').first().waitFor();
      },
    ],
    [
      'security-recovery',
      panel('recovery'),
      async (page) => {
        await byId(page, 'recovery-make').click();
        await byId(page, 'recovery-codes').waitFor();
      },
    ],
    ['security-authenticator', panel('authenticator'), (page) => byId(page, 'authenticator-secret').waitFor()],
    ['security-lock', panel('lock'), (page) => byId(page, 'app-lock-passphrase').waitFor()],
    [
      'step-up',
      async () => host.pull('server_time', { seconds: 301 }),
      panel('authenticator'),
      (page) => byId(page, 'step-up').waitFor(),
    ],
    [
      'new-sign-in',
      async () => host.pull('sign_in_elsewhere', {}),
      open,
      (page) => byId(page, 'new-sign-in').waitFor(),
    ],
    [
      'sessions',
      settings('sessions'),
      async (page) => {
        await byId(page, 'session-end').waitFor();
        await byId(page, 'session-wipe').first().click();
        await byId(page, 'session-wipe-confirm').waitFor();
      },
    ],
    [
      'checkup',
      // A page that is still being opened hears of the change only when it has begun to listen.
      inboxLoaded,
      async () => host.pull('access', { role: 'admin' }),
      settings('checkup'),
      (page) => byId(page, 'checkup').waitFor(),
    ],
    ...people(host, settings('people')),
    [
      'locked',
      async () => {
        await host.pull('access', { role: 'agent' });
        const { sessions } = await host.ask('sessions', { teammate_id: null });
        const unseen = sessions.filter((session) => session.unseen && !session.current);
        await host.ask('sessions_seen', { session_ids: unseen.map((session) => session.session_id) });
        await host.ask('app_lock_set', { passphrase: PASSPHRASE, current: null });
        await host.ask('app_lock');
      },
      async (page) => {
        await byId(page, 'lock-passphrase').fill('not the one');
        await byId(page, 'lock-submit').click();
        await page.getByRole('alert').waitFor();
        await byId(page, 'lock-forgotten').click();
        await byId(page, 'lock-erase').waitFor();
      },
    ],
    [
      'unlocked',
      async () => {
        await host.ask('app_unlock', { passphrase: PASSPHRASE });
      },
      panel('lock'),
      (page) => byId(page, 'app-lock-remove').waitFor(),
    ],
  ];
}

/** The screens that one reaches from an open conversation, each from where the one before left the page. */
export function fromAConversation(host) {
  const marta = host.conversation('Marta Téllez');
  const open = async (page) => {
    await inboxLoaded(page);
    await openConversation(page, marta);
  };
  return [
    ['inbox', inboxLoaded, (page) => paneStands(page, 'conversation')],
    ['conversation', open, (page) => paneStands(page, 'details')],
    [
      'writing-a-note',
      async (page) => {
        await open(page);
        await page.keyboard.press('n');
        await page.locator('form[data-kind="note"]').waitFor();
      },
    ],
    ['assign', open, pressed('a', 'picker-input')],
    ['assign-team', open, pressed('v', 'picker-input')],
    ['snooze', open, pressed('b', 'picker-input')],
    ['tag', open, pressed('t', 'picker-input')],
    ['palette', open, pressed('Control+k', 'palette-input')],
    ['keys', open, pressed('?', 'cheat-sheet')],
    [
      'search',
      open,
      async (page) => {
        await page.keyboard.press('/');
        await page.keyboard.type('the');
        await byId(page, 'search-result').first().waitFor();
      },
    ],
    [
      'search-nothing',
      open,
      async (page) => {
        await page.keyboard.press('/');
        await page.keyboard.type('zzzz');
        await byId(page, 'search-server').waitFor();
      },
    ],
    [
      'outbox-empty',
      open,
      async (page) => {
        await byId(page, 'sidebar-outbox').click();
        await byId(page, 'outbox').waitFor();
      },
    ],
    [
      'settings-managed',
      managedBy({
        servers: [{ name: 'Cactus Support', link: host.facts.join_link }],
        server_list_locked: true,
        login_methods: ['password', 'oidc'],
        require_system_keychain: true,
      }),
      open,
      pressed('Control+,', 'settings'),
      (page) => byId(page, 'settings-about').click(),
      (page) => byId(page, 'managed-facts').scrollIntoViewIfNeeded(),
    ],
    ['settings', open, pressed('Control+,', 'settings')],
    ...['notifications', 'keys', 'about'].map((section) => [
      `settings-${section}`,
      open,
      pressed('Control+,', 'settings'),
      (page) => byId(page, `settings-${section}`).click(),
    ]),
    ...ownAccount(host, open),
    [
      'account-menu',
      open,
      async (page) => {
        await byId(page, 'account-menu').click();
        await page.getByRole('menu').waitFor();
      },
    ],
    [
      'workspace-menu',
      open,
      async (page) => {
        await byId(page, 'workspace-menu').click();
        await page.getByRole('menu').waitFor();
      },
    ],
    [
      'empty',
      inboxLoaded,
      async (page) => {
        await page.keyboard.press('g');
        await page.keyboard.press('b');
        await byId(page, 'empty-list').waitFor();
      },
    ],
  ];
}
