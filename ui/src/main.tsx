import '@fontsource-variable/inter/wght.css';
import './design/tokens.css';
import './design/base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { Guard } from './app/Guard';
import { HostProvider } from './app/host';
import { chooseHost } from './platform/choose';

// The truth lives behind the host, which tells when it changes: nothing here ages by itself.
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

async function start() {
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no root element.');
  const host = await chooseHost();
  createRoot(root).render(
    <StrictMode>
      <Guard>
        <QueryClientProvider client={client}>
          <HostProvider host={host}>
            <App />
          </HostProvider>
        </QueryClientProvider>
      </Guard>
    </StrictMode>,
  );
}

void start();
