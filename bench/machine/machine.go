// Package machine reads the processor time and the memory of a process from the operating system, and starts processes
// that end with this one. Processor time is user and system time together, which is what a request costs however many
// other processes share the machine. It works on Linux; elsewhere the functions return an error.
package machine

import (
	"fmt"
	"strconv"
	"strings"
)

// Memory is the resident memory of a process, in bytes.
type Memory struct {
	Resident int64 // now
	Peak     int64 // the most since its start
}

// parseStatus reads the two figures from the text of /proc/PID/status.
func parseStatus(text string) (Memory, error) {
	resident, err := statusField(text, "VmRSS")
	if err != nil {
		return Memory{}, err
	}
	peak, err := statusField(text, "VmHWM")
	if err != nil {
		return Memory{}, err
	}
	return Memory{Resident: resident, Peak: peak}, nil
}

// statusField is a field given in kibibytes, in bytes.
func statusField(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		if !ok {
			return 0, fmt.Errorf("%s is not given in kB: %q", name, line)
		}
		n, err := strconv.ParseInt(number, 10, 64)
		return n << 10, err
	}
	return 0, fmt.Errorf("there is no %s: has the process ended?", name)
}

// busy are the processor time that was used and all there was, over all processors, in the unit of /proc/stat.
type busy struct{ used, all float64 }

// parseStat reads the first line of /proc/stat. Time stolen by other guests of the same host was not ours to use, and
// counts as used.
func parseStat(text string) (busy, error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	const guests = 9 // the columns from here on are counted in earlier ones already
	if len(fields) < guests || fields[0] != "cpu" {
		return busy{}, fmt.Errorf("the first line of /proc/stat is %q", line)
	}
	var b busy
	for i, field := range fields[1:guests] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return busy{}, err
		}
		b.all += n
		const idle, waiting = 3, 4
		if i != idle && i != waiting {
			b.used += n
		}
	}
	return b, nil
}

// since is the share of the machine that was used since an earlier reading.
func (b busy) since(earlier busy) float64 {
	if b.all <= earlier.all {
		return 0
	}
	return (b.used - earlier.used) / (b.all - earlier.all)
}

// parseModel finds the processor's name in the text of /proc/cpuinfo.
func parseModel(text string) string {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}
