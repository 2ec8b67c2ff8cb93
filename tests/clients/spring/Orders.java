package orders;

import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthentication;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A resource server that asks the service about each token, with an id and a secret in its settings; and a client that
 * gets tokens of its own for them.
 */
@SpringBootApplication
@RestController
public class Orders {
  private final AuthorizedClientServiceOAuth2AuthorizedClientManager clients;

  public Orders(ClientRegistrationRepository registrations, OAuth2AuthorizedClientService kept) {
    clients = new AuthorizedClientServiceOAuth2AuthorizedClientManager(registrations, kept);
  }

  public static void main(String[] args) {
    SpringApplication.run(Orders.class, args);
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) throws Exception {
    return http
        .authorizeHttpRequests(to -> to
            .requestMatchers("/token").permitAll()
            .requestMatchers("/orders").hasAuthority("SCOPE_orders:read")
            .anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.opaqueToken(Customizer.withDefaults()))
        .build();
  }

  /** What Spring has understood of the caller. */
  @GetMapping({"/me", "/orders"})
  Map<String, Object> me(BearerTokenAuthentication caller) {
    return Map.of(
        "name", caller.getName(),
        "client", String.valueOf(caller.getTokenAttributes().get("client_id")),
        "authorities", caller.getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().collect(Collectors.joining(" ")));
  }

  /** A token that this program has asked the service for. */
  @GetMapping("/token")
  Map<String, Object> token() {
    var client = clients.authorize(OAuth2AuthorizeRequest.withClientRegistrationId("orders").principal("orders").build());
    return Map.of("token", client.getAccessToken().getTokenValue(), "scope", String.join(" ", client.getAccessToken().getScopes().stream().sorted().toList()));
  }
}
