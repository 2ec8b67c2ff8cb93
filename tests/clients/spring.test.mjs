// Spring Security as a resource server that asks the service about opaque tokens (RFC 7662), and as a client that gets its
// own (RFC 6749 §4.4): both are given an id and a secret in the usual settings, and nothing else. SPRING_JAR names the built
// program of the folder spring.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { admin, freePort, login, makeClient, startService } from './service.mjs';

describe('Spring Security', { timeout: 1_800_000 }, () => {
  let service, spring, origin, worker, token;
  let output = '';
  before(async () => {
    assert.ok(process.env.SPRING_JAR, 'SPRING_JAR must name the built program (scripts/test-clients.sh sets it)');
    service = await startService();
    token = await login(service.origin, admin);
    const server = await makeClient(service.origin, token, 'orders-api', ['tokens:introspect', 'orders:ship']);
    worker = await makeClient(service.origin, token, 'orders-worker', ['orders:read']);
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const settings = {
      'server.port': port, 'server.address': '127.0.0.1',
      'spring.security.oauth2.resourceserver.opaquetoken.introspection-uri': `${service.origin}/oauth2/introspect`,
      'spring.security.oauth2.resourceserver.opaquetoken.client-id': server.id,
      'spring.security.oauth2.resourceserver.opaquetoken.client-secret': server.secret,
      'spring.security.oauth2.client.registration.orders.client-id': server.id,
      'spring.security.oauth2.client.registration.orders.client-secret': server.secret,
      'spring.security.oauth2.client.registration.orders.authorization-grant-type': 'client_credentials',
      'spring.security.oauth2.client.registration.orders.scope': 'orders:ship',
      'spring.security.oauth2.client.provider.orders.token-uri': `${service.origin}/oauth2/token`,
    };
    spring = spawn('java', ['-Xmx256m', '-jar', process.env.SPRING_JAR, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)]);
    for (const stream of [spring.stdout, spring.stderr]) stream.on('data', (chunk) => (output += chunk));
    let ended = false;
    spring.once('exit', () => (ended = true));
    for (const until = Date.now() + 600_000; ; await sleep(100)) {
      if (await fetch(`${origin}/me`).then(() => true, () => false)) break;
      assert.ok(!ended && Date.now() < until, `Spring does not start:\n${output}`);
    }
  });
  after(async () => {
    spring?.kill();
    await service?.stop();
  });

  const ask = (path, bearer) => fetch(origin + path, { headers: bearer ? { Authorization: `Bearer ${bearer}` } : {} });

  /** A token of the service account, by HTTP Basic. */
  async function workerToken() {
    const response = await fetch(`${service.origin}/oauth2/token`, {
      method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { Authorization: `Basic ${Buffer.from(`${worker.id}:${worker.secret}`).toString('base64')}` },
    });
    return (await response.json()).access_token;
  }

  test('introspects tokens with its id and secret', async () => {
    assert.equal((await ask('/me')).status, 401);
    assert.equal((await ask('/me', 'no-token')).status, 401);
    const bearer = await workerToken();
    const me = await ask('/orders', bearer);
    assert.equal(me.status, 200, output);
    assert.deepEqual(await me.json(), { name: worker.id, client: worker.id, authorities: 'SCOPE_orders:read' });
    assert.equal((await ask('/me', token)).status, 200);
  });

  test('refuses a disabled service account at once', async () => {
    const bearer = await workerToken();
    assert.equal((await ask('/orders', bearer)).status, 200);
    const response = await fetch(`${service.origin}/api/v1/service-accounts/${worker.id}`, {
      method: 'PATCH', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: '{"is_active":false}',
    });
    assert.equal(response.status, 200);
    assert.equal((await ask('/orders', bearer)).status, 401);
  });

  test('gets a token of its own', async () => {
    const own = await (await ask('/token')).json();
    assert.equal(own.scope, 'orders:ship', output);
    assert.deepEqual((await (await ask('/me', own.token)).json()).authorities, 'SCOPE_orders:ship');
    assert.equal((await ask('/orders', own.token)).status, 403);
  });
});
