// The example against a running svc-users: scripts/test-clients.sh says which.

import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { Verifier } from 'svc-users-authn';

import { admin, audience, issuer, login, startService } from '../../tests/clients/service.mjs';
import { ordersServer, readSettings } from './server.mjs';

/** Starts the example and resolves to what asks it, by raw headers, and what ends it. */
async function start(verifier, permission) {
  const server = ordersServer(verifier, permission);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const ask = (...authorization) => askFor('/orders', ...authorization);
  const askFor = (path, ...authorization) =>
    new Promise((resolve, reject) => {
      const headers = authorization.flatMap((value) => ['Authorization', value]);
      send({ port, host: '127.0.0.1', path, agent: false, headers: ['Host', `127.0.0.1:${port}`, ...headers] }, (response) => {
        response.resume();
        response.on('end', () => resolve([response.statusCode, response.headers['www-authenticate']]));
      })
        .on('error', reject)
        .end();
    });
  return { ask: Object.assign(ask, { askFor }), stop: () => new Promise((resolve) => server.close(resolve)) };
}

describe('the Node example', { timeout: 1_200_000 }, () => {
  let service, token;
  const stops = [];
  const logger = { debug() {}, info() {}, warn() {} };
  const example = async (change = {}, permission) => {
    const started = await start(new Verifier({ jwks: `${service.origin}/.well-known/jwks.json`, issuer, audience, logger, ...change }), permission);
    stops.push(started.stop);
    return started.ask;
  };
  before(async () => {
    service = await startService();
    token = await login(service.origin);
  });
  after(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await service?.stop();
  });

  const INVALID = 'Bearer error="invalid_token"';
  const part = (index, change) => (t) => {
    const parts = t.split('.');
    parts[index] = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(parts[index], 'base64url')), ...change })).toString('base64url');
    return parts.join('.');
  };

  test('lets in who has the permission', async () => {
    assert.deepEqual(await (await example({}, 'accounts:read'))(`Bearer ${token}`), [200, undefined]);
    assert.deepEqual(await (await example({}, 'accounts:read'))(`bearer ${token}`), [200, undefined]);
  });

  test('refuses who has not', async () => {
    assert.deepEqual(await (await example())(`Bearer ${token}`), [403, 'Bearer error="insufficient_scope", scope="orders:read"']);
  });

  test('refuses what is no token of ours', async () => {
    const ask = await example({}, 'accounts:read');
    assert.deepEqual(await ask(), [401, 'Bearer']);
    assert.deepEqual(await ask(`Basic ${token}`), [401, 'Bearer']);
    for (const authorization of [
      'Bearer junk', `Bearer ${part(1, { permissions: ['accounts:read'], sub: 'x' })(token)}`, `Bearer ${part(0, { alg: 'none' })(token)}`,
      `Bearer ${part(0, { alg: 'HS256' })(token)}`, `Bearer ${part(0, { typ: 'at+jwt' })(token)}`, `Bearer ${part(0, { kid: 'other' })(token)}`,
      `Bearer ${token.slice(0, -8)}`, `Bearer ${'x'.repeat(9000)}`,
    ]) {
      assert.deepEqual(await ask(authorization), [401, INVALID], authorization.slice(0, 40));
    }
    assert.deepEqual(await ask(`Bearer ${token}`, `Bearer ${token}`), [401, INVALID], 'two headers');
  });

  test('refuses tokens of another issuer or for another audience', async () => {
    assert.deepEqual(await (await example({ issuer: 'https://other.test' }, 'accounts:read'))(`Bearer ${token}`), [401, INVALID]);
    assert.deepEqual(await (await example({ audience: 'https://other.test' }, 'accounts:read'))(`Bearer ${token}`), [401, INVALID]);
  });

  test('refuses everybody while it has no keys', async () => {
    for (const jwks of ['http://127.0.0.1:1/keys', `${service.origin}/api/v1/health`]) {
      assert.deepEqual(await (await example({ jwks }, 'accounts:read'))(`Bearer ${token}`), [503, undefined], jwks);
    }
  });

  test('follows changes with the account of its settings', async () => {
    const settings = readSettings({ SVC_USERS_URL: service.origin, JWT_ISSUER: issuer, JWT_AUDIENCE: audience, ORDERS_EMAIL: admin.email, ORDERS_PASSWORD: admin.password });
    const verifier = new Verifier({ ...settings, logger });
    const { ask, stop } = await start(verifier, 'accounts:read');
    stops.push(stop);
    assert.deepEqual([await ask(`Bearer ${token}`), (await ask.askFor('/readyz'))[0]], [[503, undefined], 503], 'before it has read the feed');
    verifier.start();
    while ((await ask.askFor('/readyz'))[0] === 503);
    assert.deepEqual(await ask(`Bearer ${token}`), [200, undefined]);
    await verifier.stop();
    for (const wrong of [{ ORDERS_EMAIL: 'x' }, { ORDERS_EMAIL: 'x', ORDERS_PASSWORD: 'y', ORDERS_WHEN_LOST: 'allow' }]) assert.throws(() => readSettings(wrong), /ORDERS_/);
  });
});
