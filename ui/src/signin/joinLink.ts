/** What a join link says, as far as it can be read before the program checks it. */
export interface JoinLinkSummary {
  host: string;
  ownAuthority: boolean;
  /** Whether it is somebody's own: an invitation or a reset. */
  personal: boolean;
}

/** Reads a join link for display. The program itself decides whether it is taken. */
export function readJoinLink(text: string): JoinLinkSummary | null {
  try {
    const link = new URL(text.trim());
    if (link.protocol !== 'recado:' || !/^recado:\/\/join\/?\?/.test(text.trim())) return null;
    const address = new URL(link.searchParams.get('url') ?? '');
    if (address.protocol !== 'https:') return null;
    const { searchParams } = link;
    return {
      host: address.host,
      ownAuthority: searchParams.has('ca'),
      personal: searchParams.has('invitation'),
    };
  } catch {
    return null;
  }
}

/** Whether a link is somebody's own. */
export const isPersonal = (text: string): boolean => readJoinLink(text)?.personal === true;
