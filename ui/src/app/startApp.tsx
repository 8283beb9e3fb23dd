import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { Host } from '../platform/host';
import { App } from './App';
import { HostProvider } from './host';

/** Shows the whole app on a host, for tests, and gives the hands that use it. */
export function startApp(host: Host) {
  const client = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } },
  });
  render(
    <QueryClientProvider client={client}>
      <HostProvider host={host}>
        <App />
      </HostProvider>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}
