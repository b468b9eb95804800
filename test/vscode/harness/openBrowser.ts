import { existsSync } from 'node:fs';
import path from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

export interface OpenedBrowser {
  /** One profile. SecretStorage lives in it: pass its `storageState()` to the next one to keep secrets. */
  readonly context: BrowserContext;
  /** Closes the pages first, so that their extension hosts end at once, then the browser. */
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly storageState?: BrowserContextOptions['storageState'];
  /** In CSS pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Device pixels per CSS pixel: 2 for screenshots that are to be looked at. */
  readonly scale?: number;
}

/** Starts the Chromium of this machine, headless. */
export async function openBrowser(options: BrowserOptions = {}): Promise<OpenedBrowser> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });
  const context = await browser.newContext({
    viewport: options.size ?? { width: 1280, height: 800 },
    deviceScaleFactor: options.scale ?? 1,
    // What moves on the screen is drawn by the processor.
    reducedMotion: 'reduce',
    // All comes from this machine: packing 20 MB of VS Code for each browser would only take processor time.
    extraHTTPHeaders: { 'Accept-Encoding': 'identity' },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(options.storageState === undefined ? {} : { storageState: options.storageState }),
  });
  return {
    context,
    close: async () => {
      for (const page of context.pages()) await page.close();
      await browser.close();
    },
  };
}

/** The headless shell first: it starts faster and draws the same. */
function findChromium(): string {
  const names = ['chromium-headless-shell', 'chromium', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = [
    ...names.flatMap((name) => folders.map((folder) => path.join(folder, name))),
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) throw new Error('no Chromium on this machine; `npm test` installs one');
  return found;
}
