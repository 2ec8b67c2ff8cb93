// Uses the service through the client that openapi-generator makes for Java.

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.AccountsApi;
import org.openapitools.client.api.AuthenticationApi;
import org.openapitools.client.api.AuthorizationApi;
import org.openapitools.client.api.PermissionsApi;
import org.openapitools.client.api.RolesApi;
import org.openapitools.client.model.*;

public class Main {
  static final String NAME = "openapi-generator:java";

  public static void main(String[] arguments) throws ApiException {
    ApiClient api = new ApiClient();
    api.setBasePath(System.getenv("ORIGIN"));
    Login admin = new Login().email("admin@example.com").password("admin123");
    api.setBearerToken(new AuthenticationApi(api).login(admin).getData().getToken());

    PermissionsApi permissions = new PermissionsApi(api);
    PermissionCreation creation = new PermissionCreation().name(NAME);
    ApiResponse<PermissionOrImpactEnvelope> dry = permissions.createPermissionWithHttpInfo(creation, true);
    PermissionOrImpact impact = dry.getData().getData();
    is("a dry run gives no thing", dry.getStatusCode() == 200 && impact.getId() == null && impact.getRoles().size() == 1);
    ApiResponse<PermissionOrImpactEnvelope> made = permissions.createPermissionWithHttpInfo(creation, null);
    is("a create gives the thing", made.getStatusCode() == 201 && made.getData().getData().getName().equals(NAME));
    UUID permission = made.getData().getData().getId();
    try {
      permissions.createPermission(creation, null);
      throw new AssertionError("a name was taken twice");
    } catch (ApiException taken) {
      is("a taken name is an error", taken.getCode() == 409);
    }

    List<String> names = new ArrayList<>();
    for (String cursor = ""; cursor != null; ) {
      PermissionListEnvelope piece = permissions.listPermissions(null, null, 5, cursor, null);
      piece.getData().forEach(p -> names.add(p.getName()));
      cursor = piece.getMeta().getNextCursor();
    }
    Long total = permissions.listPermissions(null, null, 5, null, null).getMeta().getTotalItems();
    is("the list by cursor is whole", names.size() == total && total > 10 && names.contains(NAME));

    RoleCreation chosen = new RoleCreation().name(NAME).addPermissionIdsItem(permission);
    RoleOrImpact role = new RolesApi(api).createRole(chosen, null).getData();
    is("the role has its permission", role.getEffectivePermissions().get(0).getName().equals(NAME));
    AccountCreation person = new AccountCreation().email("java@example.com").password("correct horse battery").roleId(role.getId());
    UUID account = new AccountsApi(api).createAccount(person).getData().getId();
    AuthorizationApi authorization = new AuthorizationApi(api);
    PermissionCheck question = new PermissionCheck().accountId(account).addPermissionsItem(NAME).addPermissionsItem("no:such");
    Checked check = authorization.checkPermissions(question).getData();
    is("the account has the one", check.getPermissions().get(0).getAllowed() && !check.getPermissions().get(1).getAllowed());

    is("its loss would be the account's", permissions.deletePermission(permission, true).getData().getAccounts() >= 1);
    is("a deletion has no data", permissions.deletePermission(permission, null).getData() == null);
    Introspection worth = authorization.introspectToken("nonsense", null, null, null, null, null);
    is("a made-up token is not active", !worth.getActive() && worth.getScope() == null);
  }

  static void is(String what, boolean holds) {
    if (!holds) throw new AssertionError("not so: " + what);
  }
}
