// A service worker that is in the same session as the tabs: what a page requests below /mine/ it sends on with an access
// token. Register it as a module: navigator.serviceWorker.register('/worker.js', { type: 'module' }).

import { Session } from './session.js';

const session = new Session();

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== self.location.origin || !pathname.startsWith('/mine/')) return;
  event.respondWith(
    session.fetch(pathname.replace('/mine/', '/api/v1/auth/')).catch((error) => Response.json(error.message, { status: error.status ?? 503 })),
  );
});
