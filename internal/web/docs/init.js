"use strict";

// The page is served under a Content-Security-Policy that allows no inline script, so its few settings are here.
const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  // An address with #/tag/operation opens that operation, and opening one changes the address.
  deepLinking: true,
  // The list of schemas below the operations stays closed: each operation shows its own.
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // A token opens everything its owner may do until it expires: it lives in this page's memory alone.
  persistAuthorization: false,
  // No badge of an outside validator, and no settings taken from the address of the page.
  validatorUrl: null,
  queryConfigEnabled: false,
});

// Swagger UI reads the address once, when the document has been loaded. A link in the page's own text, or the
// browser's way back, must open its operation too.
window.addEventListener("hashchange", () => {
  if (window.location.hash.startsWith("#/")) ui.layoutActions.parseDeepLinkHash(window.location.hash);
});
