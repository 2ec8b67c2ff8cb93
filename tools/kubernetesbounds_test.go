package tools

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// What goes out of the pods is questions of names and of the database, to pods or addresses that are named.
func TestPodsReachTheDatabaseAlone(t *testing.T) {
	t.Parallel()
	wall := manifest[networking.NetworkPolicy](t, "networkpolicy").Spec
	if !slices.Contains(wall.PolicyTypes, networking.PolicyTypeEgress) || !slices.Contains(wall.PolicyTypes, networking.PolicyTypeIngress) || len(wall.Egress) == 0 {
		t.Fatal("nothing is said of what goes in, or out")
	}
	for _, rule := range wall.Egress {
		if len(rule.To) == 0 || len(rule.Ports) == 0 {
			t.Errorf("anything may be reached, or at any port: %+v", rule)
		}
		for _, peer := range rule.To {
			switch {
			case peer.IPBlock != nil && regexp.MustCompile(`/(3[0-2]|12[6-8])$`).MatchString(peer.IPBlock.CIDR):
			case peer.PodSelector != nil && len(peer.PodSelector.MatchLabels) > 0 && peer.NamespaceSelector != nil && len(peer.NamespaceSelector.MatchLabels) > 0:
			default:
				t.Errorf("more than named pods or an address may be reached: %+v", peer)
			}
			isDNS := peer.PodSelector != nil && peer.PodSelector.MatchLabels["k8s-app"] == "kube-dns"
			for _, port := range rule.Ports {
				if number := port.Port.IntValue(); port.EndPort != nil || isDNS != (number == 53) || number != 53 && number != 5432 && number != 6432 {
					t.Errorf("port %v of %+v may be reached", port.Port, peer)
				}
			}
		}
	}
}

// The most replicas there may be, with one more in a rollout and one that is stopping, fit into the connections that
// PostgreSQL takes by default, and leave some for backups and people.
func TestReplicasFitTheDatabase(t *testing.T) {
	t.Parallel()
	const takes, reserved, forPeople, listens, stopping = 100, 3, 5, 1, 1
	source, err := os.ReadFile("../internal/store/postgres.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^\s+maxConns = (\d+)$`).FindSubmatch(source)
	if found == nil {
		t.Fatal("the bound of the pool is not where it was")
	}
	pool, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	scaler := manifest[autoscaling.HorizontalPodAutoscaler](t, "horizontalpodautoscaler")
	rollout := manifest[apps.Deployment](t, "deployment").Spec.Strategy.RollingUpdate
	replicas := int(scaler.Spec.MaxReplicas) + rollout.MaxSurge.IntValue() + stopping
	if need := replicas * (pool + listens); need > takes-reserved-forPeople {
		t.Errorf("%d replicas hold %d connections, and %d are left of %d", replicas, need, takes-reserved-forPeople, takes)
	}
}

// A network of all pods would let any of them choose the address that is in the log.
func TestProxiesOfPodsAreFew(t *testing.T) {
	t.Parallel()
	for cidr := range strings.SplitSeq(manifest[core.ConfigMap](t, "configmap").Data["TRUSTED_PROXIES"], ",") {
		if cidr = strings.TrimSpace(cidr); cidr == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil || prefix.Addr().BitLen()-prefix.Bits() > 8 {
			t.Errorf("%s is believed: %v", cidr, err)
		}
	}
}
