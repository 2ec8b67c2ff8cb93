package tools

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// exactImage is an image whose tag names a version to the last part, or a digest: postgres:17.11-alpine3.24,
// golang:1.26.10-bookworm@sha256:….
var exactImage = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+[0-9.]*)?(@sha256:[0-9a-f]{64})?$`)

// A tag such as 17 or latest is another image next month.
func TestImagesAreExact(t *testing.T) {
	t.Parallel()
	for _, file := range []string{development, production} {
		p := mustRead(t, file, given...)
		for name, s := range p.Services {
			own := s.Build != nil // made here, under a name of ours
			if !own && !exactImage.MatchString(s.Image) || strings.HasSuffix(s.Image, ":latest") || !strings.Contains(s.Image, ":") {
				t.Errorf("%s: %s is %s", file, name, s.Image)
			}
		}
	}
	dockerfile, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	toolchain := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindSubmatch(module)
	arguments := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ARG (\w+)=(\S+)$`).FindAllStringSubmatch(string(dockerfile), -1) {
		arguments["${"+m[1]+"}"] = m[2]
	}
	from := regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(\S+)`).FindAllStringSubmatch(string(dockerfile), -1)
	if len(from) != 2 || toolchain == nil {
		t.Fatalf("%d images, and the toolchain %q", len(from), toolchain)
	}
	for _, m := range from {
		image := m[1]
		if value, ok := arguments[image]; ok {
			image = value
		}
		if image == "scratch" {
			continue
		}
		if !exactImage.MatchString(image) || !strings.HasPrefix(image, "golang:"+string(toolchain[1])+"-") {
			t.Errorf("%s is not exactly the Go %s of go.mod", image, toolchain[1])
		}
	}
}
