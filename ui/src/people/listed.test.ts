import { expect, test } from 'vitest';
import type { EnrolmentLink } from '../bindings/protocol';
import { listedLinks } from './listed';

let made = 0;

/** Links as the server lists them, the newest first. */
const link = (
  email: string,
  standing: EnrolmentLink['standing'],
  kind: EnrolmentLink['kind'] = 'invitation',
) => {
  made += 1;
  return {
    id: `enr_${made}`,
    kind,
    email,
    name: email,
    role: 'agent',
    team_ids: [],
    teammate_id: null,
    made_by: null,
    created_at: 0,
    expires_at: 0,
    standing,
  } satisfies EnrolmentLink;
};

const emails = (links: EnrolmentLink[]) => links.map(({ email }) => email);

test('whoever was invited is waited for until the link is used or withdrawn', () => {
  const { coming } = listedLinks(
    [
      link('open@x', 'open'),
      link('late@x', 'expired'),
      link('in@x', 'used'),
      link('unwanted@x', 'revoked'),
      link('other@x', 'unknown'),
    ],
    [],
    0,
  );
  expect(emails(coming)).toEqual(['open@x', 'late@x']);
});

test('only the newest link of an address counts', () => {
  const { coming, resets } = listedLinks(
    [
      link('marta@x', 'open'),
      link('Marta@x', 'replaced'),
      link('marta@x', 'expired'),
      link('kai@x', 'used'),
      link('kai@x', 'expired'),
      link('ana@x', 'open', 'password_reset'),
      link('ana@x', 'used'),
    ],
    ['ana@x'],
    0,
  );
  expect(emails(coming)).toEqual(['marta@x']);
  expect(emails(resets)).toEqual(['ana@x']);
});

test('whoever is here by another way is not waited for', () => {
  const { coming } = listedLinks([link('Kai@x', 'expired')], ['kai@X'], 0);
  expect(coming).toEqual([]);
});

test('a reset is listed while its link is open, and a week longer where it ran out', () => {
  const links = [
    link('a@x', 'open', 'account_reset'),
    link('b@x', 'expired', 'password_reset'),
    link('c@x', 'open', 'unknown'),
    link('d@x', 'used', 'password_reset'),
    link('e@x', 'revoked', 'password_reset'),
  ];
  const here = ['a@x', 'b@x', 'c@x', 'd@x', 'e@x'];
  const week = 7 * 86_400_000_000;
  const { coming, resets } = listedLinks(links, here, week - 1);
  expect(coming).toEqual([]);
  expect(emails(resets)).toEqual(['a@x', 'b@x', 'c@x']);
  expect(emails(listedLinks(links, here, week).resets)).toEqual(['a@x', 'c@x']);
});
