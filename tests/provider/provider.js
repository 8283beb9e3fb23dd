// A certified OpenID Connect provider (the package oidc-provider) behind TLS on a free port of this machine's loopback, for
// the tests of single sign-on in the real window. Nobody here wrote what it answers: only its people and its one client come from
// the test.
//
//   node provider.js KEY CERTIFICATE      two PEM files
//
// It prints its issuer as its first line and then takes one JSON object a line:
//   { "client": { "client_id", "client_secret", "redirect_uris", "backchannel_logout_uri" } }  first, and once
//   { "person": { "sub", "email", "email_verified", "name", "groups" } }                        at any time, for later sign-ins
// It answers each with a line `ok`, and ends with its input.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

// What the package says of itself is no answer.
console.log = console.info = console.warn = console.error;

/** Who there is, by what the provider calls them. Whoever signs in types that as their name there. */
const people = new Map();

const [key, cert] = process.argv.slice(2, 4).map((file) => readFileSync(file));
const server = createServer({ key, cert }, (request, response) => {
  if (handle) return handle(request, response);
  response.writeHead(503).end();
});
let handle = null;

function provide(issuer, client) {
  const provider = new Provider(issuer, {
    clients: [{ grant_types: ['authorization_code', 'refresh_token'], ...client }],
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
    },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    // As most companies set it up: who asks for it stays signed in until the account is disabled.
    issueRefreshToken: async (_context, asking) => asking.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    cookies: { keys: ['only for tests'] },
    async findAccount(_context, sub) {
      const person = people.get(sub);
      if (!person) return undefined;
      return { accountId: sub, claims: async () => person };
    },
  });
  handle = provider.callback();
}

server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  process.stdout.write(`${issuer}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const { client, person } = JSON.parse(line);
    if (client) provide(issuer, client);
    if (person) people.set(person.sub, person);
    process.stdout.write('ok\n');
  });
  lines.on('close', () => process.exit(0));
});
