package users_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// rule is a line of the law: whether a file may not import a package, and why.
type rule struct {
	why     string
	forbids func(file, imported string) bool
}

// never keeps packages, and those below them, out of one folder; "." is the root package.
func never(folder, why string, packages ...string) rule {
	return rule{why, func(file, imported string) bool {
		return path.Dir(file) == folder && slices.ContainsFunc(packages, func(p string) bool { return below(imported, p) })
	}}
}

// only keeps a package, and those below it, in its homes, which are folders or files. A package of ours is at home
// with itself.
func only(pkg, why string, homes ...string) rule {
	if folder, ok := strings.CutPrefix(pkg, ours+"/"); ok {
		homes = append(homes, folder)
	}
	return rule{why, func(file, imported string) bool {
		return below(imported, pkg) && !slices.ContainsFunc(homes, func(h string) bool { return below(file, h) })
	}}
}

// outsider keeps a folder from every package of ours but its own and those named.
func outsider(folder, why string, known ...string) rule {
	known = append(known, ours+"/"+folder)
	return rule{why, func(file, imported string) bool {
		return below(file, folder) && below(imported, ours) && !slices.ContainsFunc(known, func(p string) bool { return below(imported, p) })
	}}
}

// storey is a kind of room, named for what its rooms are for.
type storey string

const (
	root        storey = "root"        // nouns and rules: the package at the top
	leaf        storey = "leaf"        // at most the root's nouns
	duty        storey = "duty"        // rules that no authenticated request needs, with ports of their own
	adapter     storey = "adapter"     // one technology each: SQL, tokens, hashing, YAML
	kit         storey = "kit"         // what all edges have in common
	edge        storey = "edge"        // operations over HTTP
	composition storey = "composition" // puts the rooms together
	command     storey = "command"     // flags and printing
)

// roomOf finds the room that a file or package of ours is in, and its storey; both are empty where rooms has none.
func roomOf(p string) (room string, on storey) {
	if p == "." {
		return p, root
	}
	for folder, s := range rooms {
		if below(p, folder) {
			return folder, s
		}
	}
	return "", ""
}

// on keeps the rooms of a storey from all rooms but their own and those on the storeys named.
func on(from storey, why string, lower ...storey) rule {
	return rule{why, func(file, imported string) bool {
		room, at := roomOf(path.Dir(file))
		if at != from || !below(imported, ours) {
			return false
		}
		other, its := roomOf(strings.TrimPrefix(strings.TrimPrefix(imported, ours), "/"))
		if imported == ours {
			other, its = ".", root
		}
		return other != room && its != "" && !slices.Contains(lower, its)
	}}
}

// homeless wants a storey for each room under internal/ that imports anything.
func homeless(why string) rule {
	return rule{why, func(file, _ string) bool {
		_, at := roomOf(path.Dir(file))
		return below(file, "internal") && at == ""
	}}
}

// standard keeps a folder to the standard library: the first part of any other path is a domain.
func standard(folder, why string) rule {
	return rule{why, func(file, imported string) bool {
		first, _, _ := strings.Cut(imported, "/")
		return below(file, folder) && strings.Contains(first, ".")
	}}
}

func below(p, parent string) bool { return p == parent || strings.HasPrefix(p, parent+"/") }

// source is a Go file that ships.
type source struct {
	path string
	file *ast.File
}

// readTree parses every Go file that ships of the module in a folder, whatever its build constraints, and none of
// the modules inside it.
func readTree(tree fs.FS, folder string) ([]source, error) {
	var files []source
	err := fs.WalkDir(tree, folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != folder && (noCode(name) || isModule(tree, name) || slices.Contains(forTests, name)):
			return fs.SkipDir
		case entry.IsDir(), path.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		files = append(files, source{name, file})
		return err
	})
	return files, err
}

// nestedModules returns the folders of the modules beside the one at the root, sorted.
func nestedModules(tree fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && noCode(name):
			return fs.SkipDir
		case entry.IsDir() && name != "." && isModule(tree, name):
			found = append(found, name)
		}
		return nil
	})
	return found, err
}

func isModule(tree fs.FS, folder string) bool {
	_, err := fs.Stat(tree, path.Join(folder, "go.mod"))
	return err == nil
}

// noCode reports whether the go command passes a folder over.
func noCode(folder string) bool {
	base := path.Base(folder)
	return strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules"
}

// violations holds files against the rules, and the root package and the duties against the clock.
func violations(files []source, rules []rule) []string {
	var found []string
	for _, f := range files {
		for _, spec := range f.file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value) // the parser has read it already
			for _, r := range rules {
				if r.forbids(f.path, imported) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", f.path, imported, r.why))
				}
			}
		}
		if _, at := roomOf(path.Dir(f.path)); at == root || at == duty {
			found = append(found, outsideWorld(f)...)
		}
	}
	return found
}

// outside is what would bring time or chance into the rules, by package and name.
var outside = map[string][]string{
	"time":                   {"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"},
	"github.com/google/uuid": {"New", "NewString", "NewRandom", "NewRandomFromReader", "NewUUID", "NewV6", "NewV7", "NewV7FromReader"},
}

// outsideWorld finds the uses of it in a file, but for those in the function NewID, which is what the port is
// given.
func outsideWorld(f source) []string {
	names := map[string]string{} // as the file calls a package → its path
	var found []string
	for _, spec := range f.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if outside[imported] != nil && name == "." {
			found = append(found, f.path+" imports "+imported+" without its name, where no check can see what it uses")
		}
		names[name] = imported
	}
	for _, decl := range f.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "NewID" {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(outside[names[x.Name]], sel.Sel.Name) {
					found = append(found, fmt.Sprintf("%s uses %s.%s: time and ids come in by ports", f.path, x.Name, sel.Sel.Name))
				}
			}
			return true
		})
	}
	return found
}

// Each file alone must, or must not, break the law, and each line of the law must be broken by one of them.
func TestImportLawBites(t *testing.T) {
	t.Parallel()
	var all []source
	for _, test := range []struct {
		path, source string
		broken       bool
	}{
		{"account.go", `import "net/http"`, true},
		{"account.go", `import "net/netip"`, true},
		{"account.go", `import "encoding/json"`, true},
		{"account.go", `import "database/sql"`, true},
		{"account.go", `import "os"`, true},
		{"account.go", `import "crypto/rand"`, true},
		{"account.go", `import _ "math/rand/v2"`, true},
		{"account.go", `import "github.com/google/uuid"`, true},
		{"account.go", `import "` + internal + `/config"`, true},
		{"account.go", `import "golang.org/x/text/unicode/norm"`, false},
		{"account.go", `import "time"; func f() { time.Now() }`, true},
		{"account.go", `import "time"; var clock = time.Now`, true},
		{"account.go", `import t "time"; var _ = t.Since(x)`, true},
		{"account.go", `import . "time"`, true},
		{"account.go", `import "time"; var _ time.Time; func f(time struct{ Now int })`, false},
		{"id.go", `import "github.com/google/uuid"; func NewID() { uuid.NewV7() }`, false},
		{"id.go", `import "github.com/google/uuid"; func (s service) NewID() { uuid.NewV7() }`, true},
		{"id.go", `import "github.com/google/uuid"; func Other() { uuid.NewV7() }`, true},
		{"account_test.go", `import "net/http"`, false},
		{"cmd/svc-users/serve.go", `import ("net/http"; "` + internal + `/config"; "` + internal + `/store"; "` + internal + `/app"; "github.com/alecthomas/kong")`, false},
		{"cmd/svc-users/serve.go", `import "database/sql"`, true},
		{"cmd/svc-users/serve.go", `import "` + internal + `/pgtest"`, true},
		{"cmd/svc-users/serve.go", `import "` + internal + `/store/storetest"`, true},
		{"internal/app/a.go", `import ("` + internal + `/web"; "` + internal + `/api"; "` + internal + `/store"; "` + internal + `/config"; "` + ours + `")`, false},
		{"internal/app/a.go", `import "` + ours + `/cmd/svc-users/flags"`, true},
		{"cmd/svc-users/serve.go", `import "` + internal + `/cgroup"`, true},
		{"internal/api/a.go", `import ("net/http"; "` + internal + `/web"; "` + ours + `")`, false},
		{"internal/api/a.go", `import "` + internal + `/gateway"`, true},
		{"internal/api/a.go", `import "` + internal + `/store"`, true},
		{"internal/api/a.go", `import "` + internal + `/app"`, true},
		{"internal/gateway/a.go", `import "` + internal + `/api"`, true},
		{"internal/gateway/a.go", `import "` + internal + `/token"`, true},
		{"internal/gateway/a.go", `import "github.com/danielgtaylor/huma/v2"`, true},
		{"internal/web/a.go", `import ("net/http"; "time"; "` + ours + `"; "github.com/danielgtaylor/huma/v2/adapters/humago")`, false},
		{"internal/web/a.go", `import "` + internal + `/store"`, true},
		{"internal/web/a.go", `import "` + internal + `/api"`, true},
		{"internal/web/docs/a.go", `import "` + internal + `/token"`, true},
		{"internal/web/docs/a.go", `import "` + internal + `/web"`, false},
		{"internal/web/a_test.go", `import "` + internal + `/store"`, false},
		{"internal/nowhere/a.go", `import "time"`, true},
		{"internal/cgroup/a.go", `import "` + internal + `/fileguard"`, true},
		{"internal/cgroup/a.go", `import ("os"; "` + ours + `")`, false},
		{"internal/store/a.go", `import ("database/sql"; "github.com/jackc/pgx/v5"; "modernc.org/sqlite"; "github.com/pressly/goose/v3")`, false},
		{"internal/store/a.go", `import "` + internal + `/web"`, true},
		{"internal/store/a.go", `import "` + internal + `/lease"`, false},
		{"internal/lease/a.go", `import "` + internal + `/store"`, true},
		{"internal/store/a.go", `import "` + internal + `/feed"`, false},
		{"internal/token/a.go", `import "` + internal + `/feed"`, false},
		{"internal/gateway/a.go", `import "` + internal + `/feed"`, false},
		{"internal/web/a.go", `import "` + internal + `/feed"`, true},
		{"internal/lease/a.go", `import "` + internal + `/feed"`, true},
		{"internal/feed/a.go", `import ("time"; "` + ours + `")`, false},
		{"internal/feed/a.go", `import "` + internal + `/store"`, true},
		{"internal/feed/a.go", `import "` + internal + `/web"`, true},
		{"internal/feed/a.go", `import "` + internal + `/manifest"`, true},
		{"internal/feed/a.go", `import "database/sql"`, true},
		{"internal/feed/a.go", `import "net/http"`, true},
		{"internal/feed/a.go", `import "time"; var clock = time.Now`, true},
		{"account.go", `import "` + internal + `/feed"`, true},
		{"internal/store/a.go", `import "` + internal + `/config"`, true},
		{"internal/store/a.go", `import "` + internal + `/store/storetest"`, true},
		{"internal/store/a.go", `import "` + internal + `/pgtest"`, true},
		{"internal/store/a.go", `import "github.com/danielgtaylor/huma/v2"`, true},
		{"internal/store/a.go", `import "net/http/httptest"`, true},
		{"internal/store/a.go", `import "testing"`, true},
		{"internal/store/a.go", `import "` + internal + `/apitest"`, true},
		{"internal/store/storetest/a.go", `import ("testing"; "` + internal + `/pgtest")`, false},
		{"internal/pgtest/a.go", `import ("testing"; "github.com/jackc/pgx/v5")`, false},
		{"internal/apitest/a.go", `import ("` + internal + `/store"; "` + internal + `/app"; "net/http")`, false},
		{"internal/token/a.go", `import "github.com/go-jose/go-jose/v4/jwt"`, false},
		{"internal/assertion/a.go", `import "github.com/go-jose/go-jose/v4"`, false},
		{"internal/federation/a.go", `import "github.com/go-jose/go-jose/v4"`, true},
		{"internal/fetch/a.go", `import "code.dny.dev/ssrf"`, false},
		{"internal/federation/b.go", `import "code.dny.dev/ssrf"`, true},
		{"internal/password/a.go", `import "golang.org/x/crypto/bcrypt"`, false},
		{"internal/password/a.go", `import "github.com/go-jose/go-jose/v4"`, true},
		{"internal/token/a.go", `import "golang.org/x/crypto/bcrypt"`, true},
		{"internal/token/a.go", `import "github.com/jackc/pgx/v5"`, true},
		{"internal/token/a.go", `import "modernc.org/sqlite"`, true},
		{"internal/token/a.go", `import "github.com/pressly/goose/v3"`, true},
		{"internal/token/a.go", `import "github.com/swaggest/swgui/v5emb"`, true},
		{"internal/token/a.go", `import "github.com/hashicorp/go-envparse"`, true},
		{"internal/config/a.go", `import "github.com/hashicorp/go-envparse"`, false},
		{"internal/config/a.go", `import "github.com/alecthomas/kong"`, true},
		{"internal/declare/a.go", `import "go.yaml.in/yaml/v3"`, false},
		{"internal/config/a.go", `import "go.yaml.in/yaml/v3"`, true},
		{"internal/password/a.go", `import "` + internal + `/cgroup"`, true},
		{"internal/confusable/a.go", `import "go.mau.fi/util/confusable"`, false},
		{"internal/token/a.go", `import "` + internal + `/fileguard"`, true},
		{"role.go", `import "` + internal + `/confusable"`, true},
		{"internal/web/a.go", `import "go.mau.fi/util/confusable"`, true},
		{"internal/config/testdata/a.go", `import "github.com/alecthomas/kong"`, false},
	} {
		files, err := readTree(fstest.MapFS{test.path: {Data: []byte("package p; " + test.source)}}, ".")
		if err != nil {
			t.Fatalf("%s: %v", test.source, err)
		}
		if got := violations(files, law); (len(got) > 0) != test.broken {
			t.Errorf("%s: %s: violations %q", test.path, test.source, got)
		}
		all = append(all, files...)
	}
	for i, r := range law {
		if len(violations(all, law[i:i+1])) == len(violations(all, nil)) {
			t.Errorf("no file here breaks the line %q", r.why)
		}
	}
}

// The same for the modules beside the service's own, which its law passes over.
func TestImportLawOfModulesBites(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, source string
		broken       bool
	}{
		{"authn/a.go", `import ("net/http"; "encoding/json"; "math/rand/v2"; "testing")`, false},
		{"authn/a.go", `import "` + ours + `"`, true},
		{"authn/a.go", `import "` + internal + `/token"`, true},
		{"authn/a.go", `import "github.com/go-jose/go-jose/v4"`, true},
		{"authn/inner/a.go", `import "golang.org/x/sync/singleflight"`, true},
		{"authn/a_test.go", `import "` + ours + `/authn"`, false},
		{"bench/a.go", `import ("net/http"; "database/sql"; "modernc.org/sqlite"; "golang.org/x/crypto/bcrypt"; "` + internal + `/pgtest"; "` + ours + `/bench/load")`, false},
		{"bench/load/a.go", `import "` + ours + `"`, true},
		{"bench/load/a.go", `import "` + internal + `/token"`, true},
		{"examples/orders/a.go", `import "` + ours + `/authn"`, false},
		{"examples/orders/a.go", `import "` + ours + `"`, true},
		{"tools/a.go", `import "` + ours + `"`, true},
	} {
		tree := fstest.MapFS{"account.go": {Data: []byte("package p")}, test.path: {Data: []byte("package p; " + test.source)}}
		for folder := range modules {
			tree[folder+"/go.mod"] = &fstest.MapFile{}
		}
		broken := false
		for folder, law := range modules {
			files, err := readTree(tree, folder)
			if err != nil {
				t.Fatalf("%s: %v", test.source, err)
			}
			broken = broken || len(violations(files, law)) > 0
		}
		if broken != test.broken {
			t.Errorf("%s: %s: violated is %v", test.path, test.source, broken)
		}
		if files, err := readTree(tree, "."); err != nil || len(files) != 1 {
			t.Errorf("%s is read as part of the service: %d files, %v", test.path, len(files), err)
		}
		if found, err := nestedModules(tree); err != nil || !slices.Equal(found, slices.Sorted(maps.Keys(modules))) {
			t.Errorf("modules %q, %v", found, err)
		}
	}
}
