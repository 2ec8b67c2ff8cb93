"""Uses the service through the client that openapi-generator makes for Python."""

import os

import openapi_client as client

NAME = "openapi-generator:python"


def main():
    configuration = client.Configuration(host=os.environ["ORIGIN"])
    with client.ApiClient(configuration) as api:
        login = client.AuthenticationApi(api).login(client.Login(email="admin@example.com", password="admin123"))
        configuration.access_token = login.data.token
        use(client.PermissionsApi(api), client.RolesApi(api), client.AccountsApi(api), client.AuthorizationApi(api))


def use(permissions, roles, accounts, authorization):
    creation = client.PermissionCreation(name=NAME)
    dry = permissions.create_permission_with_http_info(creation, dry_run=True)
    assert dry.status_code == 200 and dry.data.data.id is None and len(dry.data.data.roles) == 1, dry
    made = permissions.create_permission_with_http_info(creation)
    assert made.status_code == 201 and made.data.data.name == NAME and made.data.data.roles is None, made
    permission = made.data.data.id
    try:
        permissions.create_permission(creation)
        raise AssertionError("a name was taken twice")
    except client.ApiException as taken:
        assert taken.status == 409 and taken.data.code == 409 and taken.data.message, taken
        assert taken.data.errors is None and taken.data.meta is None, taken

    names, cursor = [], ""
    while cursor is not None:
        piece = permissions.list_permissions(page_size=5, cursor=cursor)
        names += [p.name for p in piece.data]
        cursor = piece.meta.next_cursor
    assert len(names) == permissions.list_permissions(page_size=5).meta.total_items > 10 and NAME in names, names

    role = roles.create_role(client.RoleCreation(name=NAME, permission_ids=[permission])).data
    assert role.effective_permissions[0].name == NAME, role
    account = accounts.create_account(
        client.AccountCreation(email="python@example.com", password="correct horse battery", role_id=role.id)).data
    question = client.PermissionCheck(account_id=account.id, permissions=[NAME, "no:such"])
    answer = authorization.check_permissions(question).data
    assert [p.allowed for p in answer.permissions] == [True, False] and not answer.allowed, answer

    gone = permissions.delete_permission(permission, dry_run=True)
    assert gone.data.accounts >= 1, gone
    assert permissions.delete_permission(permission).data is None
    worth = authorization.introspect_token("nonsense")
    assert worth.active is False and worth.scope is None, worth


main()
