import type { Commands, EnrolmentKind, EnrolmentLink } from '../../bindings/protocol';
import { HostFailure } from '../host';
import type { MemoryWorld } from './seed';

type LinkCommand = 'personal_links' | 'personal_link_invite' | 'personal_link_reset' | 'personal_link_revoke';

type Handlers = { [K in LinkCommand]: (request: Commands[K][0]) => Commands[K][1] };

const HOUR_US = 3_600_000_000;
const LONGEST_S = 259_200;

const linkId = (number: number) => `enr_${number.toString(16).padStart(32, '0')}`;

/** Two who were invited: one whose link waits, and one whose link ran out. */
export function earlierLinks(nowUs: number, madeBy: string): EnrolmentLink[] {
  const invited = (number: number, name: string, email: string, ageHours: number): EnrolmentLink => ({
    id: linkId(number),
    kind: 'invitation',
    email,
    name,
    role: 'agent',
    team_ids: [],
    teammate_id: null,
    made_by: madeBy,
    created_at: nowUs - ageHours * HOUR_US,
    expires_at: nowUs + (72 - ageHours) * HOUR_US,
    standing: ageHours < 72 ? 'open' : 'expired',
  });
  return [
    invited(1, 'Marta Téllez', 'marta@cactus.example', 5),
    invited(2, 'Kai Lindqvist', 'kai@cactus.example', 100),
  ];
}

/** Personal links as the memory host makes them, in `world.links`, the newest first. */
export function personalLinkHandlers(world: MemoryWorld): Handlers {
  const { links } = world;
  const listed = () => ({ links: structuredClone(links) });
  const make = (
    kind: EnrolmentKind,
    whom: Pick<EnrolmentLink, 'email' | 'name' | 'role' | 'team_ids' | 'teammate_id'>,
    expiresInS: number | null,
  ) => {
    for (const link of links) {
      if (link.email === whom.email && link.standing === 'open') link.standing = 'replaced';
    }
    const now = Date.now() * 1000;
    const enrolment: EnrolmentLink = {
      ...whom,
      id: linkId(links.length + 1),
      kind,
      made_by: world.state.account?.teammate_id ?? null,
      created_at: now,
      expires_at: now + (expiresInS ?? LONGEST_S) * 1_000_000,
      standing: 'open',
    };
    links.unshift(enrolment);
    const link = `recado://join?url=https%3A%2F%2Fsupport.cactus.example&invitation=rci_${links.length}`;
    const letter = `Subject: Recado\n\nHello ${whom.name},\n\n${link}\n`;
    return { enrolment: structuredClone(enrolment), link, letter };
  };
  return {
    personal_links: listed,
    personal_link_invite: ({ email, name, role, team_ids, expires_in_s }) =>
      make('invitation', { email, name, role, team_ids, teammate_id: null }, expires_in_s),
    personal_link_reset: ({ teammate_id, authenticator, expires_in_s }) => {
      const found = world.teammates.find((teammate) => teammate.id === teammate_id);
      if (!found) throw new HostFailure({ code: 'not_found', message: 'not found', retry_after_s: null });
      const { email, name, role } = found;
      const whom = { email, name, role, team_ids: [], teammate_id };
      return make(authenticator ? 'account_reset' : 'password_reset', whom, expires_in_s);
    },
    personal_link_revoke: ({ id }) => {
      const found = links.find((link) => link.id === id && link.standing === 'open');
      if (!found) throw new HostFailure({ code: 'not_found', message: 'not found', retry_after_s: null });
      found.standing = 'revoked';
      return listed();
    },
  };
}
