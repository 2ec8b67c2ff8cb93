"""Uses the service through the client that openapi-python-client makes."""

import os

from svc_users_client import AuthenticatedClient, Client, models
from svc_users_client.api.accounts import create_account
from svc_users_client.api.authentication import login
from svc_users_client.api.authorization import check_permissions, introspect_token
from svc_users_client.api.permissions import create_permission, delete_permission, list_permissions
from svc_users_client.api.roles import create_role
from svc_users_client.types import UNSET

NAME = "openapi-python-client"


def main():
    origin = os.environ["ORIGIN"]
    token = login.sync(client=Client(origin), body=models.Login(email="admin@example.com", password="admin123")).data.token
    api = AuthenticatedClient(origin, token)

    creation = models.PermissionCreation(name=NAME)
    dry = create_permission.sync_detailed(client=api, body=creation, dry_run=True)
    assert dry.status_code == 200 and dry.parsed.data.id is UNSET and len(dry.parsed.data.roles) == 1, dry
    made = create_permission.sync_detailed(client=api, body=creation)
    assert made.status_code == 201 and made.parsed.data.name == NAME and made.parsed.data.roles is UNSET, made
    permission = made.parsed.data.id
    taken = create_permission.sync(client=api, body=creation)
    assert isinstance(taken, models.ErrorEnvelope) and taken.code == 409 and taken.errors is None, taken

    names, cursor = [], ""
    while cursor is not None:
        piece = list_permissions.sync(client=api, page_size=5, cursor=cursor)
        names += [p.name for p in piece.data]
        cursor = piece.meta.next_cursor
    assert len(names) == list_permissions.sync(client=api, page_size=5).meta.total_items > 10 and NAME in names, names

    role = create_role.sync(client=api, body=models.RoleCreation(name=NAME, permission_ids=[permission])).data
    assert role.effective_permissions[0].name == NAME, role
    person = models.AccountCreation(email="attrs@example.com", password="correct horse battery", role_id=role.id)
    account = create_account.sync(client=api, body=person).data
    question = models.PermissionCheck(account_id=account.id, permissions=[NAME, "no:such"])
    answer = check_permissions.sync(client=api, body=question).data
    assert [p.allowed for p in answer.permissions] == [True, False] and not answer.allowed, answer

    gone = delete_permission.sync(permission, client=api, dry_run=True)
    assert gone.data.accounts >= 1, gone
    assert delete_permission.sync(permission, client=api).data is None
    worth = introspect_token.sync(client=api, body=models.IntrospectionRequest(token="nonsense"))
    assert worth.active is False and worth.scope is UNSET, worth


main()
