// A small service whose GET /orders needs orders:read. `npm start` runs it.

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

import { Verifier } from 'svc-users-authn';
import { principalOf, requires } from 'svc-users-authn/express';

/** Makes the server, which verifies tokens by this Verifier. */
export function ordersServer(verifier, permission = 'orders:read') {
  const admit = requires(verifier, [permission]);
  const listOrders = (request, response) => answer(response, 200, { orders: [], account: principalOf(request).account });
  return createServer((request, response) => {
    if (request.url === '/readyz') return answer(response, verifier.lost ? 503 : 200, { lost: verifier.lost });
    if (request.url !== '/orders' || request.method !== 'GET') return answer(response, 404, { error: 'There is only GET /orders.' });
    admit(request, response, (error) => {
      if (error === undefined) return listOrders(request, response);
      console.error(error);
      answer(response, 500, { error: 'Internal server error' });
    });
  });
}

function answer(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** The options of a Verifier from the environment; README.md has the table. */
export function readSettings(environment) {
  const or = (name, standard) => environment[name] || standard;
  const users = or('SVC_USERS_URL', 'http://127.0.0.1:8001').replace(/\/$/, '');
  const [email, password] = [environment.ORDERS_EMAIL, environment.ORDERS_PASSWORD];
  if (!email !== !password) throw new Error('ORDERS_EMAIL and ORDERS_PASSWORD must be set together, or neither');
  const whenLost = { refuse: 'refuse', tokens: 'tokens-alone' }[or('ORDERS_WHEN_LOST', 'refuse')];
  if (whenLost === undefined) throw new Error('ORDERS_WHEN_LOST must be refuse or tokens');
  return {
    jwks: `${users}/.well-known/jwks.json`,
    issuer: or('JWT_ISSUER', 'https://api.example.com'),
    audience: or('JWT_AUDIENCE', 'https://api.example.com'),
    changes: email ? { url: `${users}/api/v1/auth/changes`, whenLost, token: (signal) => login(users, { email, password }, signal) } : undefined,
  };
}

/** Gets a token for the account of this service. The verifier asks for one when it needs it, so nothing is kept here. */
async function login(users, credentials, signal) {
  const response = await fetch(`${users}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credentials),
    signal,
  });
  if (!response.ok) throw new Error(`the login of this service was answered ${response.status}`);
  return (await response.json()).data.token;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const settings = readSettings(process.env);
  const verifier = new Verifier(settings);
  if (settings.changes) verifier.start();
  const server = ordersServer(verifier).listen(8003, '127.0.0.1', () => console.log('http://127.0.0.1:8003/orders'));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => verifier.stop()));
}
