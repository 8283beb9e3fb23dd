import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';
import { ui } from './app/uiState';

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 20_000 });

afterEach(() => {
  cleanup();
  ui.reset();
  document.documentElement.removeAttribute('data-theme');
});
