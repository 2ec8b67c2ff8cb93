// A small service whose GET /orders needs orders:read. `npm start` runs it.

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

import { Refusal, verifier } from './verify.mjs';

/** Makes the server; options are those of verifier. */
export function ordersServer(options, permission = 'orders:read') {
  const verify = verifier(options);
  return createServer(async (request, response) => {
    try {
      if (request.url !== '/orders' || request.method !== 'GET') throw new Refusal(404, 'There is only GET /orders.');
      const claims = await verify(request, permission);
      answer(response, 200, { orders: [], account: claims.sub });
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      const { status, message, challenge } = error instanceof Refusal ? error : new Refusal(500, 'Internal server error');
      if (challenge) response.setHeader('WWW-Authenticate', challenge);
      if (status === 503) response.setHeader('Retry-After', '1');
      answer(response, status, { error: message });
    }
  });
}

function answer(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const users = process.env.SVC_USERS_URL ?? 'http://127.0.0.1:8001';
  const server = ordersServer({
    jwks: `${users}/.well-known/jwks.json`,
    issuer: process.env.JWT_ISSUER ?? 'https://api.example.com',
    audience: process.env.JWT_AUDIENCE ?? 'https://api.example.com',
  });
  server.listen(8003, '127.0.0.1', () => console.log('http://127.0.0.1:8003/orders'));
}
