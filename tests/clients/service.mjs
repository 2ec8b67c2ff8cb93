// Starts the built service for a test, on a temporary folder and a free port, and ends it again.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// They only end what hangs, on however busy a machine; to end in good order a service has 25 seconds.
const START_MS = 600_000;
const STOP_MS = 300_000;

// The demo account that may do everything.
export const admin = { email: 'admin@example.com', password: 'admin123' };

// What the service is told of itself: values that no default could explain.
export const issuer = 'https://issuer.test';
export const audience = 'https://audience.test';

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts `serve --demo` of the binary that SVC_USERS_BIN names, with these settings beside the usual ones; they may be a
 * function of the origin. Resolves, once the service answers, to its origin and the function that ends it and removes its
 * folder.
 */
export async function startService(settings = {}) {
  const binary = process.env.SVC_USERS_BIN;
  assert.ok(binary, 'SVC_USERS_BIN must name the built binary (scripts/test-clients.sh sets it)');
  const folder = await mkdtemp(join(tmpdir(), 'svc-users-clients-'));
  const port = await freePort();
  let output = '';
  // The folder is also where the service runs, so that it reads no .env of a developer.
  const child = spawn(binary, ['serve', '--demo'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      BCRYPT_COST: '10',
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: audience,
      ...(typeof settings === 'function' ? settings(`http://127.0.0.1:${port}`) : settings),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ error }));
  });

  async function stop() {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const end = await exited;
    clearTimeout(force);
    await rm(folder, { recursive: true, force: true });
    assert.deepEqual(end, { code: 0, signal: null }, `the service did not end on SIGTERM with status 0:\n${output}`);
  }

  const origin = `http://127.0.0.1:${port}`;
  let ended;
  exited.then((end) => (ended = end));
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(50)) {
    if (ended) break;
    const ready = await fetch(`${origin}/readyz`).then((response) => response.ok, () => false);
    if (ready) return { origin, stop };
  }
  child.kill('SIGKILL');
  await exited;
  await rm(folder, { recursive: true, force: true });
  throw new Error(`the service did not become ready: ${JSON.stringify(ended ?? 'no answer')}\n${output}`);
}

/** Logs in and resolves to the token. */
export async function login(origin, credentials = admin) {
  const response = await fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  assert.equal(response.status, 200);
  return (await response.json()).data.token;
}

/** Sends a JSON body as an administrator and resolves to the data of the answer. */
export async function administer(origin, token, path, body) {
  const response = await fetch(`${origin}/api/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${path}: ${JSON.stringify(answer)}`);
  return answer.data;
}

/** Makes a service account with a role that has these permissions, and a secret for it. */
export async function makeClient(origin, token, name, permissions) {
  const known = [];
  for (const wanted of permissions) {
    const found = await administer(origin, token, `/permissions?q=${encodeURIComponent(wanted)}`);
    known.push((found.find((one) => one.name === wanted) ?? (await administer(origin, token, '/permissions', { name: wanted }))).id);
  }
  const role = await administer(origin, token, '/roles', { name: `Role of ${name}`, permission_ids: known });
  const account = await administer(origin, token, '/service-accounts', { name, role_id: role.id });
  const secret = await administer(origin, token, `/service-accounts/${account.id}/secrets`, {});
  return { id: account.id, name, secret: secret.client_secret };
}
