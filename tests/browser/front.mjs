// What stands between a browser and the service in a test: it serves a page with the client of examples/browser, passes
// /api on to the service as it is, and can lose answers, hold them back and refuse access tokens.

import { readFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';

const client = new URL('../../examples/browser/', import.meta.url);

const page = (base) => `<!doctype html>
<title>A session</title>
<script type="module">
  import { Session } from '/session.js';
  window.session = new Session(${JSON.stringify(base)});
  window.events = [];
  for (const name of ['begun', 'ended']) session.addEventListener(name, () => events.push(name));
  window.ready = true;
</script>`;

/** Starts a front. base is what the page tells the client about where the service is. */
export async function startFront() {
  const front = {
    service: undefined, // origin that /api is passed on to
    base: '',
    refreshes: 0, // that have reached the service
    lose: 0, // how many answers to refreshes are still to be lost
    held: undefined, // a function that is called with each answer to a refresh in place of sending it
    refused: new Set(), // access tokens that count as expired
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://front');
    if (pathname.startsWith('/api/')) return pass(front, request, response);
    if (pathname === '/') return response.setHeader('Content-Type', 'text/html').end(page(front.base));
    if (!['/session.js', '/worker.js'].includes(pathname)) return response.writeHead(404).end();
    response.setHeader('Content-Type', 'text/javascript').end(await readFile(new URL(`.${pathname}`, client)));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  front.origin = `http://localhost:${server.address().port}`;
  front.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return front;
}

/** Passes a request on, and its answer back, as its way may be in the field. */
function pass(front, request, response) {
  const token = request.headers.authorization?.replace('Bearer ', '');
  if (front.refused.has(token)) return response.writeHead(401).end('{}');
  const refresh = request.url === '/api/v1/auth/refresh';
  const upstream = send(front.service + request.url, { method: request.method, headers: request.headers, setHost: false }, (answer) => {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => {
      const deliver = () => response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(chunks));
      if (!refresh) return deliver();
      front.refreshes++;
      if (front.lose > 0) {
        front.lose--;
        return response.destroy();
      }
      return front.held ? front.held(deliver) : deliver();
    });
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}
