import '@fontsource-variable/inter/wght.css';
import './design/tokens.css';
import './design/base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { Guard } from './app/Guard';
import { HostProvider } from './app/host';
import { newQueryClient } from './app/queryClient';
import { chooseHost } from './platform/choose';

const client = newQueryClient();

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
