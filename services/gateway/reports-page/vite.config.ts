import { defineConfig } from 'vite';

/** The page at `/reports`: three files with names that stay, so that the gateway knows what it serves. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/reports/',
  build: {
    outDir: '../dist/reports-page',
    emptyOutDir: true,
    modulePreload: false,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      output: { entryFileNames: 'page.js', assetFileNames: 'page[extname]', codeSplitting: false },
    },
  },
});
