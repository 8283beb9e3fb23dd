import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  clearScreen: false,
  build: {
    target: ['es2022', 'safari16.4', 'chrome111'],
    // The window's content security policy allows files of its own only: no data: fonts, no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The files lie beside the program: one larger one is read sooner than several.
    chunkSizeWarningLimit: 900,
  },
  server: { strictPort: false },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testSetup.ts'],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
