import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { Host } from '../platform/host';
import { App } from './App';
import { HostProvider } from './host';
import { newQueryClient } from './queryClient';

/** Shows the whole app on a host, for tests, and gives the hands that use it. */
export function startApp(host: Host) {
  const client = newQueryClient();
  render(
    <QueryClientProvider client={client}>
      <HostProvider host={host}>
        <App />
      </HostProvider>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}
