// Uses the service through openapi-fetch, with the types that openapi-typescript makes.

import assert from 'node:assert/strict';

import createClient from 'openapi-fetch';

import type { paths } from './openapi-typescript';

const name = 'openapi-fetch';

async function main(): Promise<void> {
  const api = createClient<paths>({ baseUrl: process.env.ORIGIN });
  const login = await api.POST('/api/v1/auth/login', { body: { email: 'admin@example.com', password: 'admin123' } });
  assert.ok(login.data);
  const { token } = login.data.data;
  api.use({
    onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${token}`);
    },
  });

  const dry = await api.POST('/api/v1/permissions', { body: { name }, params: { query: { dry_run: true } } });
  assert.equal(dry.response.status, 200);
  assert.equal(dry.data?.data.id, undefined);
  assert.equal(dry.data?.data.roles?.length, 1);
  const made = await api.POST('/api/v1/permissions', { body: { name } });
  assert.equal(made.response.status, 201);
  const permission = made.data?.data.id;
  assert.ok(permission);
  const taken = await api.POST('/api/v1/permissions', { body: { name } });
  assert.equal(taken.error?.code, 409);
  assert.equal(taken.error?.errors, null);

  const names: string[] = [];
  for (let cursor: string | null | undefined = ''; cursor != null;) {
    const piece: Piece = await api.GET('/api/v1/permissions', { params: { query: { page_size: 5, cursor } } });
    assert.ok(piece.data);
    names.push(...piece.data.data.map((p) => p.name));
    cursor = piece.data.meta.next_cursor;
  }
  const page = await api.GET('/api/v1/permissions', { params: { query: { page_size: 5 } } });
  assert.equal(names.length, page.data?.meta.total_items);
  assert.ok(names.length > 10 && names.includes(name));

  const role = await api.POST('/api/v1/roles', { body: { name, permission_ids: [permission] } });
  assert.equal(role.data?.data.effective_permissions?.[0]?.name, name);
  assert.ok(role.data?.data.id);
  const account = await api.POST('/api/v1/accounts', {
    body: { email: 'types@example.com', password: 'correct horse battery', role_id: role.data.data.id, is_active: true },
  });
  const check = await api.POST('/api/v1/auth/check', { body: { account_id: account.data?.data.id, permissions: [name, 'no:such'] } });
  assert.deepEqual(check.data?.data.permissions.map((p) => p.allowed), [true, false]);

  const at = { path: { id: permission } };
  const gone = await api.DELETE('/api/v1/permissions/{id}', { params: { ...at, query: { dry_run: true } } });
  assert.ok((gone.data?.data?.accounts ?? 0) >= 1);
  assert.equal((await api.DELETE('/api/v1/permissions/{id}', { params: at })).data?.data, null);
  const worth = await api.POST('/oauth2/introspect', {
    body: { token: 'nonsense' },
    bodySerializer: (body) => new URLSearchParams({ token: body.token }),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  assert.deepEqual(worth.data, { active: false });
}

type Piece = { data?: paths['/api/v1/permissions']['get']['responses']['200']['content']['application/json'] };

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
