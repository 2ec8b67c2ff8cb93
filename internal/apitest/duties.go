package apitest

import (
	users "github.com/svc-users/svc-users"
	"github.com/svc-users/svc-users/internal/app"
	"github.com/svc-users/svc-users/internal/federation"
	"github.com/svc-users/svc-users/internal/feed"
	"github.com/svc-users/svc-users/internal/importer"
	"github.com/svc-users/svc-users/internal/manifest"
	"github.com/svc-users/svc-users/internal/throttle"
)

// ReplaceService makes the edge ask another Service, and makes the duties anew on it, with the ports they have. It is for
// Options.Configure.
func ReplaceService(o *app.EdgeOptions, s *users.Service) {
	o.Service = s
	following := o.Feed.Ports
	following.Service = s
	o.Feed, o.Manifest = feed.New(following), manifest.New(s)
	importing := o.Importer.Ports
	importing.Service = s
	o.Importer = importer.New(importing)
	authenticating := o.Federation.Ports
	authenticating.Service = s
	o.Federation = federation.New(authenticating)
	o.Throttle = throttle.NewManager(o.Throttle.Guard, s)
}
