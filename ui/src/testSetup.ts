import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';
import { ui } from './app/uiState';

afterEach(() => {
  cleanup();
  ui.reset();
  document.documentElement.removeAttribute('data-theme');
});
