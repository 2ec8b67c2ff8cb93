// Command oapicodegen uses the service through the client that oapi-codegen makes.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/google/uuid"

	"github.com/svc-users/svc-users/tests/clients/generated/oapicodegen/client"
)

const name = "oapi-codegen"

func main() {
	log.SetFlags(0)
	token := ""
	api, err := client.NewClientWithResponses(os.Getenv("ORIGIN"), client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	succeeds(err)
	ctx := context.Background()

	login, err := api.LoginWithResponse(ctx, client.Login{Email: "admin@example.com", Password: "admin123"})
	succeeds(err)
	token = login.JSON200.Data.Token

	creation := client.PermissionCreation{Name: name}
	dry, err := api.CreatePermissionWithResponse(ctx, &client.CreatePermissionParams{DryRun: ptr(true)}, creation)
	succeeds(err)
	is("a dry run gives no thing", dry.JSON200.Data.Id == nil && dry.JSON200.Data.Accounts != nil && len(*dry.JSON200.Data.Roles) == 1)
	permission, err := api.CreatePermissionWithResponse(ctx, nil, creation)
	succeeds(err)
	is("a create gives the thing", *permission.JSON201.Data.Name == name && permission.JSON201.Data.Accounts == nil)
	id := *permission.JSON201.Data.Id
	taken, err := api.CreatePermissionWithResponse(ctx, nil, creation)
	succeeds(err)
	is("a taken name is an error", taken.JSON409.Code == http.StatusConflict && taken.JSON409.Message != "" && taken.JSON409.Errors == nil)

	size, found := 5, map[string]bool{}
	page, err := api.ListPermissionsWithResponse(ctx, &client.ListPermissionsParams{PageSize: &size})
	succeeds(err)
	for cursor := ptr(""); cursor != nil; {
		piece, err := api.ListPermissionsWithResponse(ctx, &client.ListPermissionsParams{PageSize: &size, Cursor: cursor})
		succeeds(err)
		for _, p := range piece.JSON200.Data {
			found[p.Name] = true
		}
		cursor = piece.JSON200.Meta.NextCursor
	}
	is("the list by cursor is whole", int64(len(found)) == *page.JSON200.Meta.TotalItems && found[name] && len(found) > 10)

	role, err := api.CreateRoleWithResponse(ctx, nil, client.RoleCreation{Name: name, PermissionIds: &[]uuid.UUID{id}})
	succeeds(err)
	is("the role has its permission", (*role.JSON201.Data.EffectivePermissions)[0].Name == name)
	account, err := api.CreateAccountWithResponse(ctx, client.AccountCreation{Email: "oapi@example.com", Password: "correct horse battery", RoleId: *role.JSON201.Data.Id})
	succeeds(err)

	check, err := api.CheckPermissionsWithResponse(ctx, client.PermissionCheck{AccountId: &account.JSON201.Data.Id, Permissions: []string{name, "no:such"}})
	succeeds(err)
	is("the account has the one", check.JSON200.Data.Permissions[0].Allowed && !check.JSON200.Data.Permissions[1].Allowed && !check.JSON200.Data.Allowed)

	gone, err := api.DeletePermissionWithResponse(ctx, id, &client.DeletePermissionParams{DryRun: ptr(true)})
	succeeds(err)
	is("its loss would be the account's", gone.JSON200.Data.Accounts >= 1)
	gone, err = api.DeletePermissionWithResponse(ctx, id, nil)
	succeeds(err)
	is("a deletion has no data", gone.JSON200.Data == nil)

	worth, err := api.IntrospectTokenWithFormdataBodyWithResponse(ctx, client.IntrospectionRequest{Token: "nonsense"})
	succeeds(err)
	is("a made-up token is not active", !worth.JSON200.Active && worth.JSON200.Scope == nil)
}

func ptr[T any](v T) *T { return &v }

func succeeds(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func is(what string, holds bool) {
	if !holds {
		log.Fatalf("not so: %s", what)
	}
}
