package users_test

import (
	"maps"
	"os"
	"slices"
	"testing"
)

const (
	ours     = "github.com/svc-users/svc-users"
	internal = ours + "/internal"
)

// forTests are the packages that exist for tests. Like tests they may bring any rooms together.
var forTests = []string{"internal/apitest", "internal/pgtest", "internal/store/storetest"}

// rooms says on which storey each room of the service is, by folder. A new room gets a line here.
var rooms = map[string]storey{
	"internal/certfile":       leaf,
	"internal/cgroup":         leaf,
	"internal/commonpassword": leaf,
	"internal/config":         leaf,
	"internal/confusable":     leaf,
	"internal/fileguard":      leaf,
	"internal/foreignhash":    leaf,
	"internal/jobs":           leaf,
	"internal/lease":          leaf,
	"internal/limit":          leaf,
	"internal/outfile":        leaf,
	"internal/pgurl":          leaf,
	"internal/seal":           leaf,
	"internal/workpool":       leaf,

	"internal/federation": duty,
	"internal/feed":       duty,
	"internal/importer":   duty,
	"internal/keyring":    duty,
	"internal/manifest":   duty,
	"internal/throttle":   duty,
	"internal/transfer":   duty,

	"internal/assertion":  adapter,
	"internal/breached":   adapter,
	"internal/declare":    adapter,
	"internal/fetch":      adapter,
	"internal/importfile": adapter,
	"internal/password":   adapter,
	"internal/store":      adapter,
	"internal/token":      adapter,

	"internal/web": kit,

	"internal/api":     edge,
	"internal/gateway": edge,

	"internal/app": composition,

	"cmd": command,
}

// law is the import law of the house: who may import what directly, a reason per line. It speaks of the code that
// ships, which neither tests nor what exists for them does. A line that stands in the way of a change says what the change costs.
var law = []rule{
	never(".", "the rules are tested without anything around them, and know no room that knows them", ours),
	never(".", "the rules are the same behind any edge", "net", "encoding/json", "github.com/go-json-experiment"),
	never(".", "the rules are the same over any store", "database/sql"),
	never(".", "the rules open nothing: files and variables are read by the program that starts them", "os", "io/fs", "syscall"),
	never(".", "ids come in by the port NewID, so that tests can choose them", "crypto/rand", "math/rand"),
	only("github.com/google/uuid", "what an id is made of is decided in one file", "id.go"),

	// Imports between rooms go strictly down; each storey names all that it may import of ours.
	homeless("a room without a storey could import anything, and be imported anywhere"),
	on(leaf, "a leaf is understood, replaced and tested alone", root),
	on(duty, "a duty has rules of its own on those of the root; what two of them share belongs below them", leaf, root),
	on(adapter, "an adapter speaks one technology and implements the ports of the rules; it meets no other adapter", duty, leaf, root),
	on(kit, "what all operations have in common knows none of them", leaf, root),
	on(edge, "an edge asks the rules through the kit; it knows neither another edge nor how anything is kept", kit, duty, leaf, root),
	on(composition, "the rooms meet in one place, which no command is part of", edge, kit, adapter, duty, leaf, root),

	only(internal+"/config", "settings are read once and passed on as values", "internal/app", "cmd"),
	only(internal+"/confusable", "which characters look alike is told to the rules by a port", "internal/app"),
	only(internal+"/cgroup", "what the machine allows is read once and passed on as values", "internal/app"),
	only(internal+"/fileguard", "which files are looked at is decided where they are named", "cmd"),
	only(internal+"/apitest", "what runs the service for tests must not ship"),
	only(internal+"/pgtest", "what starts throw-away databases must not ship"),
	only(internal+"/store/storetest", "the conformance suite must not ship"),
	only("testing", "it drags the test runner in"),

	only("github.com/danielgtaylor/huma", "the framework can be changed in one room", "internal/web"),
	only("github.com/swaggest/swgui", "pages are the kit's", "internal/web"),
	only("net/http", "HTTP is spoken at the edge; app runs a server, cmd asks one, fetch asks issuers for their keys, and breached asks about ranges of hashes",
		"internal/breached", "internal/fetch", "internal/web", "internal/api", "internal/gateway", "internal/app", "cmd"),
	only("database/sql", "SQL is spoken in the store", "internal/store"),
	only("github.com/jackc/pgx", "a driver's types and errors end at the store's border, and its URLs are read in one place", "internal/store", "internal/pgurl"),
	only("modernc.org", "a driver's types and errors end at the store's border", "internal/store"),
	only("github.com/pressly/goose", "the schema is the store's", "internal/store"),
	only("github.com/go-jose/go-jose", "there is one place where a token of ours can be believed, and one where a token of others can", "internal/token", "internal/assertion"),
	only("code.dny.dev/ssrf", "there is one place that asks what administrators have entered", "internal/fetch"),
	only("golang.org/x/crypto", "there is one place where a password is hashed, and one where those of other systems are", "internal/password", "internal/foreignhash"),
	only("github.com/hashicorp/go-envparse", "there is one reader of settings", "internal/config"),
	only("go.mau.fi/util", "there is one place that knows which characters look alike", "internal/confusable"),
	only("go.yaml.in/yaml", "there is one reader of declarations, which takes little of YAML", "internal/declare"),
	only("github.com/alecthomas/kong", "there is one command line", "cmd"),
}

// modules are the laws of the modules beside the service's own, by folder. Each folder with a go.mod is here: a module
// without a line could import anything.
var modules = map[string][]rule{
	"authn":                   {standard("authn", "a service that verifies our tokens must inherit nothing by it")},
	"bench":                   {outsider("bench", "what measures the service must know no more of it than its clients do", internal+"/pgtest")},
	"examples/orders":         {outsider("examples/orders", "an example has what its readers have, and no more", ours+"/authn")},
	"tests/clients/generated": {outsider("tests/clients/generated", "a generated client knows the service by its document alone")},
	"tools":                   {outsider("tools", "tools are versioned apart, and know nothing of what they are used on")},
}

func TestImportLaw(t *testing.T) {
	t.Parallel()
	files, err := readTree(os.DirFS("."), ".")
	if err != nil {
		t.Fatal(err)
	}
	// A walk that went astray would find nothing wrong.
	for _, known := range []string{"id.go", "internal/config/load.go"} {
		if !slices.ContainsFunc(files, func(f source) bool { return f.path == known }) {
			t.Fatalf("%s is not among the %d files found", known, len(files))
		}
	}
	for _, v := range violations(files, law) {
		t.Error(v)
	}
	found, err := nestedModules(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if lawful := slices.Sorted(maps.Keys(modules)); !slices.Equal(found, lawful) {
		t.Errorf("the modules beside the service's own are %q, and laws are there for %q", found, lawful)
	}
	for _, folder := range found {
		files, err := readTree(os.DirFS("."), folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range violations(files, modules[folder]) {
			t.Error(v)
		}
	}
}
