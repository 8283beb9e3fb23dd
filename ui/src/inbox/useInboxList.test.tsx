import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { HostProvider } from '../app/host';
import type { InboxRequest, InboxRow } from '../bindings/protocol';
import { memoryHost } from '../platform/memory';
import { MOST_ROWS } from './listWindow';
import { useInboxList } from './useInboxList';

/** A host whose list has so many rows, each named by its place. */
async function longHost(count: number) {
  const host = memoryHost(1);
  const invoke = host.invoke.bind(host);
  const page = await invoke('inbox_page', { view: { type: 'all' }, sort: 'newest', after: null, limit: 1 });
  const [pattern] = page.rows;
  if (!pattern) throw new Error('a row is needed');
  const row = (at: number): InboxRow => ({ ...pattern, head: { ...pattern.head, id: `cnv_${at}` } });
  const asked: number[] = [];
  host.invoke = async (name, request) => {
    if (name !== 'inbox_page') return invoke(name, request);
    const { after, limit } = request as InboxRequest;
    const begin = after ? Number(after.at) : 0;
    const end = Math.min(count, begin + limit);
    asked.push(begin);
    const rows = Array.from({ length: end - begin }, (_, n) => row(begin + n));
    const next = end < count ? { at: end, waiting: false, id: `cnv_${end}` } : null;
    return { rows, next, partial: false } as never;
  };
  return { host, asked };
}

async function open(count: number) {
  const { host, asked } = await longHost(count);
  const wrapper = ({ children }: { children: ReactNode }) => (
    <HostProvider host={host}>{children}</HostProvider>
  );
  const { result } = renderHook(() => useInboxList({ type: 'all' }, 'newest', null), { wrapper });
  await waitFor(() => expect(result.current.status).toBe('ready'));
  const scrollTo = async (index: number) => {
    while (result.current.above + result.current.rows.length <= index) {
      const before = result.current.rows;
      act(() => result.current.loadMore());
      await waitFor(() => expect(result.current.rows).not.toBe(before));
    }
  };
  return { result, scrollTo, asked };
}

test('a long list that is scrolled through holds what is near, and the way back', async () => {
  const { result, scrollTo, asked } = await open(5_000);
  await scrollTo(4_900);
  expect(result.current.rows.length).toBeLessThanOrEqual(MOST_ROWS);
  const { above, rows } = result.current;
  expect(rows[0]?.head.id).toBe(`cnv_${above}`);
  expect(rows.at(-1)?.head.id).toBe('cnv_4999');

  act(() => result.current.reach(above));
  await waitFor(() => expect(result.current.above).toBeLessThan(above));
  expect(result.current.rows[0]?.head.id).toBe(`cnv_${result.current.above}`);
  expect(result.current.rows.length).toBeLessThanOrEqual(MOST_ROWS);

  act(() => result.current.reach(0));
  await waitFor(() => expect(result.current.above).toBe(0));
  expect(result.current.rows[0]?.head.id).toBe('cnv_0');
  await scrollTo(2_000);
  expect(result.current.rows[0]?.head.id).toBe(`cnv_${result.current.above}`);

  asked.length = 0;
  act(() => result.current.reload());
  await waitFor(() => expect(asked.length).toBeGreaterThan(0));
  await waitFor(() => expect(result.current.changed).toBe('all'));
  expect(asked[0]).toBe(result.current.above);
  expect(asked.length).toBeLessThanOrEqual(MOST_ROWS / 200 + 1);
});
