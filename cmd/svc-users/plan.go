package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/svc-users/svc-users/internal/manifest"
)

// signs begin the lines of a plan.
var signs = map[manifest.Action]string{
	manifest.ActionCreate: "+", manifest.ActionAssign: "+", manifest.ActionChange: "~", manifest.ActionDelete: "-", manifest.ActionUnassign: "-",
}

// showPlan prints a plan as a difference, a line for each change.
func showPlan(w io.Writer, plan manifest.Plan) {
	for _, c := range plan.Changes {
		fmt.Fprintln(w, signs[c.Action], describeThing(c.Kind, c.Name, c.Details))
	}
	for _, o := range plan.Orphaned {
		fmt.Fprintf(w, "? orphaned %s; --prune would take it away\n", describeThing(o.Kind, o.Name, o.Details))
	}
}

func describeThing(kind manifest.Kind, name, details string) string {
	line := string(kind) + " " + name
	if details != "" {
		line += ": " + details
	}
	return replaceUnprintable(line)
}

// summarizePlan is the last line: how much of what.
func summarizePlan(plan manifest.Plan, nothing, created, changed, gone string) string {
	count := map[string]int{}
	for _, c := range plan.Changes {
		count[signs[c.Action]]++
	}
	var parts []string
	for _, part := range []struct{ sign, what string }{{"+", created}, {"~", changed}, {"-", gone}} {
		if n := count[part.sign]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, part.what))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, nothing)
	}
	if n := len(plan.Orphaned); n > 0 {
		parts = append(parts, fmt.Sprintf("%d orphaned", n))
	}
	return string(plan.Service) + ": " + strings.Join(parts, ", ")
}
