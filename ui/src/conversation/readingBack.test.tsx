import { QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { HostProvider } from '../app/host';
import { KEYS } from '../app/queries';
import { newQueryClient } from '../app/queryClient';
import type { ConversationView, PartsPage, PartView } from '../bindings/protocol';
import { memoryHost } from '../platform/memory';
import { part } from '../platform/memory/seed';
import { useConversation } from './useConversation';

const sent = (seq: number): PartView => ({
  part: part('cnv_1', seq, { part_type: 'comment', created_at: seq }),
  mine: false,
  delivery: { type: 'sent' },
  heard_at: null,
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => sent(from + index));
const seqs = (parts: readonly PartView[] | undefined) => parts?.map((entry) => entry.part.seq);
const numbers = (from: number, to: number) => seqs(range(from, to)) ?? [];

/** A conversation of which these parts are shown. What is asked for stays open until it is answered. */
async function reader(parts: PartView[]) {
  const host = memoryHost(3);
  const invoke = host.invoke.bind(host);
  const asked = new Map<number, (page: PartsPage | null) => void>();
  host.invoke = (name, request) => {
    if (name === 'conversation_open')
      return Promise.resolve({ parts, has_older: true, partial: false } as never);
    if (name !== 'conversation_parts') return invoke(name, request);
    const { before_seq } = request as { before_seq: number };
    expect(asked.has(before_seq), `${before_seq} is asked for twice`).toBe(false);
    return new Promise((resolve, reject) => {
      asked.set(before_seq, (page) => {
        asked.delete(before_seq);
        if (page) resolve(page as never);
        else reject(new Error('unreachable'));
      });
    });
  };
  const client = newQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <HostProvider host={host}>{children}</HostProvider>
    </QueryClientProvider>
  );
  const { result } = renderHook(() => useConversation('cnv_1'), { wrapper });
  await waitFor(() => expect(result.current.data).toBeDefined());
  const answer = (before_seq: number, page: Partial<PartsPage> | null) =>
    act(async () => asked.get(before_seq)?.(page && { parts: [], has_older: true, partial: false, ...page }));
  const shownElsewhere = (other: PartView[]) =>
    act(async () => {
      client.setQueryData<ConversationView>(
        KEYS.conversation('cnv_1'),
        (view) => view && { ...view, parts: other },
      );
    });
  return {
    asked,
    answer,
    shownElsewhere,
    now: () => result.current,
    shown: () => seqs(result.current.data?.parts),
  };
}

test('what comes before and what comes after are read at the same time', async () => {
  const { asked, answer, now, shown } = await reader([...range(501, 600), ...range(901, 960)]);
  now().loadOlder();
  now().loadOlder();
  now().loadNewer();
  expect([...asked.keys()]).toEqual([501, 701]);
  await answer(701, { parts: range(601, 700) });
  await answer(501, { parts: range(401, 500) });
  expect(shown()).toEqual([...numbers(401, 700), ...numbers(901, 960)]);
});

test('a page that was asked for elsewhere changes nothing, and does not hold up what is missing now', async () => {
  const { asked, answer, shownElsewhere, now, shown } = await reader(range(501, 600));
  now().loadOlder();
  await shownElsewhere(range(541, 600));
  now().loadOlder();
  expect([...asked.keys()]).toEqual([501, 541]);
  await answer(501, { parts: range(401, 500), has_older: false });
  expect([shown(), now().data?.has_older]).toEqual([numbers(541, 600), true]);
  await answer(541, { parts: range(441, 540) });
  expect(shown()).toEqual(numbers(441, 600));
});

const always = () => true;

test('what is far back is shown with what stands around it, and the newest', async () => {
  const { answer, now, shown } = await reader([...range(1_501, 1_600), ...range(1_941, 2_000)]);
  const found = now().readBackTo(sent(333).part.id, always);
  for (let before = 1_941; before >= 341; before -= 100) {
    expect(shown()).toEqual([...numbers(1_501, 1_600), ...numbers(1_941, 2_000)]);
    await answer(before, { parts: range(before - 100, before - 1) });
  }
  expect(await found).toBe(true);
  await waitFor(() => expect(shown()?.[0]).toBe(241));
  expect(shown()).toEqual([...numbers(241, 490), ...numbers(1_941, 2_000)]);
  expect(now().data?.has_older).toBe(true);
});

test('what cannot be had, or is not wanted any more, leaves everything as it is', async () => {
  const { asked, answer, now, shown } = await reader([...range(501, 600), ...range(901, 960)]);
  const before = now().data;
  const wanted = sent(333).part.id;
  const ends: [page: Partial<PartsPage> | null, isWanted: () => boolean][] = [
    [{ partial: true }, always],
    [null, always],
    [{ parts: range(801, 900), has_older: false }, always],
    [{ parts: range(300, 900) }, () => false],
    [{ parts: [...range(300, 310), ...range(330, 400)] }, always],
  ];
  for (const [page, isWanted] of ends) {
    const found = now().readBackTo(wanted, isWanted);
    await answer(901, page);
    expect(await found).toBe(false);
  }
  expect(asked.size).toBe(0);
  expect(now().data).toBe(before);
  expect(shown()?.length).toBe(160);
});
