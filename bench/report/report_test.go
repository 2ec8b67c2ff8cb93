package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		row     Row
		verdict string
		ratio   float64
	}{
		{Row{Figure: 3, Goal: Max(Figure, 3)}, "yes", 0},
		{Row{Figure: 3.01, Goal: Max(Figure, 3)}, "NO", 0},
		{Row{Figure: 100, Bare: 98, Goal: Max(Ratio, 1.03)}, "yes", 100.0 / 98},
		{Row{Figure: 100, Bare: 90, Goal: Max(Ratio, 1.03)}, "NO", 100.0 / 90},
		{Row{Figure: 96, Bare: 100, Goal: Min(Ratio, 0.97)}, "NO", 0.96},
		{Row{Figure: 97, Bare: 100, Goal: Min(Ratio, 0.97)}, "yes", 0.97},
		// The median of the pairs counts, not the quotient of the medians.
		{Row{Figure: 90, Bare: 100, Ratio: 0.98, Goal: Min(Ratio, 0.97)}, "yes", 0.98},
		{Row{Figure: 5}, "", 0},
		{Row{Figure: 0, Goal: Max(Figure, 0)}, "yes", 0},
	} {
		var r Results
		r.Add(test.row)
		if got := r.Rows[0]; got.verdict() != test.verdict || got.Ratio != test.ratio {
			t.Errorf("%+v: verdict %q, ratio %v", test.row, got.verdict(), got.Ratio)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		0: "0", 1: "1.00", 12.345: "12.3", 99.95: "100.0", 100: "100", 1234.5: "1234", 0.5: "0.500", 0.0123: "0.0123", 0.001234: "0.0012", -2.5: "-2.50",
	} {
		if got := digits(value); got != want {
			t.Errorf("%v is written %s, want %s", value, got, want)
		}
	}
}

// sample are results of every kind.
func sample() *Results {
	r := &Results{Service: "svc-users 1.2.3", Machine: Machine{Processor: "A & B <1>", Cores: 2}}
	r.Add(Row{Key: "login.cpu", What: "CPU per login", Database: "SQLite", Figure: 210, Unit: "ms", Bare: 200, BareName: "bcrypt", Goal: Max(Ratio, 1.03)})
	r.Add(Row{Key: "login.cpu", What: "CPU per login", Database: "PostgreSQL", Figure: 202, Unit: "ms", Bare: 200, BareName: "bcrypt", Goal: Max(Ratio, 1.03)})
	r.Add(Row{Key: "read", What: "one bare read", Database: "PostgreSQL", Figure: 20, Unit: "µs"})
	r.Add(Row{Key: "size", What: "the binary", Figure: 21, Unit: "MB", Goal: Max(Figure, 25), Note: "static"})
	r.Notef("%d accounts", 1000)
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		for i, clients := range []Clients{NoClients, Patient, Impatient} {
			curve := Curve{Database: database, Clients: clients}
			for k := range Quantiles {
				curve.Milliseconds = append(curve.Milliseconds, 0.2*float64((i+1)*(k+1)))
			}
			r.Flood = append(r.Flood, curve)
		}
		for _, what := range []string{CostMedian, CostWorst, CostTotal, CostSearch} {
			for _, n := range []int{1_000, 100_000, 1_000_000} {
				r.Lists = append(r.Lists, Cost{database, what, n, 0.7})
			}
		}
	}
	return r
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := sample().Table(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
Independent of the database
  what        ours     bare  ratio  goal     met  
  the binary  21.0 MB               ≤ 25 MB  yes  static

SQLite
  what           ours    bare           ratio  goal            met  
  CPU per login  210 ms  200 ms bcrypt  1.05   ≤ 1.03 of bare  NO   

PostgreSQL
  what           ours     bare           ratio  goal            met  
  CPU per login  202 ms   200 ms bcrypt  1.01   ≤ 1.03 of bare  yes  
  one bare read  20.0 µs                                             

note: 1000 accounts

2 of 3 goals met
`
	_, got, _ := strings.Cut(b.String(), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestJSONKeepsEverything(t *testing.T) {
	t.Parallel()
	want := sample()
	text, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !json.Valid(text) || text[len(text)-1] != '\n' {
		t.Error("it is not a file of JSON")
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	const before, after = "# Title\n\n", "\n## The rest\n"
	document := before + tableBegin + "\nold\n" + tableEnd + after
	got, err := sample().Insert(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		before + tableBegin + "\n",
		"| CPU per login | ≤ 1.03 of bare | **210 ms, 1.05 × 200 ms bcrypt** ✗ | 202 ms, 1.01 × 200 ms bcrypt ✓ |\n",
		"| one bare read |  | – | 20.0 µs |\n",
		"| the binary | ≤ 25 MB | 21.0 MB ✓ |\n",
		"- 1000 accounts\n",
		tableEnd + after,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "old") {
		t.Error("the former table is still there")
	}
	if again, err := sample().Insert(got); err != nil || again != got {
		t.Errorf("a second time it is another: %v", err)
	}
	if _, err := sample().Insert(before + after); err == nil {
		t.Error("a document without a place for it took the table")
	}
}

// A picture is well-formed, has no scripts, and says in words what it shows.
func TestPictures(t *testing.T) {
	t.Parallel()
	for name, picture := range map[string]string{
		"flood": sample().FloodSVG(), "lists": sample().ListsSVG(), "flood of nothing": new(Results).FloodSVG(), "lists of nothing": new(Results).ListsSVG(),
	} {
		decoder := xml.NewDecoder(strings.NewReader(picture))
		elements := map[string]int{}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if element, ok := token.(xml.StartElement); ok {
				elements[element.Name.Local]++
			}
		}
		if elements["svg"] != 1 || elements["script"] != 0 || elements["title"] == 0 {
			t.Errorf("%s: elements %v", name, elements)
		}
		if strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf") {
			t.Errorf("%s has a point nowhere", name)
		}
	}
	for _, want := range []string{"SQLite", "PostgreSQL", "honour Retry-After", "99.9 %"} {
		if !strings.Contains(sample().FloodSVG(), want) {
			t.Errorf("the flood has no %q", want)
		}
	}
}

func TestDecades(t *testing.T) {
	t.Parallel()
	a := decades("", []float64{0.3, 70, 2500})
	var labels []string
	for _, tick := range a.ticks {
		labels = append(labels, tick.label)
	}
	if diff := cmp.Diff([]string{"100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"}, labels); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if a.at(a.from) != 0 || a.at(a.to) != 1 {
		t.Errorf("its ends are at %v and %v", a.at(a.from), a.at(a.to))
	}
}
