// Client credentials and introspection as the library `openid-client` does them, which shares no code with us: it is given
// the issuer, an id and a secret, and nothing else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  allowInsecureRequests, ClientSecretBasic, ClientSecretPost, clientCredentialsGrant, discovery, tokenIntrospection, tokenRevocation,
} from 'openid-client';

import { admin, audience, login, makeClient, startService } from './service.mjs';

describe('client credentials', { timeout: 1_200_000 }, () => {
  let service, worker, server;
  before(async () => {
    service = await startService((origin) => ({ JWT_ISSUER: origin, PUBLIC_URL: origin }));
    const token = await login(service.origin, admin);
    worker = await makeClient(service.origin, token, 'orders-worker', ['orders:read', 'orders:ship']);
    server = await makeClient(service.origin, token, 'orders-api', ['tokens:introspect']);
  });
  after(() => service?.stop());

  const configure = (client, method, algorithm = 'oauth2') =>
    discovery(new URL(service.origin), client.id, undefined, method(client.secret), { algorithm, execute: [allowInsecureRequests] });

  for (const [name, method] of [['client_secret_basic', ClientSecretBasic], ['client_secret_post', ClientSecretPost]]) {
    test(`a token, and what it is worth (${name})`, async () => {
      const grant = await clientCredentialsGrant(await configure(worker, method), { scope: 'orders:ship' });
      assert.equal(grant.token_type, 'bearer');
      assert.equal(grant.scope, 'orders:ship');
      assert.equal(grant.expiresIn(), 600);
      assert.equal(grant.refresh_token, undefined);
      const { payload } = await jwtVerify(grant.access_token, createRemoteJWKSet(new URL(`${service.origin}/.well-known/jwks.json`)), {
        issuer: service.origin, audience, typ: 'at+jwt',
      });
      assert.equal(payload.client_id, worker.id);
      assert.equal(payload.sub, worker.id);
      assert.deepEqual(payload.permissions, ['orders:ship']);

      const asked = await tokenIntrospection(await configure(server, method, 'oidc'), grant.access_token);
      assert.equal(asked.active, true);
      assert.equal(asked.client_id, worker.id);
      assert.equal(asked.username, 'orders-worker');
      assert.equal(asked.scope, 'orders:ship');
      assert.deepEqual(await tokenIntrospection(await configure(server, method), 'no token'), { active: false });
      await tokenRevocation(await configure(worker, method), 'svcr_unknown');
    });

    test(`refusals are those of the RFC (${name})`, async () => {
      await assert.rejects(clientCredentialsGrant(await configure({ ...worker, secret: server.secret }, method)), (e) => {
        // After HTTP Basic the answer is a challenge (401), which the library reports as such.
        return name === 'client_secret_post' ? e.error === 'invalid_client' && e.status === 400 : /invalid_client|WWW-Authenticate/i.test(`${e.error} ${e.message}`);
      });
      await assert.rejects(clientCredentialsGrant(await configure(worker, method), { scope: 'accounts:delete' }), (e) => e.error === 'invalid_scope' && e.status === 400);
      await assert.rejects(tokenIntrospection(await configure(worker, method), 'x'));
    });
  }
});
