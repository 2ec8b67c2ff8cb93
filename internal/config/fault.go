package config

import "strings"

// Fault is one thing wrong with the settings. Variable is the name of a variable, or the place in a file such as
// ".env:3"; Problem goes on from it to a sentence and never repeats a value.
type Fault struct {
	Variable string
	Problem  string
}

// String is the sentence.
func (f Fault) String() string { return f.Variable + " " + f.Problem }

// Faults are all things wrong with the settings.
type Faults []Fault

// Err is nil without faults, else an error whose message is one line that names them all.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return faultError(f)
}

type faultError Faults

// Error joins the sentences.
func (e faultError) Error() string {
	all := make([]string, len(e))
	for i, f := range e {
		all[i] = f.String()
	}
	return strings.Join(all, "; ")
}

// Warning is something in the settings that is probably a mistake but does no harm: a sentence without values.
type Warning string
