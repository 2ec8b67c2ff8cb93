package tools

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

const manifests = "../deploy/kubernetes"

// manifest reads a file as the API server does when it is strict: a field that does not exist is a fault, not a wish.
func manifest[T any](t *testing.T, name string) T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(manifests, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, []byte("\n---")) {
		t.Fatalf("%s: more than one document; only the first would be checked", name)
	}
	var object T
	if err := yaml.UnmarshalStrict(content, &object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return object
}

// pod is the one container and what is around it.
func pod(t *testing.T) (apps.Deployment, core.PodSpec, core.Container) {
	t.Helper()
	d := manifest[apps.Deployment](t, "deployment")
	spec := d.Spec.Template.Spec
	if len(spec.Containers) != 1 {
		t.Fatalf("%d containers", len(spec.Containers))
	}
	return d, spec, spec.Containers[0]
}

func TestPodHasNoPrivileges(t *testing.T) {
	t.Parallel()
	_, spec, c := pod(t)
	around, own := spec.SecurityContext, c.SecurityContext
	if around == nil || own == nil {
		t.Fatal("there is no securityContext")
	}
	switch {
	case !is(around.RunAsNonRoot, true) || !is(around.RunAsUser, 65532):
		t.Error("it may run as root")
	case around.SeccompProfile == nil || around.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault:
		t.Error("it may call what it likes")
	case !is(own.AllowPrivilegeEscalation, false) || own.Privileged != nil:
		t.Error("it may gain privileges")
	case !is(own.ReadOnlyRootFilesystem, true):
		t.Error("the root file system can be written")
	case own.Capabilities == nil || !slices.Equal(own.Capabilities.Drop, []core.Capability{"ALL"}) || len(own.Capabilities.Add) > 0:
		t.Error("it keeps capabilities")
	case !is(spec.AutomountServiceAccountToken, false):
		t.Error("it has a token for the cluster")
	case spec.HostNetwork || spec.HostPID || spec.HostIPC:
		t.Error("it shares something with its node")
	case c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero():
		t.Error("without a limit of memory it may take a node's, and without a request of CPU there is nothing to scale by")
	}
	if n := manifest[core.Namespace](t, "namespace"); n.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Error("the namespace would take a pod with privileges")
	}
}

// is reports whether a pointer has this value.
func is[T comparable](p *T, want T) bool { return p != nil && *p == want }

func TestPodIsAskedAndGivenTime(t *testing.T) {
	t.Parallel()
	_, spec, c := pod(t)
	for name, want := range map[string]struct {
		probe *core.Probe
		path  string
	}{
		"startup": {c.StartupProbe, "/livez"}, "liveness": {c.LivenessProbe, "/livez"}, "readiness": {c.ReadinessProbe, "/readyz"},
	} {
		if want.probe == nil || want.probe.HTTPGet == nil || want.probe.HTTPGet.Path != want.path || want.probe.HTTPGet.Port.StrVal != c.Ports[0].Name {
			t.Errorf("%s does not ask %s at the port of the service", name, want.path)
		}
	}
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
		t.Fatal("it stops before the cluster has taken it out of its lists; there is no shell for another preStop than sleep")
	}
	need := drainTime(t) + time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second
	if spec.TerminationGracePeriodSeconds == nil || time.Duration(*spec.TerminationGracePeriodSeconds)*time.Second <= need {
		t.Errorf("it is killed before the %v are over that it may take to stop", need)
	}
}

// drainTime is how long the service may take to stop, as its source says.
func drainTime(t *testing.T) time.Duration {
	t.Helper()
	source, err := os.ReadFile("../internal/app/port.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^const drainTime = (\d+) \* time\.Second$`).FindSubmatch(source)
	if found == nil {
		t.Fatal("the drain time is not where it was")
	}
	d, err := time.ParseDuration(string(found[1]) + "s")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEverythingMeansTheSamePods(t *testing.T) {
	t.Parallel()
	d, spec, c := pod(t)
	all := labels.Set(d.Spec.Template.Labels)
	means := func(who string, selector map[string]string) {
		t.Helper()
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(all) {
			t.Errorf("%s selects %v, and the pods are %v", who, selector, all)
		}
	}
	service := manifest[core.Service](t, "service")
	budget := manifest[policy.PodDisruptionBudget](t, "poddisruptionbudget")
	scaler := manifest[autoscaling.HorizontalPodAutoscaler](t, "horizontalpodautoscaler")
	wall := manifest[networking.NetworkPolicy](t, "networkpolicy")
	means("the deployment", d.Spec.Selector.MatchLabels)
	means("the service", service.Spec.Selector)
	means("the budget", budget.Spec.Selector.MatchLabels)
	means("the network policy", wall.Spec.PodSelector.MatchLabels)
	if len(spec.TopologySpreadConstraints) == 0 {
		t.Error("all replicas may be on one node")
	}
	for _, s := range spec.TopologySpreadConstraints {
		means("the spread over "+s.TopologyKey, s.LabelSelector.MatchLabels)
	}

	if service.Spec.SessionAffinity == core.ServiceAffinityClientIP {
		t.Error("the service is sticky")
	}
	if len(c.Ports) != 1 || service.Spec.Ports[0].TargetPort.StrVal != c.Ports[0].Name || wall.Spec.Ingress[0].Ports[0].Port.StrVal != c.Ports[0].Name {
		t.Error("the service, or the network policy, means another port")
	}
	if ref := scaler.Spec.ScaleTargetRef; ref.Kind != "Deployment" || ref.Name != d.Name || ref.APIVersion != d.APIVersion {
		t.Errorf("the autoscaler scales %+v", ref)
	}
	if d.Spec.Replicas != nil {
		t.Error("the deployment and the autoscaler would fight over the number of replicas")
	}
	if !is(scaler.Spec.MinReplicas, 3) || scaler.Spec.MaxReplicas < 3 {
		t.Error("there may be less than three replicas")
	}
	// A budget that leaves nothing to evict keeps a node from ever being drained.
	if budget.Spec.MinAvailable != nil || budget.Spec.MaxUnavailable == nil || budget.Spec.MaxUnavailable.IntVal < 1 || budget.Spec.MaxUnavailable.IntVal >= *scaler.Spec.MinReplicas {
		t.Error("the budget must let one replica go and keep one")
	}
	if r := d.Spec.Strategy.RollingUpdate; r == nil || r.MaxUnavailable.IntVal != 0 || r.MaxSurge.IntVal < 1 {
		t.Error("a rollout takes replicas away before new ones are ready")
	}
}

// Settings come from the environment, by names that exist, and no secret is in the repository.
func TestSettingsOfPods(t *testing.T) {
	t.Parallel()
	_, _, c := pod(t)
	plain := manifest[core.ConfigMap](t, "configmap")
	secret := manifest[core.Secret](t, "secret.example")
	named := func(ref *core.LocalObjectReference, name string) bool { return ref != nil && ref.Name == name }
	if len(c.EnvFrom) != 2 || !named(&c.EnvFrom[0].ConfigMapRef.LocalObjectReference, plain.Name) || !named(&c.EnvFrom[1].SecretRef.LocalObjectReference, secret.Name) || len(c.Env) > 0 {
		t.Error("the settings do not come from the ConfigMap and the Secret")
	}
	known, err := os.ReadFile("../internal/config/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range []map[string]string{plain.Data, secret.StringData} {
		for name := range values {
			if !bytes.Contains(known, []byte(`"`+name+`"`)) {
				t.Errorf("%s is no setting", name)
			}
		}
	}
	for name, value := range secret.StringData {
		if value != "" {
			t.Errorf("%s has a value that everybody would have", name)
		}
	}
	if len(secret.Data) > 0 || plain.Data["ENVIRONMENT"] != "production" {
		t.Error("a secret has data, or the service does not know that this is production")
	}
	for name := range plain.Data {
		if strings.Contains(name, "KEY") || strings.Contains(name, "DATABASE") {
			t.Errorf("%s is no secret", name)
		}
	}
}

// What is not in the list is not applied, and what is must be in the one namespace.
func TestKustomizationNamesEveryManifest(t *testing.T) {
	t.Parallel()
	type kustomization struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Namespace  string `json:"namespace"`
		Labels     []struct {
			Pairs map[string]string `json:"pairs"`
		} `json:"labels"`
		Images []struct {
			Name   string `json:"name"`
			NewTag string `json:"newTag"`
			Digest string `json:"digest"`
		} `json:"images"`
		Resources []string `json:"resources"`
	}
	k := manifest[kustomization](t, "kustomization")
	_, _, c := pod(t)
	if len(k.Images) != 1 || k.Images[0].Name != c.Image {
		t.Errorf("the image %q gets no version", c.Image)
	}
	for _, image := range k.Images {
		if image.Digest == "" && !regexp.MustCompile(`^v?\d+\.\d+\.\d+`).MatchString(image.NewTag) {
			t.Errorf("%q is no exact version of %s", image.NewTag, image.Name)
		}
	}
	entries, err := os.ReadDir(manifests)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, isYAML := strings.CutSuffix(e.Name(), ".yaml")
		if !isYAML || strings.HasPrefix(name, "secret") || name == "kustomization" {
			continue
		}
		if !slices.Contains(k.Resources, e.Name()) {
			t.Errorf("%s is not applied", e.Name())
		}
		content, err := os.ReadFile(filepath.Join(manifests, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if name != "namespace" && !bytes.Contains(content, []byte("\n  namespace: "+k.Namespace+"\n")) {
			t.Errorf("%s is in another namespace", e.Name())
		}
	}
	if slices.ContainsFunc(k.Resources, func(r string) bool { return strings.HasPrefix(r, "secret") }) {
		t.Error("the example of a secret would be applied")
	}
}
