// Uses the service through the client that openapi-generator makes for TypeScript.

import assert from 'node:assert/strict';

import { AccountsApi, AuthenticationApi, AuthorizationApi, Configuration, PermissionsApi, ResponseError, RolesApi } from './typescript-fetch/index';

const name = 'openapi-generator:typescript-fetch';

async function main(): Promise<void> {
  const basePath = process.env.ORIGIN;
  const login = await new AuthenticationApi(new Configuration({ basePath })).login({ login: { email: 'admin@example.com', password: 'admin123' } });
  const configuration = new Configuration({ basePath, accessToken: login.data.token });
  const permissions = new PermissionsApi(configuration);

  const dry = await permissions.createPermission({ permissionCreation: { name }, dryRun: true });
  assert.equal(dry.data.id, undefined);
  assert.equal(dry.data.roles?.length, 1);
  const made = await permissions.createPermission({ permissionCreation: { name } });
  assert.equal(made.data.name, name);
  assert.equal(made.data.roles, undefined);
  const permission = made.data.id;
  assert.ok(permission);
  await assert.rejects(permissions.createPermission({ permissionCreation: { name } }),
    (error: unknown) => error instanceof ResponseError && error.response.status === 409);

  const names: string[] = [];
  for (let cursor: string | null | undefined = ''; cursor != null;) {
    const piece = await permissions.listPermissions({ pageSize: 5, cursor });
    names.push(...piece.data.map((p) => p.name));
    cursor = piece.meta.nextCursor;
  }
  const page = await permissions.listPermissions({ pageSize: 5 });
  assert.equal(names.length, page.meta.totalItems);
  assert.ok(names.length > 10 && names.includes(name));

  const role = await new RolesApi(configuration).createRole({ roleCreation: { name, permissionIds: [permission] } });
  assert.equal(role.data.effectivePermissions?.[0]?.name, name);
  assert.ok(role.data.id);
  const account = await new AccountsApi(configuration).createAccount({
    accountCreation: { email: 'fetch@example.com', password: 'correct horse battery', roleId: role.data.id },
  });
  const authorization = new AuthorizationApi(configuration);
  const check = await authorization.checkPermissions({ permissionCheck: { accountId: account.data.id, permissions: [name, 'no:such'] } });
  assert.deepEqual(check.data.permissions.map((p) => p.allowed), [true, false]);
  assert.equal(check.data.allowed, false);

  const gone = await permissions.deletePermission({ id: permission, dryRun: true });
  assert.ok((gone.data?.accounts ?? 0) >= 1);
  assert.equal((await permissions.deletePermission({ id: permission })).data, null);
  const worth = await authorization.introspectToken({ token: 'nonsense' });
  assert.equal(worth.active, false);
  assert.equal(worth.scope, undefined);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
