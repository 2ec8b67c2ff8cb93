package machine

import "testing"

func TestParseStatus(t *testing.T) {
	t.Parallel()
	const text = "Name:\tsvc-users\nVmPeak:\t 1234567 kB\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t9\n"
	got, err := parseStatus(text)
	if want := (Memory{Resident: 10 << 20, Peak: 20 << 20}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, broken := range map[string]string{
		"a process that has ended": "Name:\tsvc-users\nState:\tZ (zombie)\n",
		"no peak":                  "VmRSS:\t 10240 kB\n",
		"another unit":             "VmRSS:\t 10 MB\nVmHWM:\t 10 MB\n",
		"no number":                "VmRSS:\t many kB\nVmHWM:\t 1 kB\n",
	} {
		if got, err := parseStatus(broken); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	//                   user nice system idle waiting irq softirq stolen guest guest_nice
	before, err := parseStat("cpu  100 0 50 800 50 0 0 0 10 0\ncpu0 1 2 3\n")
	if err != nil {
		t.Fatal(err)
	}
	after, err := parseStat("cpu  120 5 60 840 60 5 5 15 20 0\n")
	if err != nil {
		t.Fatal(err)
	}
	// 60 of 110 were used, 15 of them by other guests of the host.
	if got, want := after.since(before), 60.0/110; got != want {
		t.Errorf("%v of the machine was used, want %v", got, want)
	}
	if got := before.since(before); got != 0 {
		t.Errorf("in no time, %v was used", got)
	}
	for _, broken := range []string{"", "cpu 1 2", "intr 1 2 3 4 5 6 7 8 9 10", "cpu a b c d e f g h i j"} {
		if got, err := parseStat(broken); err == nil {
			t.Errorf("%q was read as %+v", broken, got)
		}
	}
}

func TestParseModel(t *testing.T) {
	t.Parallel()
	if got := parseModel("processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some Processor 3000\n"); got != "Some Processor 3000" {
		t.Errorf("got %q", got)
	}
	if got := parseModel("BogoMIPS\t: 50.00\n"); got == "" {
		t.Error("what has no name is left out")
	}
}
