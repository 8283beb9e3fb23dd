import type { EnrolmentLink } from '../bindings/protocol';

export interface ListedLinks {
  /** Invited, and not in yet: the link waits, or ran out. */
  coming: EnrolmentLink[];
  /** Open links of those who are there: their sign-in is being reset. */
  resets: EnrolmentLink[];
}

export const foldedEmail = (email: string) => email.trim().toLowerCase();

/** What is still to be seen to among all links, which come newest first: the first of an address says how it stands.
 * An invitation that ran out matters until its person is there, by whatever way. */
export function listedLinks(links: readonly EnrolmentLink[], teammateEmails: readonly string[]): ListedLinks {
  const here = new Set(teammateEmails.map(foldedEmail));
  const seen = new Set<string>();
  const newest = links.filter(({ email }) => {
    const key = foldedEmail(email);
    return seen.has(key) ? false : seen.add(key);
  });
  return {
    coming: newest.filter(
      ({ kind, standing, email }) =>
        kind === 'invitation' &&
        (standing === 'open' || standing === 'expired') &&
        !here.has(foldedEmail(email)),
    ),
    resets: newest.filter(({ kind, standing }) => kind !== 'invitation' && standing === 'open'),
  };
}
