// Discovery by the issuer as the library `openid-client` does it, which shares no code with us, and tokens verified by
// what it finds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { allowInsecureRequests, discovery } from 'openid-client';

import { audience, login, startService } from './service.mjs';

for (const algorithm of ['RS256', 'ES256']) {
  describe(`discovery with ${algorithm}`, { timeout: 1_200_000 }, () => {
    let service;
    before(async () => {
      service = await startService((origin) => ({ JWT_ALGORITHM: algorithm, JWT_ISSUER: origin, PUBLIC_URL: origin }));
    });
    after(() => service?.stop());

    for (const document of ['oidc', 'oauth2']) {
      test(`a client that knows only the issuer verifies a token (${document})`, async () => {
        const found = await discovery(new URL(service.origin), 'orders', undefined, undefined, { algorithm: document, execute: [allowInsecureRequests] });
        const metadata = found.serverMetadata();
        assert.equal(metadata.issuer, service.origin);
        assert.equal(metadata.introspection_endpoint, `${service.origin}/oauth2/introspect`);
        assert.equal(metadata.authorization_endpoint, undefined);
        assert.equal(metadata.token_endpoint, `${service.origin}/oauth2/token`);
        const token = await login(service.origin);
        const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(metadata.jwks_uri)), { issuer: metadata.issuer, audience, algorithms: [algorithm], typ: 'JWT' });
        assert.equal(payload.iss, service.origin);
      });
    }

    test('pages of every origin may read what they need', async () => {
      for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/.well-known/jwks.json']) {
        const response = await fetch(service.origin + path, { headers: { Origin: 'https://elsewhere.test' } });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('access-control-allow-origin'), '*');
        assert.equal(response.headers.get('cache-control'), 'public, max-age=300, must-revalidate');
      }
    });
  });
}

describe('discovery without PUBLIC_URL', { timeout: 1_200_000 }, () => {
  let service;
  before(async () => {
    service = await startService();
  });
  after(() => service?.stop());

  test('is 404, and names the setting', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      const response = await fetch(service.origin + path);
      assert.equal(response.status, 404);
      assert.match((await response.json()).message, /PUBLIC_URL/);
    }
  });
});
