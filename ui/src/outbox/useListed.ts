import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import type { KeptDraft, ListedRequest, OutboxEntry } from '../bindings/protocol';
import { type Counts, placeOf, spanAround } from './listed';

/** What the page shows at a place; absent while it is not held. */
export type Item = { type: 'entry'; entry: OutboxEntry } | { type: 'draft'; kept: KeptDraft };

export interface Listed {
  /** Absent until the host has answered. */
  counts: Counts | null;
  itemAt: (index: number) => Item | null;
}

/** The outbox and the drafts around the places that are shown. Of the others it is known only how many there are. */
export function useListed(first: number, last: number): Listed {
  const host = useHost();
  // What was looked at before is not kept: the host has it.
  const part = { placeholderData: keepPreviousData, gcTime: 0 } as const;
  const span = spanAround(first, last);
  const { data: outbox } = useQuery({
    ...part,
    queryKey: KEYS.outboxPart(span),
    queryFn: async () => ({ ...(await host.invoke('outbox', span)), skip: span.skip }),
  });
  const before = outbox ? outbox.refused + outbox.waiting : 0;
  const draftSpan: ListedRequest = spanAround(first - before, last - before);
  const { data: drafts } = useQuery({
    ...part,
    queryKey: KEYS.draftsPart(draftSpan),
    queryFn: async () => ({ ...(await host.invoke('drafts', draftSpan)), skip: draftSpan.skip }),
    staleTime: 0,
  });
  if (!outbox) return { counts: null, itemAt: () => null };
  const { refused, waiting } = outbox;
  const counts: Counts = { refused, waiting, drafts: drafts?.count ?? 0 };
  return {
    counts,
    itemAt: (index) => {
      const { section, number } = placeOf(index, counts);
      if (section === 'drafts') {
        const kept = drafts?.drafts[number - drafts.skip];
        return kept ? { type: 'draft', kept } : null;
      }
      const entry = outbox.entries[number - outbox.skip];
      return entry ? { type: 'entry', entry } : null;
    },
  };
}
