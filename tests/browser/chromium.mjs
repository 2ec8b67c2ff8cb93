// How the tests start Chromium.

// It only ends what hangs, on however busy a machine.
export const WAIT_MS = 300_000;

export const chromiumPath = process.env.CHROMIUM || '/usr/bin/chromium';

// Without a sandbox, because containers seldom let Chromium build one; and without the requests that it makes
// on its own account, which are not the page's.
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
