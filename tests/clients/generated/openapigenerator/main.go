// Command openapigenerator uses the service through the client that openapi-generator makes for Go.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"

	client "github.com/svc-users/svc-users/tests/clients/generated/openapigenerator/client"
)

const name = "openapi-generator:go"

func main() {
	log.SetFlags(0)
	config := client.NewConfiguration()
	config.Servers = client.ServerConfigurations{{URL: os.Getenv("ORIGIN")}}
	api := client.NewAPIClient(config)
	ctx := context.Background()

	login, answer, err := api.AuthenticationAPI.Login(ctx).Login(client.Login{Email: "admin@example.com", Password: "admin123"}).Execute()
	want(answer, err, http.StatusOK)
	config.AddDefaultHeader("Authorization", "Bearer "+login.Data.Token)

	creation := client.PermissionCreation{Name: name}
	dry, answer, err := api.PermissionsAPI.CreatePermission(ctx).PermissionCreation(creation).DryRun(true).Execute()
	want(answer, err, http.StatusOK)
	is("a dry run gives no thing", dry.Data.Id == nil && dry.Data.Accounts != nil && len(dry.Data.Roles) == 1)
	_, answer, err = api.PermissionsAPI.CreatePermission(ctx).PermissionCreation(creation).Execute()
	want(answer, err, http.StatusCreated)
	_, answer, err = api.PermissionsAPI.CreatePermission(ctx).PermissionCreation(creation).Execute()
	var refused *client.GenericOpenAPIError
	is("a taken name is an error", errors.As(err, &refused) && answer.StatusCode == http.StatusConflict)
	conflict, typed := refused.Model().(client.ErrorEnvelope)
	is("which says what it is", typed && conflict.Code == http.StatusConflict && conflict.Message != "" && conflict.Errors == nil)

	var ids []string
	page, answer, err := api.PermissionsAPI.ListPermissions(ctx).PageSize(5).Execute()
	want(answer, err, http.StatusOK)
	cursor := ""
	for more := true; more; more = cursor != "" {
		piece, answer, err := api.PermissionsAPI.ListPermissions(ctx).PageSize(5).Cursor(cursor).Execute()
		want(answer, err, http.StatusOK)
		for _, p := range piece.Data {
			ids = append(ids, p.Id)
		}
		cursor = piece.Meta.GetNextCursor()
	}
	is("the list by cursor is whole", int64(len(ids)) == page.Meta.GetTotalItems() && len(ids) > 10)

	role, answer, err := api.RolesAPI.CreateRole(ctx).RoleCreation(client.RoleCreation{Name: name, PermissionIds: ids[len(ids)-1:]}).Execute()
	want(answer, err, http.StatusCreated)
	is("the role has its permission", len(role.Data.EffectivePermissions) == 1 && role.Data.EffectivePermissions[0].Name == name)
	creationOf := client.AccountCreation{Email: "go@example.com", Password: "correct horse battery", RoleId: role.Data.GetId()}
	account, answer, err := api.AccountsAPI.CreateAccount(ctx).AccountCreation(creationOf).Execute()
	want(answer, err, http.StatusCreated)

	question := client.PermissionCheck{AccountId: &account.Data.Id, Permissions: []string{name, "no:such"}}
	check, answer, err := api.AuthorizationAPI.CheckPermissions(ctx).PermissionCheck(question).Execute()
	want(answer, err, http.StatusOK)
	is("the account has the one", check.Data.Permissions[0].Allowed && !check.Data.Permissions[1].Allowed && !check.Data.Allowed)

	gone, answer, err := api.PermissionsAPI.DeletePermission(ctx, ids[len(ids)-1]).DryRun(true).Execute()
	want(answer, err, http.StatusOK)
	is("its loss would be the account's", gone.Data.Get().Accounts >= 1)
	gone, answer, err = api.PermissionsAPI.DeletePermission(ctx, ids[len(ids)-1]).Execute()
	want(answer, err, http.StatusOK)
	is("a deletion has no data", gone.Data.Get() == nil)

	worth, answer, err := api.AuthorizationAPI.IntrospectToken(ctx).Token("nonsense").Execute()
	want(answer, err, http.StatusOK)
	is("a made-up token is not active", !worth.Active && worth.Scope == nil)
}

func want(answer *http.Response, err error, status int) {
	if err != nil {
		log.Fatalf("%v (%v)", err, answer)
	}
	if answer.StatusCode != status {
		log.Fatalf("the status is %d, not %d", answer.StatusCode, status)
	}
}

func is(what string, holds bool) {
	if !holds {
		log.Fatalf("not so: %s", what)
	}
}
