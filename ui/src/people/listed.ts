import type { EnrolmentLink } from '../bindings/protocol';

export interface ListedLinks {
  /** Invited, and not in yet: the link waits, or ran out. */
  coming: EnrolmentLink[];
  /** Links of those who are there: their sign-in is being reset, or was to be when the link ran out. */
  resets: EnrolmentLink[];
}

/** For how long a reset is shown that ran out: whoever still cannot get in has said so by then. */
const RAN_OUT_SHOWN_US = 7 * 86_400_000_000;

export const foldedEmail = (email: string) => email.trim().toLowerCase();

/** What is still to be seen to among all links, which come newest first: the first of an address says how it stands.
 * An invitation that ran out matters until its person is there, by whatever way. */
export function listedLinks(
  links: readonly EnrolmentLink[],
  teammateEmails: readonly string[],
  nowUs: number,
): ListedLinks {
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
    resets: newest.filter(
      ({ kind, standing, expires_at }) =>
        kind !== 'invitation' &&
        (standing === 'open' || (standing === 'expired' && nowUs - expires_at < RAN_OUT_SHOWN_US)),
    ),
  };
}
