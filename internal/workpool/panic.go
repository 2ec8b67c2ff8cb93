package workpool

import (
	"fmt"
	"runtime"
	"strings"
)

// describePanic makes an error of a recovered panic. A plain stack trace prints arguments, and a panic can carry
// any value, so it names only the kind of the value, the text of the runtime's own errors, and the functions
// on the way: nothing that the job was given can be in it.
func describePanic(r any) error {
	what := fmt.Sprintf("%T", r)
	if err, ok := r.(runtime.Error); ok {
		what = err.Error()
	}
	return fmt.Errorf("workpool: a worker panicked: %s, at %s", what, listCallers())
}

// listCallers names the innermost functions that were running when the panic came.
func listCallers() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)]) // past Callers, listCallers, describePanic and the deferred function
	var names []string
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more || len(names) == 4 {
			return strings.Join(names, ", ")
		}
	}
}
